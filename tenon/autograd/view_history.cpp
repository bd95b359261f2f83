#include "tenon/autograd/view_history.h"

#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::autograd {
namespace {

/// Which part of a base a view reads. Bases own their storage and are contiguous, so a contiguous
/// gradient of the base is read with the same strides. Where one of the two has complex elements
/// and the other their parts, sizes, strides and offset count parts.
struct Part {
  Shape sizes, strides;
  int64_t offset = 0;
  bool by_parts = false;    ///< one of base and view is complex, the other its parts
  bool is_complex = false;  ///< it is the view, where `by_parts`

  static Part of(const Tensor& view) {
    const TensorImpl& base = *view.impl()->base;
    Part part{view.sizes(), view.strides(), view.storage_offset() - base.offset};
    if (view.dtype() == base.dtype) return part;
    part.by_parts = true;
    part.is_complex = view.is_complex();
    part.offset = view.storage_offset();
    if (!part.is_complex) {
      part.offset -= 2 * base.offset;
      return part;
    }
    part.offset = 2 * part.offset - base.offset;
    for (int64_t& stride : part.strides) stride *= 2;
    part.sizes.push_back(2);
    part.strides.push_back(1);
    return part;
  }
  /// The view of a gradient of the base.
  Tensor read(const Tensor& base) const {
    const Tensor elements = by_parts && !is_complex ? view_as_real(base) : base;
    const Tensor view = strided_part(elements.contiguous(), sizes, strides, offset);
    return is_complex ? view_as_complex(view.contiguous()) : view;
  }
  /// A gradient of the base, zero in the part.
  Tensor rest(const Tensor& base) const {
    const bool parts = by_parts && !is_complex;
    const Tensor elements = parts ? view_as_real(base) : base;
    const Tensor kept = elements * rest_mask(elements);
    return parts ? view_as_complex(kept) : kept;
  }
  /// A gradient of the view as one of the base, zero elsewhere.
  Tensor scattered(const Tensor& view, const Spec& base) const {
    Shape elements = base.sizes;
    const bool parts = by_parts && !is_complex;
    if (parts) elements.push_back(2);
    const Tensor given = is_complex ? view_as_real(view) : view;
    const Tensor result = view_backward(given, elements, strides, offset);
    return parts ? view_as_complex(result) : result;
  }

 private:
  Tensor rest_mask(const Tensor& elements) const {
    const NoGrad no_grad;
    const Tensor mask = ones(elements.sizes(), elements.dtype(), elements.device());
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
    return {node.edges[0] ? part.rest(dy) : Tensor(), part.read(dy)};
  }
};

/// A view of a base that was written after the view was made.
struct ReadPart final : Rule {
  Part part;
  Spec base;

  std::string_view name() const override { return "read_part"; }
  Grads run(const Node&, std::span<const Tensor> grads) override {
    return {part.scattered(grads[0], base)};
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
