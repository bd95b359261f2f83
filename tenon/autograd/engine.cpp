#include "tenon/autograd/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "tenon/autograd/leaf.h"
#include "tenon/autograd/packed.h"
#include "tenon/autograd/path_to.h"
#include "tenon/autograd/post_hooks.h"
#include "tenon/base/error.h"
#include "tenon/base/long_work.h"
#include "tenon/dispatch/autocast_internal.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/reduce/sum_to_size_internal.h"

namespace tenon::autograd {
namespace {

thread_local const PassOptions* current_pass = nullptr;

/// A node that gradients have reached and that has not run yet.
struct Pending {
  Intrusive<Node> node;
  SmallArray<Tensor, 1> grads;

  /// Nodes run in descending order, and where that is equal as they came up: never by address, as
  /// the order in which gradients are added up decides about their last bits.
  bool runs_after(const Node* other) const { return node->order < other->order; }
};

/// What broadcasting repeated, summed up.
Tensor summed_to(const Tensor& grad, const Shape& sizes) {
  if (!ops::broadcasts_to(sizes, grad.sizes())) {
    fail<ShapeError>(
        "backward", fmt::format("a gradient of sizes {} arrived for a tensor of sizes {}; a custom "
                                "function or op returns gradients of its inputs' sizes",
                                to_string(grad.sizes()), to_string(sizes)));
  }
  return ops::summed_to(grad, sizes);
}

/// Gives a gradient the sizes and dtype that its target has.
void fit(Tensor& grad, const Shape& sizes, DType dtype) {
  if (grad.sizes() != sizes) grad = summed_to(grad, sizes);
  // A real input of a complex op gets the real part.
  if (grad.dtype() != dtype) grad = grad.to(dtype);
}

/// Replaces a gradient by what a hook makes of it.
void apply_hook(const ResultExtras::Entry& entry, Tensor& grad) {
  Tensor replaced = entry.hook(grad);
  if (!replaced.defined()) return;
  check_gradient("register_hook", replaced, grad);
  grad = std::move(replaced);
}

/// A gradient on its way along an edge.
void fit(Tensor& grad, const Edge& edge) {
  if (edge.leaf) return fit(grad, edge.leaf->sizes, edge.leaf->dtype);
  const Spec& result = static_cast<const Node&>(*edge.node).results[edge.index];
  fit(grad, result.sizes, result.dtype);
}

/// Replaces gradients by what a hook on their node makes of them.
void replace_grads(const char* call, const std::optional<std::vector<Tensor>>& replaced,
                   std::span<Tensor> grads) {
  if (!replaced) return;
  if (replaced->size() != grads.size()) {
    fail<AutogradError>(call, fmt::format("a hook returned {} gradients; expected {}",
                                          replaced->size(), grads.size()));
  }
  for (size_t i = 0; i < grads.size(); ++i) {
    const Tensor& grad = (*replaced)[i];
    if (grad.defined() && !grads[i].defined()) {
      fail<AutogradError>(call, fmt::format("a hook returned a gradient in place {}, where there "
                                            "is none to replace",
                                            i));
    }
    if (grad.defined()) check_gradient(call, grad, grads[i]);
    grads[i] = grad;
  }
}

/// Memory for the pending nodes of the passes on one thread, one after the other.
std::vector<Pending>& spare_list() {
  static thread_local const auto list = std::make_unique<std::vector<Pending>>();
  return *list;
}

class Pass {
 public:
  explicit Pass(const PassOptions& options) : options_(options), previous_(current_pass) {
    current_pass = &options_;
    pending_.swap(spare_list());
  }
  ~Pass() {
    current_pass = previous_;
    pending_.clear();
    pending_.swap(spare_list());
  }
  Pass(const Pass&) = delete;

  void add(Edge edge, Tensor grad) {
    if (path_ && !path_->leads(edge)) return;
    if (edge.node) {
      auto* node = static_cast<Node*>(edge.node.release());
      add_to_node(Intrusive<Node>::adopt(node), edge.index, std::move(grad));
    } else if (edge.leaf) {
      add_to_leaf(edge.leaf, std::move(grad));
    }
  }

  /// The pass goes nowhere else.
  void stay_on(const PathTo& path) { path_ = &path; }

  /// Gives zeros to what is asked for, got nothing, and lies behind an op whose gradient rule said
  /// that nothing flows there: it does depend on it, if not to first order (relu's own gradient).
  void fill_in_zeros(Captures& captures) {
    const auto is_missing = [](const Tensor& grad) { return !grad.defined(); };
    if (without_flow_.empty() || std::ranges::none_of(captures.grads, is_missing)) return;
    std::unordered_set<const Node*> seen;
    while (!without_flow_.empty()) {
      const Edge edge = std::move(without_flow_.back());
      without_flow_.pop_back();
      fill_in_zeros(captures, edge);
      const auto* const node = static_cast<const Node*>(edge.node.get());
      if (!node || node->rule || !seen.insert(node).second) continue;
      for (const Edge& next : node->edges) {
        if (path_->leads(next)) without_flow_.push_back(next);
      }
    }
  }

  /// Hooks of these leaves are called as soon as their gradients are complete.
  void watch(std::vector<WatchedLeaf> leaves) { watched_ = std::move(leaves); }

  void run() {
    constexpr int kCheckEvery = 64;
    finish_watched();
    for (int nodes = 1; !pending_.empty(); ++nodes) {
      if (nodes % kCheckEvery == 0) check_interrupt();
      Pending next = std::move(pending_.back());
      pending_.pop_back();
      run_node(next);
      finish_watched();
    }
    for (Hooked& entry : hooked_) finish(entry);
    hooked_.clear();
  }

 private:
  /// A leaf with hooks, and the sum of what has come for it.
  using Hooked = std::pair<Intrusive<TensorImpl>, Tensor>;

  void add_to_node(Intrusive<Node> node, uint32_t index, Tensor grad) {
    const Spec& result = node->results[index];
    fit(grad, result.sizes, result.dtype);
    // Nearly always the place is at the end.
    size_t at = pending_.size();
    while (at > 0 && pending_[at - 1].node != node && !pending_[at - 1].runs_after(node.get())) {
      --at;
    }
    if (at > 0 && pending_[at - 1].node == node) {
      accumulate(pending_[at - 1].grads[index], std::move(grad));
      return;
    }
    Pending entry;
    entry.grads.allocate(node->results.size());
    entry.grads[index] = std::move(grad);
    entry.node = std::move(node);
    if (at == pending_.size()) {
      pending_.push_back(std::move(entry));
    } else {
      pending_.insert(pending_.begin() + static_cast<std::ptrdiff_t>(at), std::move(entry));
    }
  }

  /// Whether the sum may be added to in place: nobody else sees it, now or in a later pass.
  bool is_own(const Tensor& sum) const {
    return !options_.create_graph && sum.impl()->references.value() == 1 &&
           sum.impl()->storage->references.value() == 1 && sum.is_contiguous();
  }

  void accumulate(Tensor& into, Tensor grad) {
    if (!into.defined()) {
      into = std::move(grad);
    } else if (is_own(into)) {
      into.add_(grad);
    } else {
      into = into + grad;
    }
  }

  /// Whether the innermost pass that wants the leaf's gradient for itself got it: in each place
  /// where it asks for that.
  bool capture_leaf(const TensorImpl* leaf, const Tensor& grad) {
    bool captured = false;
    for (Captures* c = options_.captures; c && !captured; c = c->outer) {
      for (size_t i = 0; i < c->edges.size(); ++i) {
        if (c->edges[i].leaf.get() != leaf) continue;
        accumulate(c->grads[i], grad);
        captured = true;
      }
    }
    return captured;
  }

  void add_to_leaf(const Intrusive<TensorImpl>& leaf, Tensor grad) {
    LeafExtras* extras = find_extras(leaf.get());
    fit(grad, leaf->sizes, leaf->dtype);
    if (extras && !extras->hooks.empty()) {
      // Hooks see the sum of all that arrives in this pass.
      for (auto& [impl, sum] : hooked_) {
        if (impl == leaf) return accumulate(sum, std::move(grad));
      }
      hooked_.emplace_back(leaf, std::move(grad));
      return;
    }
    deliver(leaf, std::move(grad));
  }

  void deliver(const Intrusive<TensorImpl>& leaf, Tensor grad) {
    if (options_.captures) {
      const bool captured = capture_leaf(leaf.get(), grad);
      if (captured || !options_.captures->leaves_accumulate) return;
    }
    if (!leaf->requires_grad) return;  // no more, since it was used
    for (WatchedLeaf& watched : watched_) watched.has_grad |= watched.leaf == leaf;
    Tensor& into = *extras_of(leaf.get()).grad;
    if (into.defined() && !options_.create_graph && !into.requires_grad()) {
      into.add_(grad);
    } else if (into.defined()) {
      into = into + grad;
    } else {
      // Somebody else may hold what arrived (it may be the caller's own tensor): keep a copy then.
      const bool own = grad.impl()->storage->references.value() == 1 &&
                       grad.impl()->references.value() == 1 && grad.is_contiguous();
      into = own ? std::move(grad) : clone(grad);
    }
  }

  void finish(Hooked& entry) {
    auto& [leaf, grad] = entry;
    for (const auto& hook : std::vector(find_extras(leaf.get())->hooks)) apply_hook(hook, grad);
    deliver(leaf, std::move(grad));
  }

  /// Calls what wants to know that leaves are complete: those that no node leads to any more, as
  /// nodes run in descending order.
  void finish_watched() {
    while (!watched_.empty() &&
           (pending_.empty() || pending_.back().node->order < watched_.back().last_order)) {
      const Intrusive<TensorImpl> leaf = watched_.back().leaf;
      const auto hooked = std::find_if(hooked_.begin(), hooked_.end(),
                                       [&](const Hooked& entry) { return entry.first == leaf; });
      if (hooked != hooked_.end()) {
        Hooked entry = std::move(*hooked);
        hooked_.erase(hooked);
        finish(entry);
      }
      const bool has_grad = watched_.back().has_grad;
      watched_.pop_back();
      if (has_grad) run_post_hooks(Tensor(leaf));
    }
  }

  void run_hooks(Pending& entry) {
    ResultExtras& extras = *entry.node->extras;
    for (const auto& hook : std::vector(extras.hooks)) {
      if (Tensor& grad = entry.grads[hook.result]; grad.defined()) apply_hook(hook, grad);
    }
    if (options_.captures) return;
    for (const auto& [result, kept] : extras.retained) {
      const Tensor& grad = entry.grads[result];
      if (!grad.defined()) continue;
      if (kept->defined()) {
        accumulate(*kept, grad);
      } else {
        *kept = clone(grad);  // not the gradient that goes on, which others may hold, too
      }
    }
  }

  static void run_before_hooks(Pending& entry) {
    const std::span<Tensor> grads(entry.grads.data(), entry.grads.size());
    for (const auto& [number, hook] : std::vector(entry.node->extras->before)) {
      replace_grads("register_prehook", hook({}, grads), grads);
    }
  }

  /// Hooks see gradients as those whom they are for get them.
  static void run_after_hooks(const Pending& entry, Grads& grads) {
    const Node& node = *entry.node;
    std::vector<Tensor> given(node.edges.size());
    for (size_t i = 0; i < given.size() && i < grads.size(); ++i) {
      if (!node.edges[i] || !grads[i].defined()) continue;
      given[i] = std::move(grads[i]);
      fit(given[i], node.edges[i]);
    }
    for (const auto& [number, hook] : std::vector(node.extras->after)) {
      replace_grads("register_hook", hook(given, entry.grads), given);
    }
    grads = Grads(std::move(given));
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
    if (path_ && !path_->goes_on(node)) return;
    if (node.released) {
      fail<AutogradError>("backward",
                          fmt::format("the graph of '{}' was freed by an earlier backward; "
                                      "pass retain_graph=true to the earlier one",
                                      node.name()));
    }
    if (node.extras) run_before_hooks(entry);
    if (add_to_part(entry)) return;
    Grads grads = node.rule ? node.rule->run(node, entry.grads) : run_op(entry);
    if (modes().anomaly) check_numbers(node, grads);
    if (node.extras && !node.extras->after.empty()) run_after_hooks(entry, grads);
    const bool stays = options_.retain_graph || saved_nothing(node);
    if (!stays) node.release();
    for (size_t i = 0; i < node.edges.size() && i < grads.size(); ++i) {
      Edge& edge = node.edges[i];
      if (!edge) continue;
      if (!grads[i].defined()) {
        if (path_ && !node.rule && path_->leads(edge)) without_flow_.push_back(edge);
        continue;
      }
      // Nobody follows the edges of a freed graph again: moving them on counts no references.
      add(stays ? edge : std::move(edge), std::move(grads[i]));
    }
  }

  static void fill_in_zeros(Captures& captures, const Edge& edge) {
    for (size_t i = 0; i < captures.edges.size(); ++i) {
      const Edge& wanted = captures.edges[i];
      if (captures.grads[i].defined() || wanted.node != edge.node || wanted.leaf != edge.leaf ||
          wanted.index != edge.index) {
        continue;
      }
      if (const TensorImpl* const leaf = edge.leaf.get()) {
        captures.grads[i] = zeros(leaf->sizes, leaf->dtype, leaf->device);
      } else {
        const auto& node = static_cast<const Node&>(*edge.node);
        const Spec& result = node.results[edge.index];
        captures.grads[i] = zeros(result.sizes, result.dtype, node.device);
      }
    }
  }

  /// Such a node (a sum, a view) has nothing to free, and later passes may go through it.
  static bool saved_nothing(const Node& node) {
    return !node.rule && node.inputs.tensors.size() == 0 && node.outputs.tensors.size() == 0;
  }

  /// Adds the gradient of a part of a tensor (select, slice, narrow) to that part of what has come
  /// for the whole: many parts of one tensor, such as the steps of a sequence, would make as many
  /// tensors of its size otherwise. False, having done nothing, where that can't be.
  bool add_to_part(Pending& entry) {
    Node& node = *entry.node;
    const bool is_part =
        !node.rule && (node.op->id == OpId::kSelect || node.op->id == OpId::kSlice ||
                       node.op->id == OpId::kNarrow);
    if (!is_part || node.released || !node.edges[0].node || modes().anomaly) return false;
    if (node.extras && !node.extras->after.empty()) return false;
    const auto target = std::find_if(pending_.rbegin(), pending_.rend(), [&](const Pending& other) {
      return other.node.get() == node.edges[0].node.get();
    });
    if (target == pending_.rend()) return false;
    Tensor& sum = target->grads[node.edges[0].index];
    if (!sum.defined() || !is_own(sum) || sum.dtype() != entry.grads[0].dtype()) return false;
    const Tensor* const inputs[] = {&sum};
    dispatch(Call{*node.op, inputs, node.attributes}).add_(entry.grads[0]);
    return true;
  }

  template <size_t N>
  static void check_versions(const Node& node, const SavedTensors<N>& saved) {
    for (size_t i = 0; i < saved.tensors.size(); ++i) {
      const Tensor& tensor = saved.tensors[i];
      if (tensor.defined() && tensor.version() != saved.versions[i]) [[unlikely]] {
        fail_overwritten(node, tensor, saved.versions[i]);
      }
    }
  }

  [[noreturn]] static void fail_overwritten(const Node& node, const Tensor& tensor,
                                            uint32_t version) {
    const char* writer = tensor.impl()->storage->writer.load(std::memory_order_relaxed);
    fail<AutogradError>(
        node.name(),
        fmt::format("a tensor of sizes {} that '{}' saved for its gradient was overwritten since "
                    "by '{}' in place: version {} was saved, it has version {} now; clone() it "
                    "before the write{}",
                    to_string(tensor.sizes()), node.name(), writer ? writer : "a user's write",
                    version, tensor.version(), node.place ? "; saved at\n" + *node.place : ""));
  }

  template <size_t N>
  static SmallArray<Tensor, N> copied(const SmallArray<Tensor, N>& tensors) {
    SmallArray<Tensor, N> copies;
    copies.allocate(tensors.size());
    for (size_t i = 0; i < copies.size(); ++i) copies[i] = tensors[i];
    return copies;
  }

  /// Results were saved without history; gradients of gradients want it.
  static void give_history_back(const Intrusive<Node>& node, SmallArray<Tensor, 1>& outputs) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined()) continue;
      Tensor alias = new_alias(outputs[i]);
      set_history(alias, node, static_cast<uint32_t>(i));
      outputs[i] = std::move(alias);
    }
  }

  Grads run_op(Pending& entry) const {
    Node& node = *entry.node;
    check_versions(node, node.inputs);
    check_versions(node, node.outputs);
    if (node.extras && (!node.extras->inputs.empty() || !node.extras->outputs.empty())) {
      return run_packed(entry);
    }
    if (!options_.retain_graph && !options_.create_graph) {
      // A pass inside the rule must not free what the rule reads.
      node.released = !saved_nothing(node);
      return run_rule(entry, node.inputs.tensors, node.outputs.tensors);
    }
    const SmallArray<Tensor, 3> inputs = copied(node.inputs.tensors);
    SmallArray<Tensor, 1> outputs = copied(node.outputs.tensors);
    if (options_.create_graph) give_history_back(entry.node, outputs);
    return run_rule(entry, inputs, outputs);
  }

  /// The rule of a node whose saved tensors hooks packed.
  Grads run_packed(Pending& entry) const {
    Node& node = *entry.node;
    const auto inputs_packed = node.extras->inputs, outputs_packed = node.extras->outputs;
    SmallArray<Tensor, 3> inputs = copied(node.inputs.tensors);
    SmallArray<Tensor, 1> outputs = copied(node.outputs.tensors);
    for (size_t i = 0; i < inputs_packed.size(); ++i) {
      if (!inputs_packed[i]) continue;
      inputs[i] = inputs_packed[i]->unpack(node.name());
      if (options_.create_graph && node.edges[i]) lead_to(inputs[i], node.edges[i]);
    }
    for (size_t i = 0; i < outputs_packed.size(); ++i) {
      if (outputs_packed[i]) outputs[i] = outputs_packed[i]->unpack(node.name());
    }
    if (options_.create_graph) give_history_back(entry.node, outputs);
    if (!options_.retain_graph) node.released = true;
    return run_rule(entry, inputs, outputs);
  }

  Grads run_rule(Pending& entry, std::span<const Tensor> inputs,
                 std::span<const Tensor> outputs) const {
    const Node& node = *entry.node;
    uint64_t needed = 0;
    for (size_t i = 0; i < node.edges.size(); ++i) {
      if (path_ ? path_->leads(node.edges[i]) : bool(node.edges[i]))
        needed |= uint64_t{1} << std::min<size_t>(i, 63);
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
  const PathTo* path_ = nullptr;  ///< null: wherever edges lead
  std::vector<Pending> pending_;
  std::vector<Edge> without_flow_;  ///< on the path, that a rule gave no gradient
  std::vector<Hooked> hooked_;
  std::vector<WatchedLeaf> watched_;  ///< the next to be complete is the last
};

}  // namespace

void check_gradient(std::string_view call, const Tensor& gradient, const Tensor& tensor) {
  if (gradient.sizes() != tensor.sizes()) {
    fail<ShapeError>(call, fmt::format("expected a gradient of sizes {}, got {}",
                                       to_string(tensor.sizes()), to_string(gradient.sizes())));
  }
  if (gradient.dtype() != tensor.dtype()) {
    fail<DTypeError>(call,
                     fmt::format("expected a gradient of dtype {}, got {}; convert it with to()",
                                 name_of(tensor.dtype()), name_of(gradient.dtype())));
  }
  if (gradient.device() != tensor.device()) {
    fail<DeviceError>(call, fmt::format("expected a gradient on '{}', got one on '{}'",
                                        to_string(tensor.device()), to_string(gradient.device())));
  }
}

Captures* current_captures() { return current_pass ? current_pass->captures : nullptr; }

void run_backward(std::span<const Tensor> roots, std::span<const Tensor> grads,
                  const PassOptions& options) {
  const EnableGrad mode(options.create_graph);
  const AutocastMode no_autocast(kFloat32);  // gradients have the dtypes of the forward ops
  Pass pass(options);
  const bool accumulates = !options.captures || options.captures->leaves_accumulate;
  if (accumulates && had_post_hooks()) pass.watch(leaves_with_post_hooks(roots));
  SmallArray<Edge, 1> edges;
  edges.allocate(roots.size());
  for (size_t i = 0; i < roots.size(); ++i) edges[i] = edge_of(roots[i]);
  std::optional<PathTo> path;
  if (!accumulates) pass.stay_on(path.emplace(edges, *options.captures));
  for (size_t i = 0; i < roots.size(); ++i) {
    if (edges[i]) pass.add(std::move(edges[i]), grads[i]);
  }
  pass.run();
  if (!accumulates) pass.fill_in_zeros(*options.captures);
}

}  // namespace tenon::autograd
