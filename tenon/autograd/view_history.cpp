#include "tenon/autograd/view_history.h"

#include <algorithm>

#include "tenon/autograd/leaf.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::autograd {
namespace {

/// How the elements of a tensor lie in the memory between its first and its last one.
struct Layout {
  Shape sizes, strides;
  int64_t extent = 0;  ///< elements of that memory
  bool is_row_major = true;

  static Layout of(const TensorImpl& tensor, bool by_parts) {
    Layout layout{tensor.sizes, tensor.strides, 1, tensor.contiguous};
    if (by_parts) {
      for (int64_t& stride : layout.strides) stride *= 2;
      layout.sizes.push_back(2);
      layout.strides.push_back(1);
    }
    for (size_t i = 0; i < layout.sizes.size(); ++i) {
      layout.extent += (layout.sizes[i] - 1) * layout.strides[i];
    }
    if (tensor.numel == 0) layout.extent = 0;
    return layout;
  }
  /// What is added up for each place in memory, of a gradient for each element.
  Tensor gather(const Tensor& elements) const {
    if (is_row_major) return elements.contiguous();
    return view_backward(elements, Shape{extent}, strides, 0);
  }
  /// The other way; elements that share a place share what is there.
  Tensor spread(const Tensor& memory) const {
    if (is_row_major) return memory;
    const NoGrad no_grad;
    const Tensor sharing = gather(ones(sizes, memory.dtype(), memory.device()));
    return strided_part(memory / sharing.clamp_min(1), sizes, strides, 0);
  }
};

/// Which part of a base a view reads. Where one of the two has complex elements and the other their
/// parts, sizes, strides and offset count parts.
struct Part {
  Shape sizes, strides;
  int64_t offset = 0;       ///< from the base's first element
  bool by_parts = false;    ///< one of base and view is complex, the other its parts
  bool is_complex = false;  ///< it is the view, where `by_parts`
  Layout base;

  static Part of(const Tensor& view) {
    const TensorImpl& base = *view.impl()->base;
    Part part{view.sizes(), view.strides(), view.storage_offset() - base.offset};
    part.by_parts = view.dtype() != base.dtype;
    part.is_complex = part.by_parts && view.is_complex();
    part.base = Layout::of(base, part.by_parts && !part.is_complex);
    if (part.by_parts) part.count_parts(view.storage_offset(), base.offset);
    part.check_reach();
    return part;
  }
  /// The view of a gradient of the base.
  Tensor read(const Tensor& dy) const {
    const Tensor elements = by_parts && !is_complex ? view_as_real(dy) : dy;
    const Tensor view = strided_part(base.gather(elements), sizes, strides, offset);
    return is_complex ? view_as_complex(view.contiguous()) : view;
  }
  /// A gradient of the base, zero in the part.
  Tensor rest(const Tensor& dy) const {
    const bool parts = by_parts && !is_complex;
    const Tensor elements = parts ? view_as_real(dy) : dy;
    // No product with 0: infinite and NaN gradients of what was replaced are nobody's.
    const Tensor kept = where(replaced(elements), 0, elements);
    return parts ? view_as_complex(kept) : kept;
  }
  /// A gradient of the view as one of the base, zero elsewhere.
  Tensor scattered(const Tensor& dy) const {
    const bool parts = by_parts && !is_complex;
    const Tensor given = is_complex ? view_as_real(dy) : dy;
    const Shape memory = base.is_row_major ? base.sizes : Shape{base.extent};
    const Tensor result = base.spread(view_backward(given, memory, strides, offset));
    return parts ? view_as_complex(result.contiguous()) : result;
  }

 private:
  void count_parts(int64_t view_offset, int64_t base_offset) {
    if (!is_complex) {
      offset = view_offset - 2 * base_offset;
      return;
    }
    offset = 2 * view_offset - base_offset;
    for (int64_t& stride : strides) stride *= 2;
    sizes.push_back(2);
    strides.push_back(1);
  }
  void check_reach() const {
    int64_t last = offset;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return;
      last += (sizes[i] - 1) * strides[i];
    }
    if (offset >= 0 && last < base.extent) return;
    fail<AutogradError>("as_strided",
                        "in place: the view reaches memory outside of the tensor it was made of, "
                        "whose gradient has no place for that; make it of the tensor that owns the "
                        "memory, or clone() it first");
  }
  /// Which elements of the base are in the part.
  Tensor replaced(const Tensor& elements) const {
    const NoGrad no_grad;
    const Shape memory = base.is_row_major ? elements.sizes() : Shape{base.extent};
    const Tensor mask = zeros(memory, kBool, elements.device());
    strided_part(mask, sizes, strides, offset).fill_(1);
    return base.is_row_major ? mask : strided_part(mask, base.sizes, base.strides, 0);
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

  std::string_view name() const override { return "read_part"; }
  Grads run(const Node&, std::span<const Tensor> grads) override {
    return {part.scattered(grads[0])};
  }
};

/// Where the elements of a tensor lie in its memory.
struct Geometry {
  Shape sizes, strides;
  int64_t offset = 0;

  explicit Geometry(const Tensor& tensor)
      : sizes(tensor.sizes()), strides(tensor.strides()), offset(tensor.storage_offset()) {}
  int64_t end() const {
    int64_t last = offset;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return offset;
      last += (sizes[i] - 1) * strides[i];
    }
    return last + 1;
  }
};

/// as_strided: both tensors as parts of the memory that either reaches.
struct SharedMemory final : Rule {
  Geometry x, view;
  int64_t begin, extent;

  SharedMemory(const Tensor& x, const Tensor& view)
      : x(x),
        view(view),
        begin(std::min(this->x.offset, this->view.offset)),
        extent(std::max(this->x.end(), this->view.end()) - begin) {}
  std::string_view name() const override { return "as_strided"; }
  Grads run(const Node&, std::span<const Tensor> grads) override {
    const Tensor& dy = grads[0];
    const Tensor memory = view_backward(dy, Shape{extent}, view.strides, view.offset - begin);
    return {strided_part(memory / sharing(dy), x.sizes, x.strides, x.offset - begin)};
  }

 private:
  /// How many elements of `x` are in each place, and 1 where none is.
  Tensor sharing(const Tensor& dy) const {
    const NoGrad no_grad;
    const Tensor one =
        ones(x.sizes, dy.is_complex() ? real_of(dy.dtype()) : dy.dtype(), dy.device());
    return view_backward(one, Shape{extent}, x.strides, x.offset - begin).clamp_min(1);
  }
};

Tensor handle_of(TensorImpl* impl) { return Tensor(Intrusive<TensorImpl>::share(impl)); }

/// The gradient that `before` kept in `kept` is that of result `index` of `after` from now on.
void move_retained(GradNode* before, const std::shared_ptr<Tensor>& kept, GradNode* after,
                   uint32_t index) {
  auto* const old = static_cast<Node*>(before);
  if (!old || !old->extras) return;
  const auto keeps = [&](const auto& entry) { return entry.second == kept; };
  if (std::erase_if(old->extras->retained, keeps) == 0) return;
  auto& extras = static_cast<Node*>(after)->extras;
  if (!extras) extras = std::make_unique<ResultExtras>();
  extras->retained.emplace_back(index, kept);
}

/// Makes `tensor`, which was written, result `index` of `node`; where it retains its gradient, that
/// is the one of its latest value.
void renew_history(const Tensor& tensor, const Intrusive<Node>& node, uint32_t index) {
  TensorImpl* const impl = tensor.impl();
  const Intrusive<GradNode> before = impl->grad_node;
  set_history(tensor, node, index);
  if (LeafExtras* const extras = find_extras(impl)) {
    move_retained(before.get(), extras->grad, node.get(), index);
  }
}

void refresh_view(const Tensor& view) {
  TensorImpl* impl = view.impl();
  TensorImpl* base = impl->base.get();
  if (base->grad_node && base->storage != impl->storage) {
    fail<AutogradError>("backward",
                        "a view of a tensor that was both written in place and given other data "
                        "since the view was made: its gradient isn't known; make the view anew");
  }
  impl->history = base->history;
  if (!base->grad_node) return;
  auto rule = std::make_unique<ReadPart>();
  rule->part = Part::of(view);
  const Intrusive<Node> node = Node::create();
  node->rule = std::move(rule);
  const Tensor base_tensor = handle_of(base);
  const Tensor* const inputs[] = {&base_tensor};
  connect(*node, inputs, {&view, 1});
  renew_history(view, node, 0);
}

/// Of what `first` and the nodes it leads to keep of `storage`, which was written just now, the
/// tensors lose their bodies: a body that gets the write for its history, or whose base does, would
/// be kept by what it keeps. They go on with the histories that they had.
void unlink_saved(Node* first, const Storage* storage) {
  const std::function<void(Tensor&)> unlink = [storage](Tensor& kept) {
    if (!kept.defined() || kept.impl()->storage.get() != storage) return;
    const TensorImpl* const body = kept.impl();
    const bool is_leaf = body->requires_grad && !body->grad_node;
    if (is_leaf || (!body->grad_node && !body->base)) return;
    Tensor alone = new_alias(kept);
    if (body->grad_node) {
      set_history(alone, Intrusive<Node>::share(static_cast<Node*>(body->grad_node.get())),
                  body->grad_index);
    }
    kept = std::move(alone);
  };
  std::vector<Node*> open;
  const auto visit = [&](GradNode* next) {
    auto* const node = static_cast<Node*>(next);
    if (!node || node->unlinked == storage) return;
    node->unlinked = storage;
    open.push_back(node);
  };
  for (visit(first); !open.empty();) {
    Node* const node = open.back();
    open.pop_back();
    for (Tensor& kept : node->inputs.tensors) unlink(kept);
    if (node->rule) node->rule->visit_saved(unlink);
    for (const Edge& edge : node->edges) visit(edge.node.get());
  }
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

std::unique_ptr<Rule> as_strided_rule(const Tensor& x, const Tensor& view) {
  const Geometry part(view);
  const int64_t begin = x.storage_offset();
  const bool lies_within = part.offset >= begin && part.end() <= begin + x.numel();
  if (x.is_contiguous() && begin == 0 && lies_within) return nullptr;
  return std::make_unique<SharedMemory>(x, view);
}

void write_history(const Tensor& self, const Intrusive<Node>& node, uint32_t index) {
  TensorImpl* impl = self.impl();
  const Storage* const storage = impl->storage.get();
  if (impl->base && impl->base->storage != impl->storage) impl->base = {};  // given other data
  if (storage->saved.load(std::memory_order_relaxed)) {
    unlink_saved(node.get(), storage);
    if (impl->base) unlink_saved(static_cast<Node*>(impl->base->grad_node.get()), storage);
  }
  if (!impl->base) {
    renew_history(self, node, index);
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
  renew_history(base, replace, 0);
  ++base.impl()->history;
  refresh_view(self);
}

void take_layout(Tensor& tensor, const Tensor& view) {
  TensorImpl* const impl = tensor.impl();
  if (!view.requires_grad() || !view.impl()->grad_node) {
    tensor.set_data(view);
    bump_version(tensor);
    return;
  }
  const Edge before = edge_of(tensor);
  if (LeafExtras* const extras = find_extras(impl)) {
    LeafExtras& own = extras_of(view.impl());
    own.grad = extras->grad;
    move_retained(before.node.get(), own.grad, view.impl()->grad_node.get(),
                  view.impl()->grad_index);
  }
  tensor = view;
}

}  // namespace tenon::autograd
