# `cmake --install`: the library, its public headers, a CMake package (Tenon::tenon) and a pkg-config
# file. Internal headers end in _internal.h or lie under backends/.
include(CMakePackageConfigHelpers)

install(TARGETS tenon EXPORT TenonTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
  NAMELINK_COMPONENT development)
if(TARGET tenon-cli)
  set_target_properties(tenon-cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS tenon-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()

foreach(tree ${CMAKE_CURRENT_SOURCE_DIR}/tenon/ ${TENON_GENERATED_DIR}/tenon/)
  install(DIRECTORY ${tree} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tenon COMPONENT development
    FILES_MATCHING
    PATTERN "*.h"
    PATTERN "*.inc"
    PATTERN "*_internal.h" EXCLUDE
    PATTERN "backends" EXCLUDE
    PATTERN "generate*" EXCLUDE)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Tenon)
install(EXPORT TenonTargets NAMESPACE Tenon:: DESTINATION ${package_dir} COMPONENT development)
configure_package_config_file(cmake/TenonConfig.cmake.in TenonConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(TenonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/TenonConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/TenonConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT development)

# From the folder of tenon.pc back to the prefix, however deep the library folder is.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(TENON_PC_PREFIX "\${pcfiledir}/${up}")
configure_file(cmake/tenon.pc.in tenon.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenon.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
