#pragma once

#include <nanobind/nanobind.h>

// What the module has beside types and ops, each in a file of its own.
namespace tenon::python {

void add_data_functions(nanobind::module_& module);
void add_autograd_functions(nanobind::module_& module);
void add_custom_functions(nanobind::module_& module);
void add_optim_functions(nanobind::module_& module);
void add_shared_memory(nanobind::module_& module);
void add_compile(nanobind::module_& module);
void add_dlpack(nanobind::module_& module);
void add_train_functions(nanobind::module_& module);
void add_profiling(nanobind::module_& module);
void add_programs(nanobind::module_& module);
void add_promotion(nanobind::module_& module);

}  // namespace tenon::python
