#include "tenon/autograd/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/autograd/leaf.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::autograd {
namespace {

thread_local const PassOptions* current_pass = nullptr;

/// A node that gradients have reached and that has not run yet.
struct Pending {
  Intrusive<Node> node;
  SmallArray<Tensor, 1> grads;

  bool runs_before(const Pending& other) const {
    return node->order != other.node->order ? node->order > other.node->order
                                            : node.get() > other.node.get();
  }
};

/// A gradient of the sizes and dtype that its target has: what broadcasting repeated is summed up.
Tensor fitted(const Tensor& grad, const Shape& sizes, DType dtype) {
  Tensor result = grad;
  if (result.sizes() != sizes) {
    Shape dims;
    const auto extra = result.sizes().size() - sizes.size();
    for (size_t i = 0; i < result.sizes().size(); ++i) {
      if (i < extra || (sizes[i - extra] == 1 && result.sizes()[i] != 1)) {
        dims.push_back(static_cast<int64_t>(i));
      }
    }
    if (!dims.empty()) result = sum(result, dims, true);
    if (result.sizes() != sizes) result = reshape(result, sizes);
  }
  // A real input of a complex op gets the real part.
  if (result.dtype() != dtype) result = result.to(dtype);
  return result;
}

class Pass {
 public:
  explicit Pass(const PassOptions& options) : options_(options), previous_(current_pass) {
    current_pass = &options_;
  }
  ~Pass() { current_pass = previous_; }
  Pass(const Pass&) = delete;

  void add(const Edge& edge, const Tensor& grad) {
    if (edge.node) {
      add_to_node(static_cast<Node*>(edge.node.get()), edge.index, grad);
    } else if (edge.leaf) {
      add_to_leaf(edge.leaf, grad);
    }
  }

  void run() {
    while (!pending_.empty()) {
      Pending next = std::move(pending_.back());
      pending_.pop_back();
      run_node(next);
    }
    finish_leaves();
  }

 private:
  void add_to_node(Node* node, uint32_t index, const Tensor& grad) {
    const Spec& result = node->results[index];
    Tensor fit = fitted(grad, result.sizes, result.dtype);
    // Ascending, so that the next to run is at the back; nearly always the place is there, too.
    size_t at = pending_.size();
    while (at > 0 && order_less(node, pending_[at - 1].node.get())) --at;
    if (at > 0 && pending_[at - 1].node.get() == node) {
      accumulate(pending_[at - 1].grads[index], std::move(fit));
      return;
    }
    Pending entry;
    entry.node = Intrusive<Node>::share(node);
    entry.grads.allocate(node->results.size());
    entry.grads[index] = std::move(fit);
    pending_.insert(pending_.begin() + static_cast<std::ptrdiff_t>(at), std::move(entry));
  }

  static bool order_less(const Node* a, const Node* b) {
    return a->order != b->order ? a->order < b->order : a < b;
  }

  void accumulate(Tensor& into, Tensor grad) {
    if (!into.defined()) {
      into = std::move(grad);
    } else if (!options_.create_graph && into.impl()->references.value() == 1 &&
               into.impl()->storage->references.value() == 1 && into.is_contiguous()) {
      into.add_(grad);
    } else {
      into = into + grad;
    }
  }

  /// Where captured gradients of a leaf go, or null.
  Tensor* captured_leaf(const TensorImpl* leaf) const {
    for (Captures* c = options_.captures; c; c = c->outer) {
      for (size_t i = 0; i < c->edges.size(); ++i) {
        if (c->edges[i].leaf.get() == leaf) return &c->grads[i];
      }
    }
    return nullptr;
  }

  void add_to_leaf(const Intrusive<TensorImpl>& leaf, const Tensor& grad) {
    LeafExtras* extras = find_extras(leaf.get());
    if (extras && !extras->hooks.empty()) {
      // Hooks see the sum of all that arrives in this pass.
      for (auto& [impl, sum] : hooked_) {
        if (impl == leaf) return accumulate(sum, fitted(grad, leaf->sizes, leaf->dtype));
      }
      hooked_.emplace_back(leaf, fitted(grad, leaf->sizes, leaf->dtype));
      return;
    }
    deliver(leaf, fitted(grad, leaf->sizes, leaf->dtype));
  }

  void deliver(const Intrusive<TensorImpl>& leaf, Tensor grad) {
    if (options_.captures) {
      if (Tensor* slot = captured_leaf(leaf.get())) {
        accumulate(*slot, std::move(grad));
        return;
      }
      if (!options_.captures->leaves_accumulate) return;
    }
    Tensor& into = *extras_of(leaf.get()).grad;
    if (into.defined() && !options_.create_graph && !into.requires_grad()) {
      into.add_(grad);
    } else if (into.defined()) {
      into = into + grad;
    } else if (options_.create_graph) {
      into = std::move(grad);
    } else {
      // Somebody else may hold what arrived (it may be the caller's own tensor): keep a copy then.
      const bool own = grad.impl()->storage->references.value() == 1 &&
                       grad.impl()->references.value() == 1 && grad.is_contiguous();
      into = own ? std::move(grad) : clone(grad);
    }
  }

  void finish_leaves() {
    for (auto& [leaf, grad] : hooked_) {
      for (const auto& entry : std::vector(find_extras(leaf.get())->hooks)) {
        if (Tensor replaced = entry.hook(grad); replaced.defined()) grad = std::move(replaced);
      }
      deliver(leaf, std::move(grad));
    }
    hooked_.clear();
  }

  void run_hooks(Pending& entry) {
    ResultExtras& extras = *entry.node->extras;
    for (const auto& hook : std::vector(extras.hooks)) {
      Tensor& grad = entry.grads[hook.result];
      if (!grad.defined()) continue;
      if (Tensor replaced = hook.hook(grad); replaced.defined()) grad = std::move(replaced);
    }
    if (options_.captures) return;
    for (const auto& [result, kept] : extras.retained) {
      if (entry.grads[result].defined()) accumulate(*kept, entry.grads[result]);
    }
  }

  /// Hands captured gradients out; true when the pass stops at this node.
  bool capture(Pending& entry) {
    bool stop = false;
    for (Captures* c = options_.captures; c; c = c->outer) {
      for (size_t i = 0; i < c->edges.size(); ++i) {
        const Edge& edge = c->edges[i];
        if (edge.node.get() != entry.node.get() || !entry.grads[edge.index].defined()) continue;
        accumulate(c->grads[i], entry.grads[edge.index]);
        stop = stop || c->stop_there;
      }
    }
    return stop;
  }

  void run_node(Pending& entry) {
    Node& node = *entry.node;
    if (node.extras) run_hooks(entry);
    if (options_.captures && capture(entry)) return;
    if (node.released) {
      fail<AutogradError>("backward",
                          fmt::format("the graph of '{}' was freed by an earlier backward; "
                                      "pass retain_graph=true to the earlier one",
                                      node.name()));
    }
    Grads grads = node.rule ? node.rule->run(node, entry.grads) : run_op(entry);
    if (modes().anomaly) check_numbers(node, grads);
    if (!options_.retain_graph) node.release();
    for (size_t i = 0; i < node.edges.size() && i < grads.size(); ++i) {
      if (node.edges[i] && grads[i].defined()) add(node.edges[i], grads[i]);
    }
  }

  /// The tensors that a node saved, checked. Results get their history back where gradients of
  /// gradients are wanted.
  void unpack(const Intrusive<Node>& node, const SmallArray<SavedTensor, 3>& saved,
              SmallArray<Tensor, 3>& out) const {
    out.allocate(saved.size());
    for (size_t i = 0; i < saved.size(); ++i) out[i] = checked(*node, saved[i]);
  }

  static const Tensor& checked(const Node& node, const SavedTensor& saved) {
    if (saved.tensor.defined() && saved.tensor.version() != saved.version) {
      const char* writer = saved.tensor.impl()->storage->writer.load(std::memory_order_relaxed);
      fail<AutogradError>(
          node.name(),
          fmt::format(
              "a tensor of sizes {} that '{}' saved for its gradient was overwritten since by "
              "'{}' in place: version {} was saved, it has version {} now; clone() it before "
              "the write{}",
              to_string(saved.tensor.sizes()), node.name(), writer ? writer : "a user's write",
              saved.version, saved.tensor.version(),
              node.place ? "; saved at\n" + *node.place : ""));
    }
    return saved.tensor;
  }

  Grads run_op(Pending& entry) const {
    Node& node = *entry.node;
    SmallArray<Tensor, 3> inputs;
    SmallArray<Tensor, 1> outputs;
    unpack(entry.node, node.inputs, inputs);
    outputs.allocate(node.outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& saved = checked(node, node.outputs[i]);
      if (!saved.defined() || !options_.create_graph) {
        outputs[i] = saved;
        continue;
      }
      const TensorImpl* impl = saved.impl();
      outputs[i] = new_view(saved, impl->sizes, impl->strides, impl->offset);
      outputs[i].impl()->base = {};
      set_history(outputs[i], entry.node, static_cast<uint32_t>(i));
    }
    uint64_t needed = 0;
    for (size_t i = 0; i < node.edges.size(); ++i) {
      if (node.edges[i]) needed |= uint64_t{1} << std::min<size_t>(i, 63);
    }
    if (!entry.grads[0].defined()) {  // only another of its results was used
      entry.grads[0] = zeros(node.results[0].sizes, node.results[0].dtype, node.device);
    }
    const Saved saved{*node.op,         inputs,      outputs, node.attributes,
                      node.input_specs, entry.grads, needed};
    return node.op->vjp_rule(saved);
  }

  static void check_numbers(const Node& node, Grads& grads) {
    for (size_t i = 0; i < grads.size(); ++i) {
      if (!grads[i].defined() || grads[i].device() == kMeta || !is_floating(grads[i].dtype()))
        continue;
      const NoGrad no_grad;
      if (!any(isnan(grads[i])).item<bool>()) continue;
      fail<AutogradError>(
          "backward",
          fmt::format("the gradient of '{}' for its input {} holds NaN; "
                      "the forward call was made at\n{}",
                      node.name(), i, node.place ? *node.place : "  (before anomaly mode was on)"));
    }
  }

  PassOptions options_;
  const PassOptions* previous_;
  std::vector<Pending> pending_;
  std::vector<std::pair<Intrusive<TensorImpl>, Tensor>> hooked_;
};

}  // namespace

Captures* current_captures() { return current_pass ? current_pass->captures : nullptr; }

void run_backward(std::span<const Tensor> roots, std::span<const Tensor> grads,
                  const PassOptions& options) {
  const EnableGrad mode(options.create_graph);
  Pass pass(options);
  for (size_t i = 0; i < roots.size(); ++i) {
    const Edge edge = edge_of(roots[i]);
    if (edge) pass.add(edge, grads[i]);
  }
  pass.run();
}

}  // namespace tenon::autograd
