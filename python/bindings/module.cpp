// tenon._core: the types, every op, and the functions around them.

#include <nanobind/nanobind.h>

#include "python/bindings/arrays.h"
#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "python/bindings/mode_object.h"
#include "python/bindings/module_object.h"
#include "python/bindings/op_function.h"
#include "python/bindings/overrides.h"

namespace tenon::python {
namespace {

void translate(const std::exception_ptr& error, void*) {
  try {
    std::rethrow_exception(error);
  } catch (const nanobind::python_error&) {
    throw;
  } catch (...) {
    raise_current_exception();
  }
}

}  // namespace

NB_MODULE(_core, module) {
  // Types and modes are the process's own: a second interpreter's would take the first one's place.
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError,
                    "tenon runs in the main interpreter only; use threads or processes in place "
                    "of sub-interpreters");
    throw nanobind::python_error();
  }
  // What Python still holds when it ends is no mistake of ours.
  nanobind::set_leak_warnings(false);
  if (!add_errors(module.ptr()) || !add_dtypes_and_devices(module.ptr()) ||
      !add_size_type(module.ptr()) || !add_generator_type(module.ptr()) ||
      !add_tensor_type(module.ptr()) || !add_module_type(module.ptr()) ||
      !add_mode_types(module.ptr()) || !add_ops(module.ptr(), tensor_type) ||
      !add_overrides(module.ptr())) {
    throw nanobind::python_error();
  }
  nanobind::register_exception_translator(translate);
  set_python_as_host();
  add_data_functions(module);
  add_autograd_functions(module);
  add_custom_functions(module);
  add_optim_functions(module);
  add_shared_memory(module);
  add_compile(module);
  add_dlpack(module);
  add_train_functions(module);
  add_promotion(module);
  add_programs(module);
  add_profiling(module);
}

}  // namespace tenon::python
