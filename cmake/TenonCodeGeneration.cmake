# The declarations that are derived from the op list (docs/architecture.md, "One op, one home").
set(TENON_GENERATED_DIR ${CMAKE_CURRENT_BINARY_DIR}/generated)
set(TENON_GENERATED_FILES)
set(TENON_GENERATED_SOURCES)

set(generator ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/generate.py)
set(op_list ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/op_list.txt)
if(EXISTS ${generator} AND EXISTS ${op_list})
  # The generator names its outputs itself, so they are known before it runs.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${generator})
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -B ${generator} ${op_list} ${TENON_GENERATED_DIR} --list
    OUTPUT_VARIABLE listing OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" listing "${listing}")
  list(TRANSFORM listing PREPEND ${TENON_GENERATED_DIR}/ OUTPUT_VARIABLE TENON_GENERATED_FILES)
  file(GLOB generator_modules CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/generate*.py
    ${CMAKE_CURRENT_SOURCE_DIR}/tenon/dispatch/generate*/*.py)
  add_custom_command(
    OUTPUT ${TENON_GENERATED_FILES}
    COMMAND ${Python3_EXECUTABLE} -B ${generator} ${op_list} ${TENON_GENERATED_DIR}
    DEPENDS ${generator_modules} ${op_list}
    COMMENT "Generating the op table and the declarations of the ops"
    VERBATIM)
  set(TENON_GENERATED_SOURCES ${TENON_GENERATED_FILES})
  list(FILTER TENON_GENERATED_SOURCES INCLUDE REGEX "\\.cpp$")
endif()
add_custom_target(tenon_generated DEPENDS ${TENON_GENERATED_FILES})
