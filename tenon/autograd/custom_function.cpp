#include "tenon/autograd/custom_function.h"

#include <fmt/format.h>

#include "tenon/autograd/node.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::autograd {

struct Function::State {
  struct SavedTensor {
    Tensor tensor;
    uint32_t version = 0;
  };
  std::vector<SavedTensor> saved;
  /// Which of `saved` are results: their history is given back when they are read.
  std::vector<int> result_of;
  std::vector<bool> needs;
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
      if (!full[i].defined())
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
    state_->saved.push_back({tensor, tensor.defined() ? tensor.version() : 0});
    state_->result_of.push_back(-1);
  }
}

Tensor Function::saved(size_t i) const {
  if (i >= state_->saved.size()) {
    fail<IndexError>(name(), fmt::format("saved({}) was asked for, but save() kept {} tensors{}", i,
                                         state_->saved.size(),
                                         state_->released ? " (the graph was freed)" : ""));
  }
  const State::SavedTensor& kept = state_->saved[i];
  if (kept.tensor.defined() && kept.tensor.version() != kept.version) {
    fail<AutogradError>(name(),
                        fmt::format("saved tensor {} was overwritten in place since: version {} "
                                    "was saved, it has version {} now; clone() it first",
                                    i, kept.version, kept.tensor.version()));
  }
  const int result = state_->result_of[i];
  if (result < 0 || !state_->node || !modes().grad) return kept.tensor;
  Tensor with_history = new_alias(kept.tensor);
  auto* node = const_cast<Node*>(state_->node);
  node->references.add();
  set_history(with_history, Intrusive<Node>::adopt(node), static_cast<uint32_t>(result));
  return with_history;
}

bool Function::needs_grad(size_t i) const { return i < state_->needs.size() && state_->needs[i]; }

std::vector<Tensor> apply(std::shared_ptr<Function> function, TensorList inputs) {
  bool wanted = false;
  for (const Tensor& input : inputs) {
    const bool needs = input.defined() && input.requires_grad();
    function->state()->needs.push_back(needs);
    wanted = wanted || needs;
  }
  wanted = wanted && modes().grad;
  std::vector<Tensor> results;
  {
    const NoGrad no_grad;
    results = function->forward(inputs);
  }
  if (!wanted) return results;
  for (Tensor& result : results) {  // an input handed through gets a body of its own
    for (const Tensor& input : inputs) {
      if (result.is_same(input)) result = new_alias(result);
    }
  }
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  const Intrusive<Node> node = Node::create();
  Function::State& state = *function->state();
  auto rule = std::make_unique<FunctionRule>();
  rule->function = std::move(function);
  node->rule = std::move(rule);
  connect(*node, pointers, results);
  for (size_t r = 0; r < results.size(); ++r) {
    for (size_t i = 0; i < state.saved.size(); ++i) {
      if (!state.saved[i].tensor.is_same(results[r])) continue;
      state.saved[i].tensor = new_alias(results[r]);  // no cycle through the node
      state.result_of[i] = static_cast<int>(r);
    }
    if (is_differentiable(results[r].dtype()))
      set_history(results[r], node, static_cast<uint32_t>(r));
  }
  return results;
}

}  // namespace tenon::autograd
