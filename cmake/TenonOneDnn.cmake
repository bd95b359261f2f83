# oneDNN 2.6 and 3.x, by header and library: Debian's package file asks for OpenCL's headers, which
# nothing here needs.
find_path(TENON_DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(TENON_DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES
  IMPORTED_LOCATION ${TENON_DNNL_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${TENON_DNNL_INCLUDE_DIR})
