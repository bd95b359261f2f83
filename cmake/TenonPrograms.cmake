# The tenon command, the examples and the benchmarks: users of libtenon, found by folder.
file(GLOB app_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/apps/tenon/*.cpp)
list(FILTER app_sources EXCLUDE REGEX "_test\\.cpp$")
if(TENON_BUILD_APPS AND app_sources)
  find_package(CLI11 REQUIRED)
  add_executable(tenon-cli ${app_sources})
  set_target_properties(tenon-cli PROPERTIES OUTPUT_NAME tenon)
  target_include_directories(tenon-cli PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(tenon-cli PRIVATE
    tenon tenon_options fmt::fmt CLI11::CLI11 nlohmann_json::nlohmann_json PNG::PNG)
endif()

# Writes docs/reference/ops.md.
add_executable(tenon_reference EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_SOURCE_DIR}/tools/reference/reference.cpp)
set_target_properties(tenon_reference PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/tools)
target_link_libraries(tenon_reference PRIVATE tenon tenon_options)

set(TENON_EXAMPLES)
if(TENON_BUILD_EXAMPLES)
  file(GLOB example_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.cpp)
  foreach(source ${example_sources})
    cmake_path(GET source STEM name)
    add_executable(example_${name} ${source})
    set_target_properties(example_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/examples)
    # Nothing but the library: an example must build as it does for an installed user.
    target_link_libraries(example_${name} PRIVATE tenon tenon_options)
    list(APPEND TENON_EXAMPLES ${name})
  endforeach()
endif()

if(TENON_BUILD_BENCHMARKS)
  file(GLOB benchmark_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/benchmarks/*.cpp)
  foreach(source ${benchmark_sources})
    cmake_path(GET source STEM name)
    add_executable(benchmark_${name} ${source})
    set_target_properties(benchmark_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/benchmarks)
    target_include_directories(benchmark_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    # As a user links it: anything more would count in what a process costs to start.
    target_link_libraries(benchmark_${name} PRIVATE tenon tenon_options)
  endforeach()
endif()
