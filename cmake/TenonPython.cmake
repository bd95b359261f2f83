# The Python package, where nanobind is found: python/bindings/ as tenon._core beside the sources of
# python/tenon/. In the build tree it lies in build/*/python; `pip install .` installs the component
# `python`, which has the library and the command inside the package.
set(TENON_PYTHON_ENVIRONMENT ${CMAKE_CURRENT_SOURCE_DIR}/build/python-environment
  CACHE PATH "Virtual environment with nanobind, made by scripts/python_environment.sh")
if(NOT Python_EXECUTABLE AND EXISTS ${TENON_PYTHON_ENVIRONMENT}/bin/python)
  set(Python_EXECUTABLE ${TENON_PYTHON_ENVIRONMENT}/bin/python)
endif()
find_package(Python 3.10 QUIET COMPONENTS Interpreter Development.Module)
if(Python_FOUND)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_package(nanobind QUIET CONFIG)
endif()
if(NOT Python_FOUND OR NOT nanobind_FOUND)
  if(SKBUILD)
    message(FATAL_ERROR "The Python package needs Python's headers (python3-dev) and nanobind.")
  endif()
  message(STATUS "The Python package is left out: run scripts/python_environment.sh for it.")
  return()
endif()

file(GLOB binding_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/python/bindings/*.cpp)
nanobind_add_module(tenon_python NOMINSIZE NB_DOMAIN tenon ${binding_sources})
target_include_directories(tenon_python PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(tenon_python PRIVATE tenon tenon_options)
set(package_folder ${CMAKE_CURRENT_BINARY_DIR}/python/tenon)
set_target_properties(tenon_python PROPERTIES
  OUTPUT_NAME _core
  LIBRARY_OUTPUT_DIRECTORY ${package_folder}
  INSTALL_RPATH "$ORIGIN/lib")
add_custom_command(TARGET tenon_python POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E copy_directory
    ${CMAKE_CURRENT_SOURCE_DIR}/python/tenon ${package_folder})
# What editors and type checkers read about the ops.
set(stubs ${package_folder}/_core.pyi)
set(stub_sources ${CMAKE_CURRENT_SOURCE_DIR}/python/bindings/make_stubs.py
  ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/generate.py
  ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/op_list.txt
  ${CMAKE_CURRENT_SOURCE_DIR}/python/bindings/core_head.pyi
  ${CMAKE_CURRENT_SOURCE_DIR}/python/tenon/__init__.py)
add_custom_command(OUTPUT ${stubs} COMMAND ${Python_EXECUTABLE} -B ${stub_sources} ${stubs}
  DEPENDS ${stub_sources} COMMENT "Writing _core.pyi")
add_custom_target(tenon_python_stubs DEPENDS ${stubs})
add_dependencies(tenon_python tenon_python_stubs)
# Edits of Python sources alone reach the build tree, too.
file(GLOB_RECURSE python_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/python/tenon/*.py)
set_property(TARGET tenon_python APPEND PROPERTY LINK_DEPENDS ${python_sources})

if(SKBUILD)
  install(TARGETS tenon_python LIBRARY DESTINATION tenon COMPONENT python)
  install(FILES ${stubs} DESTINATION tenon COMPONENT python)
  install(TARGETS tenon LIBRARY DESTINATION tenon/lib COMPONENT python NAMELINK_SKIP)
  set_target_properties(tenon-cli PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
  install(TARGETS tenon-cli RUNTIME DESTINATION tenon/bin COMPONENT python)
elseif(TENON_BUILD_TESTS AND TENON_SANITIZE)
  # Random and hostile arguments under the address sanitizer, which has to be loaded before Python
  # allocates anything, and finds what throws in the C++ library, which Python alone doesn't load. What
  # Python itself never frees is no leak of ours. The test is named after the target that it needs, as
  # all tests of sanitizer builds are.
  foreach(library asan stdc++)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=lib${library}.so
      OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND preloaded ${path})
  endforeach()
  list(JOIN preloaded ":" preloaded)
  set(hostile_tests mistakes fuzz out arrays exchange files tensor names forms autograd func linalg)
  list(TRANSFORM hostile_tests
    REPLACE "(.+)" "${CMAKE_CURRENT_SOURCE_DIR}/python/tests/test_\\1.py")
  add_test(NAME tenon_python
    COMMAND ${Python_EXECUTABLE} -B -m pytest -q -p no:cacheprovider ${hostile_tests})
  set_tests_properties(tenon_python PROPERTIES LABELS unit TIMEOUT 600
    ENVIRONMENT "PYTHONPATH=${CMAKE_CURRENT_BINARY_DIR}/python;LD_PRELOAD=${preloaded};\
ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1")
elseif(TENON_BUILD_TESTS)
  add_test(NAME python_tests
    COMMAND ${Python_EXECUTABLE} -B -m pytest -q -p no:cacheprovider
      ${CMAKE_CURRENT_SOURCE_DIR}/python/tests)
  set_tests_properties(python_tests PROPERTIES LABELS "unit;quick" TIMEOUT 600
    ENVIRONMENT "PYTHONPATH=${CMAKE_CURRENT_BINARY_DIR}/python")
endif()
