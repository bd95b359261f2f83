#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tenon/base/error.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

using tile::Family;
using tile::Instruction;

// A longer program has shorter tiles, as all its values share the cache.
constexpr size_t kMostInstructions = 96;
constexpr size_t kMostInputs = 16;
constexpr size_t kMostScalars = 32;

/// What of a program decides which others it can join.
struct Traits {
  bool asks_for_position = false;  ///< where in its row an element is, or whole rows
  bool counts_elements = false;    ///< random numbers, linear index
  bool scans = false;
};

Traits traits_of(const tile::Program& program) {
  Traits traits;
  for (const Instruction& instruction : program.instructions()) {
    switch (instruction.op) {
      case tile::Op::kRowPosition:
      case tile::Op::kRowLength:
      case tile::Op::kLoadIndex:
      case tile::Op::kLoadRow:
        traits.asks_for_position = true;
        break;
      case tile::Op::kLinearIndex:
      case tile::Op::kRandomUniform:
      case tile::Op::kRandomNormal:
      case tile::Op::kRandomBits:
        traits.counts_elements = true;
        break;
      default: {
        const Family family = tile::info_of(instruction.op).family;
        traits.asks_for_position |= family == Family::kIndex || family == Family::kReduction;
        traits.scans |= family == Family::kScan;
      }
    }
  }
  return traits;
}

/// Whether a value stored as `dtype` reads back as it was computed.
bool keeps_value(DType dtype, DType computed) {
  switch (compute_of(computed)) {
    case tile::Compute::kF32:
      return dtype == kFloat32;
    case tile::Compute::kF64:
      return dtype == kFloat64;
    case tile::Compute::kI64:
      return dtype == kInt64;
    case tile::Compute::kU64:
      return dtype == kUInt64;
  }
  return false;
}

/// Steps that run as one, in their order, over one space: the first member's, except where some are
/// of 0-d tensors and others, whose space is a single row, are not. Then it is the others'.
struct Group {
  std::vector<const Step*> members;
  uint64_t row_mask = 0;

  /// A member of the group's space.
  const Step& widest() const {
    for (const Step* member : members) {
      if (member->space_rank != 0) return *member;
    }
    return *members.front();
  }
  /// Whether the member computes with single numbers, which in the group's space are the row's.
  bool is_of_numbers(const Step& member) const {
    return member.space_rank == 0 && widest().space_rank != 0;
  }
};

/// Whether the mask has all dims.
bool is_one_row(uint64_t row_mask, size_t rank) {
  return rank > 0 && row_mask == (uint64_t{1} << rank) - 1;
}

/// A group's program and operands while they are written down.
class Fusion {
 public:
  Fusion(const Group& group, const Graph& graph) : group_(group), graph_(graph) {}

  /// `stored`: whether a value is wanted outside of the group. Nothing when the group makes no
  /// program.
  template <class IsStored>
  std::optional<Step> build(IsStored stored) {
    const Step& first = *group_.members.front();
    result_.kind = Record::Kind::kTile;
    result_.op = first.op;
    result_.computed = first.computed;
    result_.row_mask = group_.row_mask;
    result_.space_rank = group_.widest().space_rank;
    result_.space = group_.widest().space;
    for (const Step* member : group_.members) {
      if (!add(*member)) return {};
    }
    store(stored);
    if (code_.size() > kMostInstructions || result_.inputs.size() > kMostInputs ||
        result_.scalars.size() > kMostScalars) {
      return {};
    }
    if (result_.outputs.empty()) return {};
    try {
      result_.program = tile::Program::from_instructions(code_);
    } catch (const ValueError&) {
      return {};  // a reduction of what is the same all along the row, for one
    }
    return is_right() ? std::optional<Step>(std::move(result_)) : std::nullopt;
  }

  /// What must hold of other sizes for the program to be right.
  void add_assumptions(std::vector<EqualDims>& assumed) const {
    assumed.insert(assumed.end(), shared_.begin(), shared_.end());
  }

 private:
  struct Made {
    uint16_t instruction;
    const Operand* output;
    bool row;
  };

  bool is_loaded(const Made& made) const {
    const tile::Op op = code_[made.instruction].op;
    return op == tile::Op::kLoad || op == tile::Op::kLoadIndex || op == tile::Op::kLoadRow;
  }

  uint16_t emit(Instruction instruction) {
    code_.push_back(instruction);
    return static_cast<uint16_t>(code_.size() - 1);
  }

  bool same_layout(const Operand& a, const Operand& b) const {
    if (a.rank != b.rank || a.dtype != b.dtype) return false;
    const int64_t* dims = graph_.dims.data();
    return std::equal(dims + a.dims, dims + a.dims + 2 * a.rank + 1, dims + b.dims);
  }

  uint16_t input_number(const Operand& operand, bool lacks_rows) {
    for (size_t i = 0; i < result_.inputs.size(); ++i) {
      const Operand& known = result_.inputs[i];
      if (known.value == operand.value && result_.inputs_lack_rows[i] == lacks_rows &&
          operand.natural && known.natural && same_layout(known, operand)) {
        return static_cast<uint16_t>(i);
      }
    }
    result_.inputs.push_back(operand);
    result_.inputs_lack_rows.push_back(lacks_rows);
    return static_cast<uint16_t>(result_.inputs.size() - 1);
  }

  uint16_t load(const Instruction& instruction, const Operand& operand, bool lacks_rows) {
    const uint16_t input = input_number(operand, lacks_rows);
    const auto key = std::pair(instruction.op, input);
    const auto found = loads_.find(key);
    if (found != loads_.end()) return found->second;
    Instruction copy = instruction;
    copy.slot = input;
    return loads_[key] = emit(copy);
  }

  /// False where the member can't be part of the program.
  bool add(const Step& member) {
    const auto code = member.program.instructions();
    const bool is_of_numbers = group_.is_of_numbers(member);
    std::vector<uint16_t> numbers(code.size());
    if (member.random) {
      if (result_.random) return false;
      result_.random = true;
      result_.draw = member.draw;
    }
    for (size_t i = 0; i < code.size(); ++i) {
      Instruction copy = code[i];
      const int arity = tile::info_of(copy.op).arity;
      if (arity > 0) copy.a = numbers[copy.a];
      if (arity > 1) copy.b = numbers[copy.b];
      if (arity > 2) copy.c = numbers[copy.c];
      switch (copy.op) {
        case tile::Op::kLoad:
        case tile::Op::kLoadIndex: {
          const Operand& operand = member.inputs[copy.slot];
          if (operand.value == kNoValue) return false;
          const auto made = made_.find(operand.value);
          if (made != made_.end() && copy.op == tile::Op::kLoad) {
            numbers[i] = made->second.instruction;
          } else if (made != made_.end()) {
            return false;
          } else {
            if (is_of_numbers) copy.op = tile::Op::kLoadRow;
            numbers[i] = load(copy, operand, is_of_numbers || member.inputs_lack_rows[copy.slot]);
          }
          break;
        }
        case tile::Op::kPick: {
          const Operand& operand = member.inputs[copy.slot];
          if (made_.contains(operand.value)) return false;
          copy.slot = input_number(operand, member.inputs_lack_rows[copy.slot]);
          numbers[i] = emit(copy);
          break;
        }
        case tile::Op::kScalar:
          result_.scalars.push_back(member.scalars[copy.slot]);
          copy.slot = static_cast<uint16_t>(result_.scalars.size() - 1);
          numbers[i] = emit(copy);
          break;
        case tile::Op::kStore: {
          const Operand& output = member.outputs[copy.slot];
          made_[output.value] = {copy.a, &output,
                                 is_of_numbers || member.program.is_row_output(copy.slot)};
          lack_rows_[output.value] = is_of_numbers || member.outputs_lack_rows[copy.slot];
          break;
        }
        default:
          numbers[i] = emit(copy);
      }
    }
    return true;
  }

  /// What was only loaded is stored first: a store into its place would change it.
  template <class IsStored>
  void store(IsStored stored) {
    for (const bool loaded : {true, false}) {
      for (const auto& [value, made] : made_) {
        if (is_loaded(made) == loaded && stored(*made.output)) store(value, made);
      }
    }
  }

  void store(uint32_t value, const Made& made) {
    if (is_loaded(made)) {
      const uint32_t from = result_.inputs[code_[made.instruction].slot].slot;
      const auto writes_it = [&](const Operand& output) { return output.slot == from; };
      clobbers_ |= std::any_of(result_.outputs.begin(), result_.outputs.end(), writes_it);
    }
    Instruction instruction{.op = tile::Op::kStore};
    instruction.a = made.instruction;
    instruction.slot = static_cast<uint16_t>(result_.outputs.size());
    emit(instruction);
    result_.outputs.push_back(*made.output);
    result_.outputs_lack_rows.push_back(lack_rows_[value]);
    row_outputs_.push_back(made.row);
  }

  /// What the program stores per row and per element is what its members stored so; and what it
  /// writes it reads, if at all, element by element.
  bool is_right() {
    if (clobbers_) return false;
    for (size_t i = 0; i < result_.outputs.size(); ++i) {
      if (result_.program.is_row_output(static_cast<int>(i)) != row_outputs_[i]) return false;
      for (size_t k = 0; k < i; ++k) {
        if (result_.outputs[k].slot == result_.outputs[i].slot) return false;
      }
      for (const Operand& input : result_.inputs) {
        const Operand& output = result_.outputs[i];
        if (input.value == kNoValue || input.slot != output.slot) continue;
        if (!same_layout(input, output)) return false;
        if (!input.natural || !output.natural) {
          shared_.push_back({input.dims, output.dims, 2u * input.rank + 1});
        }
      }
    }
    return true;
  }

  const Group& group_;
  const Graph& graph_;
  Step result_;
  std::vector<Instruction> code_;
  std::map<uint32_t, Made> made_;  // by value, so in the order in which they were made
  std::map<uint32_t, bool> lack_rows_;
  std::map<std::pair<tile::Op, uint16_t>, uint16_t> loads_;
  std::vector<bool> row_outputs_;
  bool clobbers_ = false;          ///< two values change places
  std::vector<EqualDims> shared_;  ///< layouts of what is read and written in one place
};

class Fuser {
 public:
  explicit Fuser(Graph& graph)
      : steps_(graph.steps),
        graph_(graph),
        assumed_(graph.assumed),
        dependencies_(graph),
        groups_(graph.steps.size()) {}

  void run() {
    find_uses();
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (can_join(steps_[i])) groups_[i] = {{&steps_[i]}, steps_[i].row_mask};
      join_producers(i);
    }
    std::vector<Step> fused;
    for (const size_t node : dependencies_.order()) fused.push_back(finished(node));
    steps_ = std::move(fused);
  }

 private:
  static bool can_join(const Step& step) {
    return step.kind == Record::Kind::kTile && !step.reversed_rows && !may_throw(step) &&
           !traits_of(step.program).scans;
  }

  void find_uses() {
    for (size_t i = 0; i < steps_.size(); ++i) {
      for (const Operand& output : steps_[i].outputs) {
        producer_[output.value] = i;
        last_value_[output.slot] = output.value;
      }
      for (const Operand& input : steps_[i].inputs) {
        if (input.value != kNoValue) readers_[input.value].push_back(i);
      }
      if (!may_throw(steps_[i])) continue;
      for (const auto& [slot, value] : last_value_) {
        if (graph_.slots[slot].live) seen_after_error_.insert(value);
      }
    }
  }

  /// Joins the groups that make what step `i` reads with the step's own, one after the other.
  void join_producers(size_t i) {
    for (const Operand& input : steps_[i].inputs) {
      const auto producer = producer_.find(input.value);
      if (producer == producer_.end() || producer->second >= i) continue;
      const size_t a = dependencies_.node_of(producer->second), b = dependencies_.node_of(i);
      if (a == b || groups_[a].members.empty() || groups_[b].members.empty()) continue;
      if (steps_[i].space_rank == 0 && !read_the_same(groups_[a], groups_[b])) continue;
      join(std::min(a, b), std::max(a, b));
    }
  }

  /// Whether one of two is of numbers alone, or both read a value. Others that only a number links
  /// would need all memory of both at once.
  static bool read_the_same(const Group& a, const Group& b) {
    if (a.widest().space_rank == 0 || b.widest().space_rank == 0) return true;
    const auto reads = [](const Group& group, uint32_t value) {
      return std::any_of(group.members.begin(), group.members.end(), [value](const Step* member) {
        return std::any_of(member->inputs.begin(), member->inputs.end(),
                           [value](const Operand& input) { return input.value == value; });
      });
    };
    return std::any_of(a.members.begin(), a.members.end(), [&](const Step* member) {
      return std::any_of(member->inputs.begin(), member->inputs.end(), [&](const Operand& input) {
        return input.value != kNoValue && input.rank != 0 && reads(b, input.value);
      });
    });
  }

  /// False, having changed nothing, where the two can't be one program.
  bool join(size_t a, size_t b) {
    Group group;
    group.members = groups_[a].members;
    group.members.insert(group.members.end(), groups_[b].members.begin(), groups_[b].members.end());
    std::sort(group.members.begin(), group.members.end());  // the steps' own order
    const Step &x = groups_[a].widest(), &y = groups_[b].widest();
    if (compute_of(x.computed) != compute_of(y.computed)) return false;
    const bool same = same_space(x, y);
    if (!same && (x.space_rank != 0 && y.space_rank != 0)) return false;
    if (!joined_mask(group, group.row_mask)) return false;
    if (!same && !is_one_row(group.row_mask, group.widest().space_rank)) return false;
    if (!hands_over(group) || dependencies_.has_detour(a, b)) return false;
    Fusion fusion(group, graph_);
    if (!fusion.build([&](const Operand& o) { return is_wanted(o, a, b); })) return false;
    fusion.add_assumptions(assumed_);
    if (same) assumed_.push_back({x.space, y.space, x.space_rank});
    dependencies_.merge(a, b);
    groups_[a] = std::move(group);
    groups_[b] = {};
    return true;
  }

  bool same_space(const Step& a, const Step& b) const {
    const int64_t* dims = graph_.dims.data();
    return a.space_rank == b.space_rank &&
           std::equal(dims + a.space, dims + a.space + a.space_rank, dims + b.space);
  }

  /// Elementwise programs run over any rows; those that look at their rows, over their own.
  static bool joined_mask(const Group& group, uint64_t& mask) {
    uint64_t asked = 0;
    bool asks = false;
    for (const Step* member : group.members) {
      const Traits traits = traits_of(member->program);
      if (group.is_of_numbers(*member) && (traits.asks_for_position || traits.counts_elements)) {
        return false;
      }
      if (!traits.asks_for_position) continue;
      if (asks && asked != member->row_mask) return false;
      asks = true;
      asked = member->row_mask;
    }
    mask = asked;
    // Elements are counted in the order of the launch: rows must be the last dims for it to be the
    // space's own.
    const unsigned rank = group.widest().space_rank;
    const uint64_t rows = static_cast<uint64_t>(__builtin_popcountll(mask));
    const bool trailing = mask == (((uint64_t{1} << rows) - 1) << (rank - rows));
    return trailing || std::none_of(group.members.begin(), group.members.end(), [](const Step* m) {
             return traits_of(m->program).counts_elements;
           });
  }

  /// Whether every value that one member makes and another reads is read as it was made: whole, or
  /// one per row.
  bool hands_over(const Group& group) const {
    std::map<uint32_t, std::pair<const Operand*, bool>> made;
    for (const Step* member : group.members) {
      for (size_t i = 0; i < member->inputs.size(); ++i) {
        const Operand& input = member->inputs[i];
        const auto found = made.find(input.value);
        if (found == made.end()) continue;
        const auto [output, row] = found->second;
        const bool is_number =
            row && input.rank == 0 && is_one_row(group.row_mask, group.widest().space_rank);
        if (!input.natural || !output->natural ||
            (input.rank != member->space_rank && !is_number) || input.dtype != output->dtype ||
            !keeps_value(input.dtype, member->computed) || member->inputs_lack_rows[i]) {
          return false;
        }
        if (input.broadcast != (row ? group.row_mask & long_dims(*member) : 0)) return false;
      }
      for (size_t i = 0; i < member->outputs.size(); ++i) {
        made[member->outputs[i].value] = {
            &member->outputs[i],
            group.is_of_numbers(*member) || member->program.is_row_output(static_cast<int>(i))};
      }
    }
    return true;
  }

  /// Dims of the space that are longer than 1.
  uint64_t long_dims(const Step& step) const {
    uint64_t mask = 0;
    for (size_t i = 0; i < step.space_rank; ++i) {
      mask |= static_cast<uint64_t>(graph_.dims[step.space + i] != 1) << i;
    }
    return mask;
  }

  /// Whether anybody but the nodes `a` and `b` reads the value.
  bool is_wanted(const Operand& output, size_t a, size_t b) const {
    const auto last = last_value_.find(output.slot);
    if (graph_.slots[output.slot].live && last->second == output.value) return true;
    if (seen_after_error_.contains(output.value)) return true;
    if (!output.natural) return true;
    const auto readers = readers_.find(output.value);
    if (readers == readers_.end()) return false;
    return std::any_of(readers->second.begin(), readers->second.end(), [&](size_t reader) {
      const size_t node = dependencies_.node_of(reader);
      return node != a && node != b;
    });
  }

  Step finished(size_t node) {
    const Group& group = groups_[node];
    if (group.members.size() < 2) return std::move(steps_[node]);
    std::optional<Step> step =
        Fusion(group, graph_).build([&](const Operand& o) { return is_wanted(o, node, node); });
    for (const Step* member : group.members) step->members.push_back(member->op);
    return std::move(*step);
  }

  std::vector<Step>& steps_;
  const Graph& graph_;
  std::vector<EqualDims>& assumed_;
  Dependencies dependencies_;
  std::vector<Group> groups_;  // of nodes that are tile steps; empty otherwise
  std::map<uint32_t, size_t> producer_;
  std::map<uint32_t, uint32_t> last_value_;  // of each slot
  std::map<uint32_t, std::vector<size_t>> readers_;
  /// Values that a live slot holds while a step runs that may throw.
  std::set<uint32_t> seen_after_error_;
};

}  // namespace

void fuse_tile_steps(Graph& graph) { Fuser(graph).run(); }

}  // namespace tenon::graph
