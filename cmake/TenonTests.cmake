# Tests, found by folder:
#   tenon/<room>/**/*_test.cpp   one executable per room, <room>_tests
#   apps/tenon/*_test.cpp        apps_tests
#   tests/<name>.cpp             one executable each, with the parts in tests/<name>/*.cpp: matrices
#                                that cross rooms
#   tests/cli/*_test.py          run with the path of the tenon command
# Each executable is one CTest test. Labels: `unit` or `matrix`, `quick` (in the one-minute subset),
# `threaded` (run under the thread sanitizer).
enable_testing()
find_package(GTest REQUIRED)

# Tests in which several threads touch what Tenon shares between them.
set(TENON_THREADED_TESTS
  base_tests core_tests backends_tests autograd_tests data_tests graph_tests serve_tests train_tests
  threads)
# Tests that take more than a few seconds.
set(TENON_SLOW_TESTS op_matrix gradient_matrix)

function(tenon_add_test name kind)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE tenon_internal GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set(labels ${kind})
  if(NOT name IN_LIST TENON_SLOW_TESTS)
    list(APPEND labels quick)
  endif()
  if(name IN_LIST TENON_THREADED_TESTS)
    list(APPEND labels threaded)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 1200)
  tenon_sanitizer_environment(${name})
endfunction()

function(tenon_sanitizer_environment name)
  if(TENON_SANITIZE)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=allocator_may_return_null=1:suppressions=${CMAKE_CURRENT_SOURCE_DIR}/cmake/tsan.supp:second_deadlock_stack=1")
  endif()
endfunction()

file(GLOB room_folders CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_CURRENT_SOURCE_DIR}/tenon/*)
foreach(folder ${room_folders})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*_test.cpp)
  if(sources)
    cmake_path(GET folder FILENAME room)
    tenon_add_test(${room}_tests unit ${sources})
  endif()
endforeach()

file(GLOB app_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/apps/tenon/*_test.cpp)
if(app_tests)
  # With the command's own sources, less the one that holds main().
  file(GLOB app_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/apps/tenon/*.cpp)
  list(FILTER app_sources EXCLUDE REGEX "/main\\.cpp$")
  find_package(CLI11 REQUIRED)
  tenon_add_test(apps_tests unit ${app_sources})
  target_link_libraries(apps_tests PRIVATE CLI11::CLI11)
endif()

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*.cpp)
foreach(source ${sources})
  cmake_path(GET source STEM name)
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/${name}/*.cpp)
  tenon_add_test(${name} matrix ${source} ${parts})
endforeach()
if(TARGET op_matrix)
  # What a contributor runs between edits: every op, without gradients and large sizes.
  add_test(NAME op_matrix_quick COMMAND op_matrix --gtest_brief=1
    --gtest_filter=OpTable.*:*.Definition/*:*.Samples*:*.HasIts*:*.DTypes/*:*.Layouts/*:*.Meta/*:*.InPlace/*)
  set_tests_properties(op_matrix_quick PROPERTIES LABELS "quick" TIMEOUT 300)
  tenon_sanitizer_environment(op_matrix_quick)
endif()

# Every op against its definition in NumPy and SciPy; skipped where they are absent.
add_executable(oracle_dump
  tests/oracle/dump.cpp tests/op_matrix/cases.cpp tests/op_matrix/layouts.cpp)
target_link_libraries(oracle_dump PRIVATE tenon_internal)
# The system's Python has Debian's NumPy and SciPy; another one first on PATH may lack them.
find_program(TENON_ORACLE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT TENON_ORACLE_PYTHON)
  set(TENON_ORACLE_PYTHON ${Python3_EXECUTABLE})
endif()
add_test(NAME oracle COMMAND ${TENON_ORACLE_PYTHON} -B
  ${CMAKE_CURRENT_SOURCE_DIR}/tests/oracle/check.py ${CMAKE_CURRENT_BINARY_DIR}/oracle
  $<TARGET_FILE:oracle_dump>)
set_tests_properties(oracle PROPERTIES LABELS oracle SKIP_RETURN_CODE 77 TIMEOUT 600)

# Tests of the tree and of what is installed; one build checks them for all.
if(NOT TENON_SANITIZE)
  set(project_tests ${CMAKE_CURRENT_SOURCE_DIR}/tests/project)
  add_test(NAME layers
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/layers_test.py
      ${CMAKE_CURRENT_SOURCE_DIR} ${TENON_GENERATED_DIR})
  add_test(NAME layers_self_test
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/layers_test.py --self-test)
  add_test(NAME exports
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/exports_test.py $<TARGET_FILE:tenon>)
  add_test(NAME quotes
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/quotes_test.py ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME quotes_self_test
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/quotes_test.py --self-test)
  add_test(NAME links
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/links_test.py ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME links_self_test
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/links_test.py --self-test)
  add_test(NAME columns
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/columns_test.py ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME columns_self_test
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/columns_test.py --self-test)
  add_test(NAME error_words
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/error_words_test.py
      ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME error_words_self_test
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/error_words_test.py --self-test)
  set_target_properties(tenon_reference PROPERTIES EXCLUDE_FROM_ALL OFF)
  add_test(NAME reference
    COMMAND ${Python3_EXECUTABLE} -B ${project_tests}/reference_test.py
      ${CMAKE_CURRENT_SOURCE_DIR} $<TARGET_FILE:tenon_reference>)
  set_tests_properties(
    layers layers_self_test exports quotes quotes_self_test links links_self_test columns
    columns_self_test error_words error_words_self_test reference
    PROPERTIES LABELS "project;quick")

  # Each public header compiles alone: a source for each, which includes it and nothing else.
  file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
    ${CMAKE_CURRENT_SOURCE_DIR}/tenon/*.h)
  foreach(file ${TENON_GENERATED_FILES})
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${TENON_GENERATED_DIR} OUTPUT_VARIABLE header)
    list(APPEND public_headers ${header})
  endforeach()
  list(FILTER public_headers INCLUDE REGEX "\\.h$")
  list(FILTER public_headers EXCLUDE REGEX "_internal\\.h$|^tenon/backends/")
  set(header_sources)
  foreach(header ${public_headers})
    string(REPLACE "/" "_" name ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/header_check/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
    list(APPEND header_sources ${source})
  endforeach()
  add_library(tenon_header_check OBJECT EXCLUDE_FROM_ALL ${header_sources})
  add_dependencies(tenon_header_check tenon_generated)
  target_include_directories(tenon_header_check PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR} ${TENON_GENERATED_DIR})
  # No third-party include folder and no OpenMP: only what an installed user has.
  target_compile_options(tenon_header_check PRIVATE -O0 -Wall -Wextra -Wpedantic -Werror)
  add_test(NAME headers_alone
    COMMAND ${CMAKE_COMMAND} --build ${CMAKE_CURRENT_BINARY_DIR} --target tenon_header_check)
  set_tests_properties(headers_alone PROPERTIES LABELS project RUN_SERIAL ON TIMEOUT 900)

  # Users' own compiler may be clang, which looks at parts of templates that GCC leaves until they are used.
  find_program(TENON_CLANG clang++)
  if(TENON_CLANG)
    add_test(NAME headers_with_clang
      COMMAND ${TENON_CLANG} -std=c++20 -fsyntax-only -Wall -Wextra -Werror
        -I${CMAKE_CURRENT_SOURCE_DIR} -I${TENON_GENERATED_DIR}
        ${CMAKE_CURRENT_SOURCE_DIR}/examples/guide_compiling.cpp)
    set_tests_properties(headers_with_clang PROPERTIES LABELS "project;quick")
  endif()

  add_test(NAME install
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/install_test.sh
      ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_INSTALL_LIBDIR} ${CMAKE_CXX_COMPILER})
  set_tests_properties(install PROPERTIES LABELS project TIMEOUT 300)

  if(TARGET tenon-cli)
    file(GLOB cli_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/cli/*_test.py)
    foreach(script ${cli_tests})
      cmake_path(GET script STEM name)
      add_test(NAME cli_${name} COMMAND ${Python3_EXECUTABLE} -B ${script} $<TARGET_FILE:tenon-cli>)
      set_tests_properties(cli_${name} PROPERTIES LABELS cli TIMEOUT 600)
    endforeach()
  endif()

  foreach(name ${TENON_EXAMPLES})
    # In a folder of its own: examples write files beside them.
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/examples/run_${name})
    file(MAKE_DIRECTORY ${folder})
    add_test(NAME example_${name} COMMAND example_${name} WORKING_DIRECTORY ${folder})
    set_tests_properties(example_${name} PROPERTIES LABELS "example" TIMEOUT 300)
  endforeach()
endif()
