// What training loops of Python's use.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/bindings/functions.h"
#include "tenon/train/progress.h"

namespace nb = nanobind;

namespace tenon::python {

void add_train_functions(nb::module_& module) {
  module.def("progress_line", train::progress_line, nb::arg("title"), nb::arg("done"),
             nb::arg("total"), nb::arg("rate"), nb::arg("loss") = nb::none(), nb::arg("width") = 80,
             "The text of a progress bar.");
}

}  // namespace tenon::python
