// Which dtypes go together.

#include "tenon/core/promotion.h"

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "tenon/core/default_dtype.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

void add(Promotion& promotion, PyObject* operand, const char* name) {
  if (is_tensor(operand)) return promotion.add(tensor_of(operand));
  const std::optional<Scalar> number = to_scalar(operand);
  if (!number) {
    fail_type("result_type() takes tensors and numbers: '%s' is %s", name,
              Py_TYPE(operand)->tp_name);
  }
  promotion.add(*number);
}

}  // namespace

void add_promotion(nb::module_& module) {
  module.def(
      "result_type",
      [](nb::handle tensor1, nb::handle tensor2) {
        Promotion promotion;
        add(promotion, tensor1.ptr(), "tensor1");
        add(promotion, tensor2.ptr(), "tensor2");
        return promotion.result();
      },
      nb::arg("tensor1"), nb::arg("tensor2"),
      "The dtype that arithmetic on two tensors or numbers computes in.");
  module.def("get_default_dtype", default_dtype,
             "The dtype of floating tensors that are made without one, and of what integers become "
             "where an op needs floating ones.");
  module.def("default_complex_dtype", default_complex_dtype,
             "The dtype of complex tensors that are made without one.");
  module.def("set_default_dtype", set_default_dtype, nb::arg("d"),
             "Floating tensors that are made without a dtype are of this one, float16, bfloat16, "
             "float32 or float64, in all threads.");
  module.def("promote_types", promote, nb::arg("type1"), nb::arg("type2"),
             "The dtype that arithmetic on tensors of two dtypes, both with dims, computes in.");
  module.def(
      "can_cast", [](DType from, DType to) { return can_cast(from, to); }, nb::arg("from_"),
      nb::arg("to"),
      "Whether an in-place op may write results of `from_` into a tensor of `to`: one of its "
      "category "
      "(bool < integer < floating < complex) or a higher one.");
}

}  // namespace tenon::python
