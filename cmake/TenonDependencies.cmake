# Third-party libraries; docs/dependencies.md says what each is for. All of them are private.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(hwy REQUIRED)
include(TenonOneDnn)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
# Machine code is made for one processor only; elsewhere programs run on the interpreter.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  find_package(asmjit REQUIRED)
endif()

set(TENON_PRIVATE_LIBRARIES
  OpenMP::OpenMP_CXX fmt::fmt ZLIB::ZLIB PNG::PNG nlohmann_json::nlohmann_json hwy::hwy DNNL::dnnl
  $<TARGET_NAME_IF_EXISTS:asmjit::asmjit>)
