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
  if (target.sizes() != result.sizes() && target.numel() == 0) {
    target = result.to(target.dtype());
    return;
  }
  if (target.sizes() != result.sizes()) {
    fail<ShapeError>(call,
                     fmt::format("the result has sizes {}, out= {}; pass one of these sizes, or "
                                 "an empty one, which takes them",
                                 to_string(result.sizes()), to_string(target.sizes())));
  }
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
