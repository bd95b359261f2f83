#include "tenon/graph/ir/weights.h"

namespace tenon::graph {
namespace {

bool is_product(const Step& step) {
  return step.kind == Record::Kind::kKernel && step.op && step.inputs.size() >= 2 &&
         (step.op->id == OpId::kMatmul || step.op->id == OpId::kLinear);
}

bool is_convolution(const Step& step) {
  return step.kind == Record::Kind::kKernel && step.op &&
         (step.op->id == OpId::kConv2d || step.op->id == OpId::kConv2dBlock ||
          step.op->id == OpId::kConv2dBlockPool);
}

}  // namespace

Weights::Weights(const Graph& graph) : graph_(graph), writes_(graph.slots.size()) {
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Step& step = graph.steps[i];
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      if (step.inputs[k].value == kNoValue) continue;
      const bool is_right = k >= 1 && (is_product(step) || is_convolution(step));
      const auto [known, is_new] = is_only_right_.emplace(step.inputs[k].value, is_right);
      known->second &= is_right;
    }
    for (const Operand& output : step.outputs) {
      ++writes_[output.slot];
      writer_[output.value] = i;
    }
  }
}

bool Weights::is_weight(const Operand& operand) const {
  if (operand.value == kNoValue) return false;
  const GraphSlot& slot = graph_.slots[operand.slot];
  return slot.external && slot.role != GraphSlot::Role::kInput && writes_[operand.slot] == 0;
}

bool Weights::is_cast(size_t i) const {
  const Step& step = graph_.steps[i];
  if (step.kind != Record::Kind::kTile || !step.op || step.op->id != OpId::kToDtype ||
      !step.members.empty() || step.inputs.size() != 1 || step.outputs.size() != 1) {
    return false;
  }
  const Operand& made = step.outputs[0];
  const GraphSlot& slot = graph_.slots[made.slot];
  const auto readers = is_only_right_.find(made.value);
  return is_weight(step.inputs[0]) && made.natural && !slot.external && !slot.live &&
         writes_[made.slot] == 1 && readers != is_only_right_.end() && readers->second;
}

/// Of a convolution with a batch norm by known numbers, all inputs but the images.
std::vector<uint32_t> Weights::folded(const Step& step) const {
  constexpr size_t kNorm = 3;
  if (step.inputs.size() <= kNorm || step.inputs[kNorm].value == kNoValue) return {};
  std::vector<uint32_t> slots;
  for (size_t k = 1; k < step.inputs.size(); ++k) {
    if (step.inputs[k].value == kNoValue) continue;
    if (!is_weight(step.inputs[k])) return {};
    slots.push_back(step.inputs[k].slot);
  }
  return slots;
}

std::vector<uint32_t> Weights::of(size_t i) const {
  const Step& step = graph_.steps[i];
  if (is_cast(i)) return {step.inputs[0].slot};
  if (is_convolution(step)) return folded(step);
  if (!is_product(step) || step.attribute_count != 0 || !step.constants.empty()) return {};
  const Operand& right = step.inputs[1];
  if (is_weight(right)) return {right.slot};
  const auto writer = writer_.find(right.value);
  if (writer == writer_.end() || writer->second >= i || !is_cast(writer->second)) return {};
  return {graph_.steps[writer->second].inputs[0].slot};
}

}  // namespace tenon::graph
