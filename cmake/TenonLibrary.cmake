# libtenon: every source under tenon/ that is no test, fuzz target or generator.
file(GLOB_RECURSE TENON_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tenon/*.cpp)
list(FILTER TENON_SOURCES EXCLUDE REGEX "(_test|_fuzz)\\.cpp$|/generate[^/]*/")

# Compiled once; the shared library and the archive that the tests link hold the same objects.
add_library(tenon_objects OBJECT ${TENON_SOURCES} ${TENON_GENERATED_SOURCES})
add_dependencies(tenon_objects tenon_generated)
# The tile kernels and the conversions of halves are plain loops where the compiler vectorises them
# well; -fno-trapping-math lets it (nobody reads the floating-point exception flags).
file(GLOB plain_loops CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/tenon/backends/cpu/tile/*.cpp
  ${CMAKE_CURRENT_SOURCE_DIR}/tenon/backends/cpu/linalg/half_convert.cpp)
set_source_files_properties(${plain_loops} PROPERTIES COMPILE_OPTIONS
  "-ftree-vectorize;$<$<CXX_COMPILER_ID:GNU>:-fvect-cost-model=dynamic>;-fno-trapping-math")
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/tenon/base/version.cpp PROPERTIES
  COMPILE_DEFINITIONS "TENON_VERSION=\"${PROJECT_VERSION}\"")
target_include_directories(tenon_objects PUBLIC
  ${CMAKE_CURRENT_SOURCE_DIR} ${TENON_GENERATED_DIR})
target_link_libraries(tenon_objects PRIVATE tenon_options ${TENON_PRIVATE_LIBRARIES})
set_target_properties(tenon_objects PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
# A few hundred bytes of thread-local state (modes, free lists) are read several times per op: at a fixed
# offset instead of through a call.
target_compile_options(tenon_objects PRIVATE -ftls-model=initial-exec)

add_library(tenon SHARED $<TARGET_OBJECTS:tenon_objects>)
add_library(Tenon::tenon ALIAS tenon)
target_compile_features(tenon PUBLIC cxx_std_20)
target_include_directories(tenon PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>
  $<BUILD_INTERFACE:${TENON_GENERATED_DIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_dependencies(tenon tenon_generated)
target_link_libraries(tenon PRIVATE ${TENON_PRIVATE_LIBRARIES})
# Templates of other libraries that are instantiated in ours have default visibility; the version
# script keeps them, and whatever comes in from archives, out of what libtenon exports.
set(version_script ${CMAKE_CURRENT_SOURCE_DIR}/cmake/tenon.map)
# Calls within the library are direct: an op makes dozens, and nobody is to replace one of them.
target_link_options(tenon PRIVATE
  -Wl,-z,nodelete -Wl,-Bsymbolic-functions -Wl,--exclude-libs,ALL -Wl,--version-script=${version_script} -Wl,--no-undefined -Wl,--as-needed)
if(TENON_SANITIZE)
  target_link_options(tenon PRIVATE -fsanitize=${TENON_SANITIZE})
endif()
set_target_properties(tenon PROPERTIES
  LINK_DEPENDS ${version_script}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(NOT SKBUILD)  # a wheel has no links: the library would be in it under both names
  set_target_properties(tenon PROPERTIES VERSION ${PROJECT_VERSION})
endif()

# What tests link: they see internals too. Whole, because backends register themselves and nobody
# names them.
add_library(tenon_static STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:tenon_objects>)
add_dependencies(tenon_static tenon_generated)
target_link_libraries(tenon_static PRIVATE ${TENON_PRIVATE_LIBRARIES})
add_library(tenon_internal INTERFACE)
target_include_directories(tenon_internal INTERFACE
  ${CMAKE_CURRENT_SOURCE_DIR} ${TENON_GENERATED_DIR})
target_link_libraries(tenon_internal INTERFACE
  $<LINK_LIBRARY:WHOLE_ARCHIVE,tenon_static> tenon_options ${TENON_PRIVATE_LIBRARIES})
