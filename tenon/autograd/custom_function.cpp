#include "tenon/autograd/custom_function.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/autograd/node.h"
#include "tenon/autograd/packed.h"
#include "tenon/autograd/view_history.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::autograd {

struct Function::State {
  struct SavedTensor {
    Tensor tensor;
    uint32_t version = 0;
    int result = -1;            ///< which one it is: its history is given back when it is read
    bool lost_history = false;  ///< which would have been a cycle
    std::shared_ptr<const Packed> packed;  ///< where hooks took the place of `tensor`
    Edge edge;                             ///< its history, where it was packed and is no result

    bool is_overwritten() const { return tensor.defined() && tensor.version() != version; }
  };
  std::vector<SavedTensor> saved;
  std::vector<bool> needs;
  std::vector<Tensor> dirty, non_differentiable;  ///< dropped once recorded
  bool materialize = true;
  const Node* node = nullptr;
  bool released = false;
};

namespace {

struct FunctionRule final : Rule {
  std::shared_ptr<Function> function;

  std::string_view name() const override { return function->name(); }

  Grads run(const Node& node, std::span<const Tensor> grads) override {
    std::vector<Tensor> full(grads.begin(), grads.end());
    for (size_t i = 0; i < full.size(); ++i) {
      if (!full[i].defined() && function->state()->materialize)
        full[i] = zeros(node.results[i].sizes, node.results[i].dtype, node.device);
    }
    function->state()->node = &node;
    std::vector<Tensor> result = function->backward(full);
    if (result.size() != node.edges.size()) {
      fail<AutogradError>(name(),
                          fmt::format("backward returned {} gradients for {} inputs; return one "
                                      "for each, undefined where there is none",
                                      result.size(), node.edges.size()));
    }
    return Grads(std::move(result));
  }

  void visit_saved(const std::function<void(Tensor&)>& visit) override {
    for (auto& kept : function->state()->saved) visit(kept.tensor);
  }

  void release() override {
    function->state()->saved.clear();
    function->state()->released = true;
  }
};

}  // namespace

Function::Function() : state_(std::make_shared<State>()) {}
Function::~Function() = default;

void Function::save(TensorList tensors) {
  for (const Tensor& tensor : tensors) {
    State::SavedTensor& kept = state_->saved.emplace_back();
    kept.tensor = tensor;
    kept.version = tensor.defined() ? tensor.version() : 0;
    if (tensor.defined()) tensor.impl()->storage->saved = true;
  }
}

Tensor Function::saved(size_t i) const {
  if (i >= state_->saved.size()) {
    fail<IndexError>(name(), fmt::format("saved({}) was asked for, but save() kept {} tensors{}", i,
                                         state_->saved.size(),
                                         state_->released ? " (the graph was freed)" : ""));
  }
  const State::SavedTensor& kept = state_->saved[i];
  if (kept.is_overwritten()) {
    fail<AutogradError>(name(),
                        fmt::format("saved tensor {} was overwritten in place since: version {} "
                                    "was saved, it has version {} now; clone() it first",
                                    i, kept.version, kept.tensor.version()));
  }
  Tensor tensor = kept.packed ? kept.packed->unpack(name()) : kept.tensor;
  if (!state_->node || !modes().grad) return tensor;
  if (kept.lost_history) {
    fail<AutogradError>(name(),
                        fmt::format("saved tensor {} views an input that was written in place: its "
                                    "own gradient isn't known; save a result or a clone() to "
                                    "differentiate backward again",
                                    i));
  }
  if (kept.result >= 0) {
    tensor = new_alias(tensor);
    auto* node = const_cast<Node*>(state_->node);
    node->references.add();
    set_history(tensor, Intrusive<Node>::adopt(node), static_cast<uint32_t>(kept.result));
  } else if (kept.edge) {
    lead_to(tensor, kept.edge);
  }
  return tensor;
}

std::vector<Tensor> Function::all_saved() const {
  if (state_->released) {
    fail<AutogradError>(name(),
                        "its saved tensors were freed by an earlier backward; pass "
                        "retain_graph=true to the earlier one");
  }
  std::vector<Tensor> all;
  for (size_t i = 0; i < state_->saved.size(); ++i) all.push_back(saved(i));
  return all;
}

void Function::mark_dirty(TensorList inputs) { state_->dirty.assign(inputs.begin(), inputs.end()); }

void Function::mark_non_differentiable(TensorList results) {
  state_->non_differentiable.assign(results.begin(), results.end());
}

void Function::set_materialize_grads(bool materialize) { state_->materialize = materialize; }

bool Function::needs_grad(size_t i) const { return i < state_->needs.size() && state_->needs[i]; }

namespace {

bool is_among(const Tensor& tensor, TensorList others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const Tensor& other) { return other.is_same(tensor); });
}

void check_dirty(const Function& function, TensorList inputs, TensorList results) {
  for (const Tensor& written : function.state()->dirty) {
    if (!is_among(written, inputs) || !is_among(written, results)) {
      fail<AutogradError>(function.name(),
                          "a tensor that is marked dirty must be an input and a result");
    }
    const TensorImpl* base = written.impl()->base.get();
    if ((written.is_leaf() && written.requires_grad()) ||
        (base && base->requires_grad && !base->grad_node)) {
      fail<AutogradError>(function.name(),
                          "in place: a leaf that requires a gradient, or a view of one, can't be "
                          "written while recording; clone() it first");
    }
  }
}

/// Makes the results those of `node`, and what is saved of them free of their history, which would
/// be a cycle.
void write_histories(const Intrusive<Node>& node, Function::State& state,
                     const std::vector<Tensor>& results) {
  for (size_t r = 0; r < results.size(); ++r) {
    for (size_t i = 0; i < state.saved.size(); ++i) {
      if (!state.saved[i].tensor.defined() || !state.saved[i].tensor.is_same(results[r])) continue;
      state.saved[i].tensor = new_alias(results[r]);
      state.saved[i].result = static_cast<int>(r);
    }
  }
  for (size_t r = 0; r < results.size(); ++r) {
    if (!is_differentiable(results[r].dtype()) || is_among(results[r], state.non_differentiable)) {
      continue;
    }
    if (is_among(results[r], state.dirty)) {
      write_history(results[r], node, static_cast<uint32_t>(r));
    } else {
      set_history(results[r], node, static_cast<uint32_t>(r));
    }
  }
}

/// Of what is saved and shares memory with an input that was written: its history goes through
/// `node` now, which would hold itself.
void drop_histories(Function::State& state) {
  for (Function::State::SavedTensor& kept : state.saved) {
    if (!kept.tensor.defined() || kept.result >= 0) continue;
    const auto shares = [&](const Tensor& written) {
      return written.impl()->storage == kept.tensor.impl()->storage;
    };
    if (std::none_of(state.dirty.begin(), state.dirty.end(), shares)) continue;
    kept.lost_history = kept.tensor.requires_grad();
    kept.tensor = new_alias(kept.tensor);
  }
}

/// Hands what is saved to the hooks that there are.
void pack(std::string_view call, Function::State& state) {
  for (Function::State::SavedTensor& kept : state.saved) {
    if (!kept.tensor.defined() || kept.is_overwritten()) continue;
    if (kept.result < 0) set_edge(kept.edge, kept.tensor);
    kept.packed = std::make_shared<const Packed>(call, kept.tensor);
    kept.tensor = {};
  }
}

}  // namespace

std::vector<Tensor> apply(std::shared_ptr<Function> function, TensorList inputs) {
  std::vector<bool>& needs = function->state()->needs;
  for (const Tensor& input : inputs) needs.push_back(input.defined() && input.requires_grad());
  std::vector<Tensor> results;
  {
    const NoGrad no_grad;
    results = function->forward(inputs);
  }
  return record(std::move(function), inputs, std::move(results));
}

std::vector<Tensor> record(std::shared_ptr<Function> function, TensorList inputs,
                           std::vector<Tensor> results) {
  Function::State& state = *function->state();
  const bool wanted = std::any_of(inputs.begin(), inputs.end(), [](const Tensor& input) {
    return input.defined() && input.requires_grad();
  });
  if (!wanted || !modes().grad) return results;
  check_dirty(*function, inputs, results);
  for (Tensor& result : results) {  // an input handed through gets a body of its own
    if (!is_among(result, inputs) || is_among(result, state.dirty)) continue;
    const bool constant = is_among(result, state.non_differentiable);
    result = new_alias(result);
    if (constant) state.non_differentiable.push_back(result);
  }
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  const Intrusive<Node> node = Node::create();
  auto rule = std::make_unique<FunctionRule>();
  rule->function = std::move(function);
  node->rule = std::move(rule);
  connect(*node, pointers, results);
  write_histories(node, state, results);
  drop_histories(state);
  if (modes().packs_saved) pack(node->name(), state);
  state.dirty.clear();
  state.non_differentiable.clear();
  return results;
}

}  // namespace tenon::autograd
