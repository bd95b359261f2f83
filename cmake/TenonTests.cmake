# Tests, found by folder:
#   tenon/<room>/**/*_test.cpp   one executable per room, <room>_tests
#   apps/tenon/*_test.cpp        apps_tests
#   tests/<name>.cpp             one executable each: matrices that cross rooms
# Each executable is one CTest test. Labels: `unit` or `matrix`, `quick` (in the one-minute subset),
# `threaded` (run under the thread sanitizer).
enable_testing()
find_package(GTest REQUIRED)

# Tests in which several threads touch what Tenon shares between them.
set(TENON_THREADED_TESTS
  base_tests core_tests backends_tests autograd_tests data_tests train_tests threads)
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
      "ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1;UBSAN_OPTIONS=print_stacktrace=1;LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0;TSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/cmake/tsan.supp:second_deadlock_stack=1")
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

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*.cpp)
foreach(source ${sources})
  cmake_path(GET source STEM name)
  tenon_add_test(${name} matrix ${source})
endforeach()
