// Turns calls into nodes of the backward graph; dispatch calls these through its Recorder.

#include <fmt/format.h>

#include "tenon/autograd/node.h"
#include "tenon/autograd/packed.h"
#include "tenon/autograd/view_history.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"

namespace tenon::autograd {
namespace {

/// Keeps what hooks make of a tensor in its place.
void pack(Node& node, const Call& call, const Tensor& tensor, size_t i, bool is_output) {
  if (!node.extras) node.extras = std::make_unique<ResultExtras>();
  auto& packed = is_output ? node.extras->outputs : node.extras->inputs;
  if (packed.size() <= i) packed.resize(i + 1);
  packed[i] = std::make_shared<const Packed>(call.op.name, tensor);
}

template <size_t N>
void save(Node& node, const Call& call, Tensor tensor, SavedTensors<N>& saved, size_t i) {
  if (tensor.impl()->inference) {
    fail<AutogradError>(call.op.name,
                        "a tensor made in inference mode can't be saved for a gradient; "
                        "clone() it outside of inference mode first");
  }
  if (modes().packs_saved) [[unlikely]] {
    return pack(node, call, tensor, i, static_cast<void*>(&saved) == &node.outputs);
  }
  tensor.impl()->storage->saved.store(true, std::memory_order_relaxed);
  saved.versions[i] = tensor.version();
  saved.tensors[i] = std::move(tensor);
}

/// Of a connected node; `wanted` as connect() gave it.
void save_inputs(Node& node, const Call& call, uint32_t wanted) {
  const OpDef& op = call.op;
  if (op.saved_inputs != 0) {
    node.inputs.allocate(call.inputs.size());
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      if (op.saves(i, wanted) && call.has(i)) save(node, call, call.input(i), node.inputs, i);
    }
  }
  if (op.saves_specs) {
    node.input_specs.resize(call.inputs.size());
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      if (call.has(i)) node.input_specs[i] = {call.input(i).dtype(), call.input(i).sizes()};
    }
  }
  if (!call.attributes.empty()) {
    node.attributes.assign(call.attributes.begin(), call.attributes.end());
  }
}

/// Results are saved without their history, which would be a cycle; the engine gives it back.
void save_outputs(Node& node, const Call& call, std::span<const Tensor> outputs) {
  if (call.op.saved_outputs == 0) return;
  node.outputs.allocate(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!(call.op.saved_outputs >> i & 1)) continue;
    save(node, call, new_alias(outputs[i]), node.outputs, i);
  }
}

Intrusive<Node> new_node(const Call& call) {
  if (!call.op.vjp_rule) {
    fail<AutogradError>(call.op.name,
                        "its definition gives neither a gradient nor says that it has "
                        "none: call vjp() or not_differentiable() there");
  }
  Intrusive<Node> node = Node::create();
  node->op = &call.op;
  return node;
}

void record(const Call& call, std::span<Tensor> outputs) {
  if (call.op.nondifferentiable) return;
  Intrusive<Node> node = new_node(call);
  if (call.op.id == OpId::kAsStrided) {
    node->rule = as_strided_rule(call.input(0), outputs[0]);
    if (node->rule) node->op = nullptr;
  }
  const uint32_t wanted = connect(*node, call.inputs, outputs);
  save_inputs(*node, call, wanted);
  save_outputs(*node, call, outputs);
  const size_t last = outputs.size() - 1;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined() || !is_differentiable(outputs[i].dtype())) continue;
    // The last result takes our reference over: counting is what costs here.
    set_history(outputs[i], i == last ? std::move(node) : node, static_cast<uint32_t>(i));
  }
}

void check_inplace(const Call& call, const Tensor& self) {
  const bool leaf = self.is_leaf() && self.requires_grad();
  const TensorImpl* base = self.impl()->base.get();
  const bool leaf_view = base && base->requires_grad && !base->grad_node;
  if (leaf || leaf_view) {
    fail<AutogradError>(call.op.name,
                        fmt::format("in place: {} that requires a gradient can't be written while "
                                    "recording; do it under NoGrad, or on a clone()",
                                    leaf ? "a leaf" : "a view of a leaf"));
  }
  if (self.impl()->inference) {
    fail<AutogradError>(call.op.name,
                        "in place: a tensor made in inference mode can't enter a graph; "
                        "clone() it first");
  }
}

void record_inplace(const Call& call, const Tensor& original, const Tensor& self) {
  if (call.op.nondifferentiable) return;
  std::vector<const Tensor*> inputs(call.inputs.begin(), call.inputs.end());
  const Intrusive<Node> node = new_node(call);
  // Edges of `self` before the write.
  const uint32_t wanted = connect(*node, inputs, {&self, 1});
  if (original.defined()) {
    inputs[0] = &original;
    const Edge& before = node->edges[0];
    if (before.node) {
      set_history(original, Intrusive<Node>::share(static_cast<Node*>(before.node.get())),
                  before.index);
    }
  }
  const Call seen{call.op, inputs, call.attributes};
  save_inputs(*node, seen, wanted);
  save_outputs(*node, seen, {&self, 1});
  write_history(self, node);
}

constexpr Recorder kRecorder = {record, check_inplace, record_inplace};
const bool registered = (set_recorder(&kRecorder), true);

}  // namespace
}  // namespace tenon::autograd
