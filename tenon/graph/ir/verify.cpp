#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <variant>

#include "tenon/base/error.h"
#include "tenon/dispatch/autocast_internal.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/ir/fork.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/graph/ir/weights.h"

namespace tenon::graph {
namespace {

/// Elements that a layout reaches, from the first to behind the last; empty: both 0.
struct Range {
  __int128 begin = 0, end = 0;
};

Range reach(std::span<const int64_t> sizes, std::span<const int64_t> strides, int64_t offset) {
  Range range{offset, static_cast<__int128>(offset) + 1};
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return {};
    const __int128 last = static_cast<__int128>(sizes[i] - 1) * strides[i];
    (last < 0 ? range.begin : range.end) += last;
  }
  return range;
}

/// What an attribute of the parameter may be.
bool is_of(const Attribute& attribute, ParamType type) {
  try {
    switch (type) {
      case ParamType::kOptionalInt:
      case ParamType::kOptionalDim:
        attribute.as<std::optional<int64_t>>();
        return true;
      case ParamType::kInt:
      case ParamType::kDim:
        attribute.as<int64_t>();
        return true;
      case ParamType::kInts:
      case ParamType::kDims:
        attribute.as<IntList>();
        return true;
      case ParamType::kOptionalFloat:
        attribute.as<std::optional<double>>();
        return true;
      case ParamType::kFloats:
        attribute.as<FloatList>();
        return true;
      case ParamType::kFloat:
        attribute.as<double>();
        return true;
      case ParamType::kBool:
        attribute.as<bool>();
        return true;
      case ParamType::kOptionalScalar:
        return !attribute.has_value() || attribute.is_number();
      case ParamType::kScalar:
        return attribute.is_number();
      case ParamType::kOptionalDType:
        attribute.as<std::optional<DType>>();
        return true;
      case ParamType::kDType:
        attribute.as<DType>();
        return true;
      case ParamType::kOptionalDevice:
        return !attribute.has_value() || attribute.is_device();
      case ParamType::kDevice:
        return attribute.is_device();
      case ParamType::kText:
        attribute.as<std::string_view>();
        return true;
      case ParamType::kGenerator:
        attribute.as<Generator*>();
        return true;
      case ParamType::kTensor:
      case ParamType::kOptionalTensor:
      case ParamType::kTensorOrScalar:
      case ParamType::kTensorList:
        return false;
    }
  } catch (const std::bad_variant_access&) {
    return false;
  }
  return false;
}

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), value_of_(graph.slots.size(), kNoValue) {}

  void all() {
    for (const GraphSlot& slot : graph_.slots) {
      check(slot.dims + 2 * size_t{slot.rank} < graph_.dims.size(), "a slot without numbers");
      if (slot.external) value_of_[&slot - graph_.slots.data()] = slot.value;
    }
    for (; step_ < graph_.steps.size(); ++step_) {
      const Step& step = graph_.steps[step_];
      check(!step.outputs.empty(), "it has no results");
      for (const Operand& input : step.inputs) check_input(input);
      for (const Operand& output : step.outputs) check_layout(output);
      if (step.kind == Record::Kind::kLoop) {
        check_loop(step);
      } else if (step.kind == Record::Kind::kTile) {
        check_tile(step);
      } else {
        check_kernel(step);
      }
      for (const Operand& output : step.outputs) value_of_[output.slot] = output.value;
    }
    check_forks();
    const Weights weights(graph_);
    for (step_ = 0; step_ < graph_.steps.size(); ++step_) {
      check(!graph_.steps[step_].keeps_weight || !weights.of(step_).empty(),
            "it has no weight to keep");
    }
    for (const Operand& result : graph_.results) {
      check(result.value != kNoValue && graph_.slots[result.slot].live, "a result that isn't kept");
      check_input(result);
    }
  }

 private:
  void check(bool right, std::string_view what) const {
    if (right) return;
    const std::string where =
        step_ < graph_.steps.size()
            ? fmt::format("step {} ({})", step_, title_of(graph_.steps[step_]))
            : "its storages";
    fail<ValueError>("graph", fmt::format("{}: {}", where, what));
  }

  void check_input(const Operand& input) const {
    if (input.value == kNoValue) return;
    check_layout(input);
    check(value_of_[input.slot] == input.value,
          fmt::format("%{} is read, which its storage doesn't hold then", input.value));
  }

  /// The operand stays within its storage.
  void check_layout(const Operand& operand) const {
    check(operand.slot < graph_.slots.size(), "a storage that isn't there");
    check(operand.dims + 2 * size_t{operand.rank} < graph_.dims.size(), "an operand without sizes");
    const GraphSlot& slot = graph_.slots[operand.slot];
    const std::span<const int64_t> sizes = graph_.sizes_of(operand);
    for (const int64_t size : sizes) check(size >= 0, "a negative size");
    if (!slot.natural) return;  // how large it is shows in the run
    const Range range = reach(sizes, graph_.strides_of(operand), graph_.offset_of(operand));
    __int128 bytes = size_of(slot.dtype);
    for (const int64_t size : graph_.sizes_of(slot)) {
      bytes *= size;
      check(size >= 0 && bytes <= std::numeric_limits<int64_t>::max(), "a storage of no real size");
    }
    check(range.begin >= 0 && range.end * static_cast<int>(size_of(operand.dtype)) <= bytes,
          fmt::format("%{} is used beyond its storage", operand.value));
  }

  void check_tile(const Step& step) const {
    check(!step.program.empty(), "it has no program");
    check(!is_complex(step.computed) && step.program.exists_in(compute_of(step.computed)),
          fmt::format("its program doesn't compute in {}", name_of(step.computed)));
    check(static_cast<size_t>(step.program.inputs()) <= step.inputs.size() &&
              static_cast<size_t>(step.program.outputs()) == step.outputs.size() &&
              static_cast<size_t>(step.program.scalars()) <= step.scalars.size(),
          "its program has other inputs, results or numbers");
    check(!step.by_blocks || (step_ > 0 && can_run_by_blocks(graph_.steps[step_ - 1], step)),
          "it can't run by blocks of what the step before it makes");
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      check_space(step, step.inputs[i], step.inputs_lack_rows[i]);
    }
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      const Operand& output = step.outputs[i];
      const uint64_t repeats = check_space(step, output, step.outputs_lack_rows[i]);
      const bool row = step.program.is_row_output(static_cast<int>(i));
      check((repeats & ~(row ? step.row_mask : 0)) == 0, "a result is smaller than the space");
    }
  }

  /// That the operand goes with the space; the dims along which it repeats.
  uint64_t check_space(const Step& step, const Operand& operand, bool lacks_rows) const {
    if (operand.value == kNoValue) return 0;
    check(!is_complex(operand.dtype), "a tile program of complex numbers");
    const std::span<const int64_t> sizes = graph_.sizes_of(operand);
    const int64_t* const space = graph_.dims.data() + step.space;
    uint64_t repeats = 0;
    size_t left = sizes.size();
    for (size_t i = step.space_rank; i-- > 0;) {
      const bool absent = left == 0 || (lacks_rows && (step.row_mask >> i & 1));
      const int64_t size = absent ? 1 : sizes[--left];
      check(size == space[i] || size == 1,
            fmt::format("%{} doesn't broadcast to the step's space", operand.value));
      repeats |= static_cast<uint64_t>(size != space[i]) << i;
    }
    check(left == 0, fmt::format("%{} has more dims than the step's space", operand.value));
    return repeats;
  }

  /// Numbered in their order; and no chain touches what another one writes.
  void check_forks() {
    uint32_t fork = 0, chain = 0;
    bool is_within = false;
    for (step_ = 0; step_ < graph_.steps.size(); ++step_) {
      const Step& step = graph_.steps[step_];
      check((step.fork == 0) == (step.chain == 0), "a chain of no fork, or a fork without a chain");
      if (step.fork == 0) {
        is_within = false;
        continue;
      }
      const bool goes_on = is_within && step.fork == fork;
      check(goes_on ? step.chain == chain || step.chain == chain + 1
                    : step.fork == fork + 1 && step.chain == 1,
            "forks and their chains are numbered from 1 in the order of the steps");
      check(step.kind != Record::Kind::kLoop && !step.by_blocks, "it can't be part of a chain");
      fork = step.fork;
      chain = step.chain;
      is_within = true;
    }
    for (const Fork& one : forks_of(graph_.steps)) check_chains(one);
  }

  void check_chains(const Fork& fork) {
    constexpr uint32_t kNone = 0, kSeveral = ~uint32_t{0};
    std::map<uint32_t, uint32_t> users;  // of each slot: the chain
    const auto for_each_slot = [&](auto visit) {
      for (step_ = fork.begin(); step_ < fork.end(); ++step_) {
        const Step& step = graph_.steps[step_];
        for (const Operand& input : step.inputs) {
          if (input.value != kNoValue) visit(input.slot, step.chain, false);
        }
        for (const Operand& output : step.outputs) visit(output.slot, step.chain, true);
      }
    };
    for_each_slot([&](uint32_t slot, uint32_t chain, bool) {
      uint32_t& user = users[slot];
      user = user == kNone || user == chain ? chain : kSeveral;
    });
    for_each_slot([&](uint32_t slot, uint32_t, bool writes) {
      check(!writes || users[slot] != kSeveral, "it writes what another chain of its fork uses");
    });
  }

  /// The body's external slots are the step's inputs, and those that it writes the step's outputs.
  void check_loop(const Step& step) const {
    check(step.body != nullptr && step.rounds > 0 && graph_.fixed, "no loop");
    const Graph& body = *step.body;
    verify(body);
    std::vector<bool> written(body.slots.size());
    for (const Step& inner : body.steps) {
      for (const Operand& output : inner.outputs) written[output.slot] = true;
    }
    size_t inputs = 0, outputs = 0;
    std::vector<uint32_t> slots;
    for (size_t i = 0; i < body.slots.size(); ++i) {
      const GraphSlot& slot = body.slots[i];
      check(slot.live == slot.external, "its body keeps what it makes");
      if (!slot.external) continue;
      check_handed(step.inputs, inputs++, body, slot);
      check(std::find(slots.begin(), slots.end(), step.inputs[inputs - 1].slot) == slots.end(),
            "its body has two slots for one storage");
      slots.push_back(step.inputs[inputs - 1].slot);
      if (!written[i]) continue;
      check_handed(step.outputs, outputs++, body, slot);
      check(step.outputs[outputs - 1].slot == slots.back(), "a result in another storage");
    }
    check(inputs == step.inputs.size() && outputs == step.outputs.size() && body.results.empty(),
          "its body has other inputs or results");
  }

  void check_handed(const std::vector<Operand>& operands, size_t i, const Graph& body,
                    const GraphSlot& slot) const {
    check(i < operands.size() && operands[i].value != kNoValue, "its body has other inputs");
    const GraphSlot& own = graph_.slots[operands[i].slot];
    const auto is = graph_.sizes_of(own), wanted = body.sizes_of(slot);
    check(own.dtype == slot.dtype && (own.natural || !slot.natural) &&
              std::equal(is.begin(), is.end(), wanted.begin(), wanted.end()),
          fmt::format("%{} isn't what its body takes", operands[i].value));
  }

  /// Types the call on tensors without data.
  void check_kernel(const Step& step) const {
    check(step.kernel != nullptr, "the host has no kernel for it");
    check(step.attributes + size_t{step.attribute_count} <= graph_.attributes.size(),
          "attributes that aren't there");
    const std::vector<Attribute> attributes = checked_attributes(step);
    std::vector<Tensor> inputs, outputs(step.outputs.size());
    for (const Operand& input : step.inputs) {
      inputs.push_back(input.value == kNoValue
                           ? Tensor()
                           : new_tensor(graph_.sizes_of(input), input.dtype, kMeta));
    }
    std::vector<const Tensor*> list;
    for (const Tensor& input : inputs) list.push_back(&input);
    const NotDeferred at_once;
    const NoGrad no_grad;
    const AutocastMode as_recorded(kFloat32);  // casts are steps of their own
    try {
      dispatch(Call{*step.op, list, attributes}, outputs);
    } catch (const Error& error) {
      check(false, error.what());
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Operand& output = step.outputs[i];
      const std::span<const int64_t> sizes = graph_.sizes_of(output);
      check(output.natural && outputs[i].defined() && outputs[i].dtype() == output.dtype &&
                std::equal(sizes.begin(), sizes.end(), outputs[i].sizes().begin(),
                           outputs[i].sizes().end()),
            fmt::format("%{} isn't what the op gives", output.value));
    }
  }

  /// Of the types that the op takes; a device is 'meta'.
  std::vector<Attribute> checked_attributes(const Step& step) const {
    const auto recorded =
        std::span(graph_.attributes).subspan(step.attributes, step.attribute_count);
    std::vector<Attribute> given(recorded.begin(), recorded.end()), attributes;
    given.insert(given.end(), step.constants.begin(), step.constants.end());
    for (const uint32_t scalar : step.scalars) given.emplace_back(graph_.scalars[scalar].real);
    size_t tensors = 0;
    bool has_list = false;
    for (const ParamInfo& param : step.op->params) {
      has_list |= param.type == ParamType::kTensorList;
      // A scalar in place of a tensor has become one.
      if (param.type == ParamType::kTensor || param.type == ParamType::kOptionalTensor ||
          param.type == ParamType::kTensorList || param.type == ParamType::kTensorOrScalar) {
        ++tensors;
        continue;
      }
      check(attributes.size() < given.size() && is_of(given[attributes.size()], param.type),
            fmt::format("its argument '{}' is missing or of another type", param.name));
      const Attribute& attribute = given[attributes.size()];
      attributes.push_back(attribute.is_device() ? Attribute(kMeta) : attribute);
    }
    check(attributes.size() == given.size(), "it has more arguments than the op");
    check(has_list || step.inputs.size() == tensors, "it has another number of inputs than the op");
    check(step.outputs.size() == step.op->result_count, "it has another number of results");
    return attributes;
  }

  const Graph& graph_;
  std::vector<uint32_t> value_of_;  // that each slot holds now
  size_t step_ = 0;
};

}  // namespace

void verify(const Graph& graph) { Verifier(graph).all(); }

}  // namespace tenon::graph
