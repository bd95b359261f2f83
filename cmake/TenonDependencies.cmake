# Third-party libraries; docs/dependencies.md says what each is for. All of them are private.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(hwy REQUIRED)
# oneDNN 2.6 and 3.x, by header and library: Debian's package file asks for OpenCL's headers, which
# nothing here needs.
find_path(TENON_DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(TENON_DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES
  IMPORTED_LOCATION ${TENON_DNNL_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${TENON_DNNL_INCLUDE_DIR})
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(TENON_PRIVATE_LIBRARIES
  OpenMP::OpenMP_CXX fmt::fmt ZLIB::ZLIB PNG::PNG nlohmann_json::nlohmann_json hwy::hwy DNNL::dnnl)
