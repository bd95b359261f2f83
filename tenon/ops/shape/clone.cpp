// Copies and handles: clone, contiguous, detach, stop_gradient.

#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

ViewSpec same_view(const Tensor& x) { return {x.sizes(), x.strides(), x.storage_offset()}; }

}  // namespace

void define_clone(OpDef& op) {
  op.doc("A row-major copy of `x` in memory of its own.")
      .accepts(kAnySet)
      .tile([](TileBuilder& t) { t.store(0, t.load(0)); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {dy}; })
      .samples([] { return unary_samples(); });
}

void define_contiguous(OpDef& op) {
  op.doc("`x` itself where it is row-major, else a copy that is.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor { return x.is_contiguous() ? x : clone(x); })
      .samples([] { return unary_samples(); });
}

void define_detach(OpDef& op) {
  op.doc("A view of all of `x` that no gradient flows through.")
      .accepts(kAnySet)
      .view([](const Tensor& x) { return same_view(x); })
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples()); });
}

void define_stop_gradient(OpDef& op) {
  op.doc("The same as detach: a view of all of `x` that no gradient flows through.")
      .accepts(kAnySet)
      .view([](const Tensor& x) { return same_view(x); })
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples()); });
}

}  // namespace tenon::ops
