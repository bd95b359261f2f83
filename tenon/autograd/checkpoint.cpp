#include <fmt/format.h>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/engine.h"
#include "tenon/autograd/packed.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/autocast_internal.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

using CheckpointedFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

/// Puts the calling thread's generator back to an earlier state while it lives.
class ReplayedGenerator {
 public:
  explicit ReplayedGenerator(const Generator& state) : now_(default_generator()) {
    default_generator() = state;
  }
  ~ReplayedGenerator() { default_generator() = now_; }

 private:
  Generator now_;
};

struct CheckpointRule final : autograd::Rule {
  CheckpointedFunction function;
  std::vector<Tensor> inputs;
  std::vector<uint32_t> versions;
  /// One an input where hooks packed them; `inputs` are undefined then.
  std::vector<autograd::Packed> packed;
  Generator generator;
  DType autocast = kFloat32;  ///< the mode of the forward call

  std::string_view name() const override { return "checkpoint"; }

  Grads run(const autograd::Node& node, std::span<const Tensor> grads) override {
    const std::vector<Tensor> inputs = saved_inputs(node);
    const bool create_graph = modes().grad;
    const EnableGrad enable;
    // Views, so that gradients can be caught at the edge of the function and flow on from there
    // when the pass is itself recorded.
    std::vector<Tensor> seen;
    autograd::Captures captures;
    captures.stop_there = true;
    captures.outer = autograd::current_captures();
    std::vector<size_t> places;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].requires_grad()) {
        seen.push_back(inputs[i]);
        continue;
      }
      seen.push_back(as_strided(inputs[i], inputs[i].sizes(), inputs[i].strides(),
                                inputs[i].storage_offset()));
      captures.edges.push_back(autograd::edge_of(seen.back()));
      places.push_back(i);
    }
    captures.grads.resize(captures.edges.size());
    std::vector<Tensor> outputs;
    {
      const ReplayedGenerator replay(generator);
      const AutocastMode mode(autocast);
      outputs = function(seen);
    }
    run_inner(outputs, grads, captures, create_graph);
    std::vector<Tensor> result(inputs.size());
    for (size_t i = 0; i < places.size(); ++i) result[places[i]] = captures.grads[i];
    return Grads(std::move(result));
  }

  /// What the function takes from around it: parameters.
  bool reaches_others() const override { return true; }

  void visit_saved(const std::function<void(Tensor&)>& visit) override {
    for (Tensor& input : inputs) visit(input);
  }

  void release() override {
    inputs.clear();
    packed.clear();
  }

 private:
  std::vector<Tensor> saved_inputs(const autograd::Node& node) const {
    std::vector<Tensor> all = inputs;
    for (size_t i = 0; i < packed.size(); ++i) {
      all[i] = packed[i].unpack(name());
      if (node.edges[i]) autograd::lead_to(all[i], node.edges[i]);
    }
    for (size_t i = 0; packed.empty() && i < all.size(); ++i) {
      if (all[i].version() == versions[i]) continue;
      fail<AutogradError>("checkpoint", fmt::format("input {} was overwritten in place since the "
                                                    "forward call; clone() it first",
                                                    i));
    }
    return all;
  }

  /// With an outer capture list everything is captured; else leaves inside the function
  /// (parameters) accumulate as they would without the checkpoint.
  static void run_inner(std::span<const Tensor> outputs, std::span<const Tensor> grads,
                        autograd::Captures& captures, bool create_graph) {
    captures.leaves_accumulate = !captures.outer;
    if (outputs.size() != grads.size()) {
      fail<AutogradError>("checkpoint", fmt::format("the function gave {} results at first and {} "
                                                    "when it ran again",
                                                    grads.size(), outputs.size()));
    }
    std::vector<Tensor> roots, starts;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!grads[i].defined() || !outputs[i].requires_grad()) continue;
      roots.push_back(outputs[i]);
      starts.push_back(grads[i]);
    }
    if (roots.empty()) return;
    autograd::run_backward(roots, starts, {create_graph, create_graph, &captures});
  }
};

}  // namespace

Tensor checkpoint(std::function<Tensor(const std::vector<Tensor>&)> function, TensorList inputs) {
  const CheckpointedFunction several =
      [one = std::move(function)](const std::vector<Tensor>& arguments) {
        return std::vector<Tensor>{one(arguments)};
      };
  return checkpoint(several, inputs)[0];
}

std::vector<Tensor> checkpoint(CheckpointedFunction function, TensorList inputs) {
  auto rule = std::make_unique<CheckpointRule>();
  rule->generator = default_generator();
  rule->autocast = modes().autocast;
  std::vector<Tensor> arguments(inputs.begin(), inputs.end()), outputs;
  {
    const NoGrad no_grad;
    outputs = function(arguments);
  }
  if (!modes().grad) return outputs;
  for (Tensor& output : outputs) {  // an input handed through gets a body of its own
    for (const Tensor& argument : arguments) {
      if (output.is_same(argument)) output = new_alias(output);
    }
  }
  std::vector<const Tensor*> pointers;
  for (const Tensor& argument : arguments) {
    pointers.push_back(&argument);
    argument.impl()->storage->saved = true;
    rule->versions.push_back(argument.version());
  }
  rule->function = std::move(function);
  rule->inputs = arguments;
  if (modes().packs_saved) {
    for (Tensor& input : rule->inputs) {
      rule->packed.emplace_back(rule->name(), input);
      input = Tensor();
    }
  }
  const Intrusive<autograd::Node> node = autograd::Node::create();
  node->rule = std::move(rule);
  autograd::connect(*node, pointers, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!is_differentiable(outputs[i].dtype())) continue;
    autograd::set_history(outputs[i], node, static_cast<uint32_t>(i));
  }
  return outputs;
}

}  // namespace tenon
