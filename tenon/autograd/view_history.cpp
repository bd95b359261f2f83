#include "tenon/autograd/view_history.h"

#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::autograd {
namespace {

/// Which part of a base a view reads. Bases own their storage and are contiguous, so a contiguous
/// gradient of the base is read with the same strides.
struct Part {
  Shape sizes, strides;
  int64_t offset = 0;

  static Part of(const Tensor& view) {
    return {view.sizes(), view.strides(), view.storage_offset() - view.impl()->base->offset};
  }
  Tensor read(const Tensor& base) const {
    return strided_part(base.contiguous(), sizes, strides, offset);
  }
  /// Ones of the base's sizes, zero in the part.
  Tensor rest_mask(const Spec& base, Device device) const {
    const NoGrad no_grad;
    const Tensor mask = ones(base.sizes, base.dtype, device);
    strided_part(mask, sizes, strides, offset).fill_(0);
    return mask;
  }
};

/// base' = base with a part replaced: inputs are the base before and the new part.
struct ReplacePart final : Rule {
  Part part;

  std::string_view name() const override { return "replace_part"; }
  Grads run(const Node& node, std::span<const Tensor> grads) override {
    const Tensor& dy = grads[0];
    Tensor base_grad;
    if (node.edges[0]) base_grad = dy * part.rest_mask(node.results[0], node.device);
    return {base_grad, part.read(dy)};
  }
};

/// A view of a base that was written after the view was made.
struct ReadPart final : Rule {
  Part part;
  Spec base;

  std::string_view name() const override { return "read_part"; }
  Grads run(const Node& node, std::span<const Tensor> grads) override {
    // Written with as_strided's own gradient, which scatters into zeros.
    const OpDef& op = op_definition(OpId::kAsStrided);
    const Attribute attributes[] = {Attribute(part.sizes), Attribute(part.strides),
                                    Attribute(std::optional<int64_t>(part.offset))};
    const Saved saved{op, {}, {}, attributes, {&base, 1}, grads};
    (void)node;
    return op.vjp_rule(saved);
  }
};

Tensor handle_of(TensorImpl* impl) { return Tensor(Intrusive<TensorImpl>::share(impl)); }

void refresh_view(const Tensor& view) {
  TensorImpl* impl = view.impl();
  TensorImpl* base = impl->base.get();
  impl->history = base->history;
  if (!base->grad_node) return;
  auto rule = std::make_unique<ReadPart>();
  rule->part = Part::of(view);
  rule->base = {base->dtype, base->sizes};
  const Intrusive<Node> node = Node::create();
  node->rule = std::move(rule);
  const Tensor base_tensor = handle_of(base);
  const Tensor* const inputs[] = {&base_tensor};
  connect(*node, inputs, {&view, 1});
  set_history(view, node, 0);
}

}  // namespace

void set_edge(Edge& edge, const Tensor& tensor) {
  TensorImpl* impl = tensor.impl();
  if (impl->has_stale_history()) refresh_view(tensor);
  edge.index = 0;
  if (impl->grad_node) {
    edge.node = impl->grad_node;
    edge.index = impl->grad_index;
  } else if (impl->requires_grad) {
    edge.leaf = tensor.handle();
  }
}

Edge edge_of(const Tensor& tensor) {
  Edge edge;
  set_edge(edge, tensor);
  return edge;
}

void write_history(const Tensor& self, const Intrusive<Node>& node, uint32_t index) {
  TensorImpl* impl = self.impl();
  if (!impl->base) {
    set_history(self, node, index);
    ++impl->history;
    return;
  }
  const Tensor base = handle_of(impl->base.get());
  auto rule = std::make_unique<ReplacePart>();
  rule->part = Part::of(self);
  const Intrusive<Node> replace = Node::create();
  replace->rule = std::move(rule);
  const Tensor nothing;
  const Tensor* const inputs[] = {&base, &nothing};
  connect(*replace, inputs, {&base, 1});
  replace->edges[1] = {Intrusive<GradNode>::share(node.get()), {}, index};
  replace->order = std::max(replace->order, node->order + 1);
  set_history(base, replace, 0);
  ++base.impl()->history;
  refresh_view(self);
}

}  // namespace tenon::autograd
