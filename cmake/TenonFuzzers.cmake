# libFuzzer targets, tenon/**/*_fuzz.cpp: clang compiles each of them with the sources of its folder
# (the readers under test), instrumented; the rest of the library is the archive that another build
# made, so that clang needn't build it again.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "The fuzz targets need clang; configure with: cmake --preset fuzz")
endif()
set(TENON_FUZZ_BUILD ${CMAKE_CURRENT_SOURCE_DIR}/build/release CACHE PATH
  "A build folder with libtenon_static.a")
set(TENON_FUZZ_RUNS 20000 CACHE STRING "Inputs that a test of a fuzz target tries")
set(archive ${TENON_FUZZ_BUILD}/libtenon_static.a)
if(NOT EXISTS ${archive})
  message(FATAL_ERROR "${archive} isn't there; build it first: "
    "cmake --preset release && cmake --build --preset release --target tenon_static")
endif()

find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(hwy REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
include(TenonOneDnn)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  find_package(asmjit REQUIRED)
endif()
enable_testing()

# What the targets start from: small valid files of each format.
set(seed_folder ${CMAKE_CURRENT_BINARY_DIR}/seeds)
set(seed_script ${CMAKE_CURRENT_SOURCE_DIR}/tests/fuzz/make_seeds.py)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${seed_script})
execute_process(COMMAND ${Python3_EXECUTABLE} ${seed_script} ${seed_folder}
  COMMAND_ERROR_IS_FATAL ANY)

set(sanitizers -fsanitize=fuzzer,address,undefined -fno-sanitize=vptr,function)
add_library(tenon_fuzz_options INTERFACE)
target_include_directories(tenon_fuzz_options INTERFACE
  ${CMAKE_CURRENT_SOURCE_DIR} ${TENON_FUZZ_BUILD}/generated)
target_compile_options(tenon_fuzz_options INTERFACE
  ${sanitizers} -fno-sanitize-recover=undefined)
target_link_options(tenon_fuzz_options INTERFACE ${sanitizers})
target_link_libraries(tenon_fuzz_options INTERFACE
  fmt::fmt ZLIB::ZLIB PNG::PNG nlohmann_json::nlohmann_json hwy::hwy DNNL::dnnl gomp
  $<TARGET_NAME_IF_EXISTS:asmjit::asmjit>)

file(GLOB_RECURSE fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tenon/*_fuzz.cpp)
foreach(source ${fuzz_sources})
  cmake_path(GET source STEM name)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET folder FILENAME room)
  if(NOT TARGET ${room}_readers)
    file(GLOB readers CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(FILTER readers EXCLUDE REGEX "(_test|_fuzz)\\.cpp$")
    add_library(${room}_readers OBJECT ${readers})
    target_link_libraries(${room}_readers PRIVATE tenon_fuzz_options)
  endif()
  add_executable(${name} ${source} $<TARGET_OBJECTS:${room}_readers>)
  # The readers come first and win over their twins in the archive, which comes whole because
  # backends register themselves.
  target_link_options(${name} PRIVATE -Wl,--allow-multiple-definition)
  target_link_libraries(${name} PRIVATE tenon_fuzz_options $<LINK_LIBRARY:WHOLE_ARCHIVE,${archive}>)
  set_target_properties(${name} PROPERTIES LINK_DEPENDS ${archive})

  # libFuzzer writes what it finds to the first folder, and starts from the inputs of all of them.
  set(found ${CMAKE_CURRENT_BINARY_DIR}/${name}_found)
  set(seeds ${seed_folder}/${name})
  file(MAKE_DIRECTORY ${found})
  if(NOT EXISTS ${seeds})
    message(FATAL_ERROR "${seed_script} writes no inputs for ${name} to start from")
  endif()
  add_test(NAME ${name} COMMAND ${name}
    -runs=${TENON_FUZZ_RUNS} -seed=1 -max_len=4096 -timeout=20 -rss_limit_mb=2048
    -print_final_stats=1 -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/${name}_ ${found} ${seeds})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 600 ENVIRONMENT
    "ASAN_OPTIONS=allocator_may_return_null=1;OMP_NUM_THREADS=1")
endforeach()
