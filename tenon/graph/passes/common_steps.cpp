#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

/// Finds steps that compute what an earlier one did, and has their readers read that.
class CommonSteps {
 public:
  explicit CommonSteps(Graph& graph) : graph_(graph), writes_(graph.slots.size()) {
    for (const Step& step : graph.steps) {
      for (const Operand& output : step.outputs) ++writes_[output.slot];
    }
  }

  void run() {
    std::vector<bool> left_out(graph_.steps.size());
    for (size_t i = 0; i < graph_.steps.size(); ++i) {
      Step& step = graph_.steps[i];
      for (Operand& input : step.inputs) redirect(input);
      if (!can_be_common(step)) continue;
      const uint32_t of = step.inputs.empty() ? kNoValue : step.inputs[0].value;
      std::vector<const Step*>& alike = known_[{step.op, of}];
      const auto found = std::find_if(alike.begin(), alike.end(),
                                      [&](const Step* other) { return same(*other, step); });
      if (found == alike.end()) {
        alike.push_back(&step);
        continue;
      }
      assume(**found, step);
      for (size_t k = 0; k < step.outputs.size(); ++k) {
        stands_for_[step.outputs[k].value] = &(*found)->outputs[k];
      }
      left_out[i] = true;
    }
    for (Operand& result : graph_.results) redirect(result);
    size_t at = 0;
    std::erase_if(graph_.steps, [&](const Step&) { return left_out[at++]; });
  }

 private:
  /// Same numbers in, same numbers out, into storages that nothing else writes or looks at. Host
  /// numbers that differ in place may differ in the next call.
  bool can_be_common(const Step& step) const {
    const bool has_numbers =
        step.kind == Record::Kind::kTile ? step.program.scalars() != 0 : step.attribute_count != 0;
    if (has_numbers || step.random || step.kind == Record::Kind::kLoop) return false;
    for (const Operand& output : step.outputs) {
      const GraphSlot& slot = graph_.slots[output.slot];
      if (!output.natural || slot.live || writes_[output.slot] != 1) return false;
    }
    return std::all_of(step.inputs.begin(), step.inputs.end(), [&](const Operand& input) {
      return input.value == kNoValue || is_constant(input);
    });
  }

  /// A value that stays what it is until the graph ends: of a storage that is written once, or only
  /// read.
  bool is_constant(const Operand& input) const {
    return writes_[input.slot] == (graph_.slots[input.slot].external ? 0 : 1);
  }

  bool same(const Step& a, const Step& b) const {
    if (a.kind != b.kind || a.inputs.size() != b.inputs.size() ||
        a.outputs.size() != b.outputs.size()) {
      return false;
    }
    if (a.kind == Record::Kind::kTile) {
      const int64_t* const dims = graph_.dims.data();
      if (!(a.program == b.program) || a.computed != b.computed || a.row_mask != b.row_mask ||
          a.reversed_rows != b.reversed_rows || a.space_rank != b.space_rank ||
          a.inputs_lack_rows != b.inputs_lack_rows || a.outputs_lack_rows != b.outputs_lack_rows ||
          !std::equal(dims + a.space, dims + a.space + a.space_rank, dims + b.space)) {
        return false;
      }
    }
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      if (!same(a.inputs[i], b.inputs[i])) return false;
    }
    for (size_t i = 0; i < a.outputs.size(); ++i) {
      if (a.outputs[i].dtype != b.outputs[i].dtype || !same_sizes(a.outputs[i], b.outputs[i])) {
        return false;
      }
    }
    return true;
  }

  bool same(const Operand& a, const Operand& b) const {
    if (a.value != b.value) return false;
    if (a.value == kNoValue) return true;
    const int64_t* const dims = graph_.dims.data();
    return a.dtype == b.dtype && a.rank == b.rank && a.natural == b.natural &&
           std::equal(dims + a.dims, dims + a.dims + 2 * a.rank + 1, dims + b.dims);
  }

  bool same_sizes(const Operand& a, const Operand& b) const {
    const auto x = graph_.sizes_of(a), y = graph_.sizes_of(b);
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  }

  /// What of the numbers has to hold in other runs, too.
  void assume(const Step& a, const Step& b) {
    if (a.kind == Record::Kind::kTile) {
      graph_.assumed.push_back({a.space, b.space, a.space_rank});
    }
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      const Operand &x = a.inputs[i], &y = b.inputs[i];
      if (x.value != kNoValue && x.dims != y.dims) {
        graph_.assumed.push_back({x.dims, y.dims, 2u * x.rank + 1});
      }
    }
  }

  void redirect(Operand& operand) const {
    const auto found = stands_for_.find(operand.value);
    if (operand.value == kNoValue || found == stands_for_.end()) return;
    operand.value = found->second->value;
    operand.slot = found->second->slot;
    if (operand.natural) operand.dims = graph_.slots[operand.slot].dims;
  }

  Graph& graph_;
  std::vector<int> writes_;  // to each slot
  /// By op and first input's value.
  std::map<std::pair<const OpDef*, uint32_t>, std::vector<const Step*>> known_;
  std::map<uint32_t, const Operand*> stands_for_;  // of values that aren't made: who has them
};

}  // namespace

void merge_common_steps(Graph& graph) { CommonSteps(graph).run(); }

}  // namespace tenon::graph
