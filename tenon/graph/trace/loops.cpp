#include "tenon/graph/trace/loops.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

namespace tenon::graph {
namespace {

// A cut costs a few hundred nanoseconds and what fusion across it would have won.
constexpr size_t kFewestRecords = 48;
constexpr size_t kFewestRounds = 4;
constexpr size_t kLongestRound = 1024;

uint64_t program_of(const Record& record) {
  return record.kind == Record::Kind::kTile ? record.program.hash() : 0;
}

bool same_op(const Record& a, const Record& b) {
  return a.op == b.op && a.kind == b.kind && a.inputs.size() == b.inputs.size() &&
         a.outputs.size() == b.outputs.size() && program_of(a) == program_of(b);
}

/// Whether the operand moves on from round to round by the same steps, or doesn't.
bool moves_evenly(const Operand& now, const Operand& before, const Operand& first) {
  if (now.value == kNoValue || before.value == kNoValue || first.value == kNoValue) {
    return now.value == before.value && before.value == first.value;
  }
  // In numbers that wrap around, as steps may lead back.
  return now.dtype == before.dtype && now.rank == before.rank && now.natural == before.natural &&
         now.value - before.value == before.value - first.value &&
         now.slot - before.slot == before.slot - first.slot;
}

/// A stream's last rounds of `length` records each.
class Rounds {
 public:
  Rounds(std::span<const Record* const> records, std::span<const Slot> slots, size_t length)
      : records_(records), slots_(slots), length_(length) {}

  /// Whether there are that many. The first ones may get their operands from elsewhere.
  bool are_at_least(size_t count) const {
    if (count * length_ > records_.size()) return false;
    const size_t end = records_.size(), begin = end - (count - 1) * length_;
    for (size_t i = end; i-- > begin;) {
      if (!same_op(*records_[i], *records_[i - length_])) return false;
    }
    for (size_t i = end - length_; i < end; ++i) {
      if (!is_even(i)) return false;
    }
    return true;
  }

  /// Whether they have tensors from outside in common.
  bool share_externals() const {
    bool moves = false;
    for (size_t i = records_.size() - length_; i < records_.size(); ++i) {
      const Record& now = *records_[i];
      for (size_t k = 0; k < now.inputs.size(); ++k) {
        const Operand &input = now.inputs[k], &before = records_[i - length_]->inputs[k];
        if (input.value == kNoValue || !slots_[input.slot].external) continue;
        const bool stays = input.slot == before.slot;
        if (stays && now.kind == Record::Kind::kKernel) return true;
        moves = moves || (!stays && input.rank != 0);  // numbers of the host have no dims
      }
    }
    return !moves;
  }

  /// The record of a round with which all rounds should begin: of those at which its ops, read
  /// round and round, are the first by order.
  size_t beginning() const {
    const size_t base = records_.size() - length_;
    std::vector<uint64_t> keys;
    for (size_t i = base; i < records_.size(); ++i) keys.push_back(key_of(*records_[i]));
    size_t best = 0;
    for (size_t start = 1; start < length_; ++start) {
      for (size_t i = 0; i < length_; ++i) {
        const uint64_t a = keys[(start + i) % length_], b = keys[(best + i) % length_];
        if (a == b) continue;
        if (a < b) best = start;
        break;
      }
    }
    return base + best;
  }

 private:
  bool is_even(size_t i) const {
    const Record &now = *records_[i], &before = *records_[i - length_],
                 &first = *records_[i - 2 * length_];
    const auto all = [&](const std::vector<Operand>& a, const std::vector<Operand>& b,
                         const std::vector<Operand>& c) {
      for (size_t k = 0; k < a.size(); ++k) {
        if (!moves_evenly(a[k], b[k], c[k])) return false;
      }
      return true;
    };
    return all(now.inputs, before.inputs, first.inputs) &&
           all(now.outputs, before.outputs, first.outputs);
  }

  static uint64_t key_of(const Record& record) {
    const uint64_t name = record.op ? std::hash<std::string_view>()(record.op->name) : 0;
    return name * 0x9e3779b97f4a7c15u ^ program_of(record);
  }

  std::span<const Record* const> records_;
  std::span<const Slot> slots_;
  size_t length_;
};

}  // namespace

int64_t cut_of_loop(std::span<const Record* const> records, std::span<const Slot> slots) {
  const size_t count = records.size();
  const size_t longest = std::min(kLongestRound, count / kFewestRounds);
  for (size_t length = 1; length <= longest; ++length) {
    const Rounds rounds(records, slots, length);
    const size_t wanted = std::max(kFewestRounds, (kFewestRecords + length - 1) / length);
    if (!rounds.are_at_least(wanted)) continue;
    if (!rounds.share_externals()) return 0;
    const size_t beginning = rounds.beginning();
    const size_t passed = (count - beginning) % length;
    return static_cast<int64_t>(passed == 0 ? count : count + length - passed);
  }
  return 0;
}

}  // namespace tenon::graph
