#include "python/bindings/out.h"

#include <fmt/format.h>

#include "python/bindings/arguments.h"
#include "python/bindings/gil.h"
#include "python/bindings/tensor_object.h"
#include "tenon/base/error.h"
#include "tenon/core/promotion.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"

namespace tenon::python {
namespace {

/// Gives an out= the sizes of the result. It keeps its memory where it has elements, which is
/// warned of, and the result fits there.
void resize(const char* call, const Tensor& target, const Shape& sizes) {
  if (target.numel() != 0 &&
      PyErr_WarnFormat(PyExc_UserWarning, 1,
                       "out= was resized from %s to %s, the sizes of the result; pass one of these "
                       "sizes, or an empty one",
                       to_string(target.sizes()).c_str(), to_string(sizes).c_str()) != 0) {
    throw PythonError();
  }
  const size_t first = static_cast<size_t>(target.storage_offset()) * target.itemsize();
  const auto count = static_cast<size_t>(count_elements(call, sizes));
  const bool fits =
      target.numel() != 0 && first + count * target.itemsize() <= target.impl()->storage->bytes;
  const NoGrad no_grad;
  target.set_data(fits ? new_view(target, sizes, contiguous_strides(sizes), target.storage_offset())
                       : new_tensor(sizes, target.dtype(), target.device()));
}

void write_one(const char* call, const Tensor& result, PyObject* out) {
  if (!is_tensor(out)) {
    fail_type("%s(): 'out' must be a tensor for each result, not %s", call, Py_TYPE(out)->tp_name);
  }
  Tensor& target = tensor_of(out);
  if (modes().grad && (result.requires_grad() || target.requires_grad())) {
    fail<AutogradError>(call,
                        "out= doesn't record gradients, and an argument requires one; leave it "
                        "out, or use no_grad()");
  }
  if (!can_cast(result.dtype(), target.dtype())) {
    fail<DTypeError>(call, fmt::format("a result of {} doesn't fit an out= of {}",
                                       name_of(result.dtype()), name_of(target.dtype())));
  }
  if (target.sizes() != result.sizes()) resize(call, target, result.sizes());
  const Tensor* const inputs[] = {&target, &result};
  const Call copy{op_definition(OpId::kCopy), inputs, {}};
  const ReleaseGil released(copy);
  dispatch_inplace(copy, target);
}

}  // namespace

void write_out(const char* call, PyObject* result, PyObject* out) {
  if (is_tensor(result)) return write_one(call, tensor_of(result), out);
  const Items results(result);
  if (!PyTuple_Check(out) && !PyList_Check(out)) {
    fail_type("%s(): 'out' must be a tuple of %zu tensors, not %s", call, results.all().size(),
              Py_TYPE(out)->tp_name);
  }
  const Items targets(out);
  if (targets.all().size() != results.all().size()) {
    fail_type("%s(): 'out' must be a tuple of %zu tensors, not of %zu", call, results.all().size(),
              targets.all().size());
  }
  for (size_t i = 0; i < results.all().size(); ++i) {
    write_one(call, tensor_of(results.all()[i]), targets.all()[i]);
  }
}

}  // namespace tenon::python
