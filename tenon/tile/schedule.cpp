#include "tenon/tile/schedule.h"

#include <algorithm>

namespace tenon::tile {
namespace {

constexpr int16_t kDead = -2;

class Scheduler {
 public:
  Scheduler(std::span<const Instruction> instructions, std::vector<Kind> kinds)
      : code_(instructions) {
    s_.kinds = std::move(kinds);
  }

  Schedule run() {
    find_live();
    find_earliest();
    place_stores();
    sink();
    find_kept();
    emit();
    for (size_t p = 0; p < s_.passes.size(); ++p) assign_buffers(p);
    find_facts();
    return std::move(s_);
  }

 private:
  size_t arity(size_t i) const { return info_of(code_[i].op).arity; }
  uint16_t operand(size_t i, size_t k) const {
    return k == 0 ? code_[i].a : k == 1 ? code_[i].b : code_[i].c;
  }
  bool is_tile(size_t i) const { return s_.kinds[i] == Kind::kTile; }
  bool is_reduction(size_t i) const { return info_of(code_[i].op).family == Family::kReduction; }
  bool is_tile_store(size_t i) const {
    if (code_[i].op != Op::kStore) return false;
    const Kind kind = s_.kinds[code_[i].a];
    return kind == Kind::kTile || kind == Kind::kUniform;
  }
  /// Cheaper to make again in each pass than to keep.
  bool is_free(size_t i) const {
    const Op op = code_[i].op;
    if (op == Op::kLoad) return !code_[i].keep;
    return op == Op::kRowPosition || op == Op::kLinearIndex || op == Op::kIsAt;
  }

  void find_live() {
    live_.assign(code_.size(), false);
    for (size_t i = code_.size(); i-- > 0;) {
      if (code_[i].op == Op::kStore) live_[i] = true;
      if (!live_[i]) continue;
      for (size_t k = 0; k < arity(i); ++k) live_[operand(i, k)] = true;
    }
  }

  /// For tiles and reductions: the first pass that can run them; for row values: the pass that
  /// they follow.
  void find_earliest() {
    s_.pass_of.assign(code_.size(), kDead);
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!live_[i]) continue;
      const bool in_sweep = is_tile(i) || is_reduction(i) || is_tile_store(i);
      int pass = in_sweep ? 0 : -1;
      for (size_t k = 0; k < arity(i); ++k) {
        const uint16_t v = operand(i, k);
        if (code_[i].op == Op::kRowVariance || is_tile(v) || !in_sweep) {
          pass = std::max<int>(pass, s_.pass_of[v]);
        } else {
          pass = std::max(pass, s_.pass_of[v] + 1);
        }
      }
      s_.pass_of[i] = static_cast<int16_t>(pass);
    }
  }

  /// Moves a computed tile that only later passes use into the first of them, which saves keeping
  /// it.
  void sink() {
    std::vector<int> first_use(code_.size(), INT32_MAX);
    for (size_t i = code_.size(); i-- > 0;) {
      if (!live_[i]) continue;
      if (is_tile(i) && !is_free(i) && first_use[i] != INT32_MAX) {
        s_.pass_of[i] = static_cast<int16_t>(std::max<int>(s_.pass_of[i], first_use[i]));
      }
      if (!is_tile(i) && !is_reduction(i) && !is_tile_store(i)) continue;
      for (size_t k = 0; k < arity(i); ++k) {
        first_use[operand(i, k)] = std::min<int>(first_use[operand(i, k)], s_.pass_of[i]);
      }
    }
  }

  /// Tiles and row values are stored by the last pass, after every pick: an output that is also an
  /// input may be overwritten only when nobody reads it any more.
  void place_stores() {
    int passes = 0;
    bool stores = false;
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!live_[i]) continue;
      stores |= is_tile_store(i);
      if (is_tile(i) || is_reduction(i) || is_tile_store(i)) {
        passes = std::max(passes, s_.pass_of[i] + 1);
      }
    }
    for (size_t i = 0; i < code_.size(); ++i) {
      if (live_[i] && stores && code_[i].op == Op::kPick) {
        passes = std::max(passes, s_.pass_of[i] + 2);
      }
    }
    for (size_t i = 0; i < code_.size(); ++i) {
      if (live_[i] && code_[i].op == Op::kStore) s_.pass_of[i] = static_cast<int16_t>(passes - 1);
    }
    s_.passes.resize(static_cast<size_t>(passes));
  }

  void find_kept() {
    s_.keep_number.assign(code_.size(), Schedule::kNoSlot);
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!live_[i] || !(is_tile(i) || is_reduction(i) || is_tile_store(i))) continue;
      for (size_t k = 0; k < arity(i); ++k) {
        const uint16_t v = operand(i, k);
        if (!is_tile(v) || is_free(v) || s_.pass_of[v] == s_.pass_of[i]) continue;
        if (s_.keep_number[v] != Schedule::kNoSlot) continue;
        s_.keep_number[v] = static_cast<uint16_t>(s_.kept.size());
        s_.kept.push_back(v);
      }
    }
  }

  void emit_free_operands(size_t i, Pass& pass, std::vector<bool>& emitted) {
    for (size_t k = 0; k < arity(i); ++k) {
      const uint16_t v = operand(i, k);
      if (!is_tile(v) || !is_free(v) || emitted[v]) continue;
      emitted[v] = true;
      pass.tile_steps.push_back(v);
    }
  }

  void emit() {
    for (size_t p = 0; p < s_.passes.size(); ++p) {
      Pass& pass = s_.passes[p];
      std::vector<bool> emitted(code_.size(), false);
      for (size_t i = 0; i < code_.size(); ++i) {
        if (!live_[i] || s_.pass_of[i] != static_cast<int>(p)) continue;
        if (is_tile_store(i)) {
          emit_free_operands(i, pass, emitted);
          pass.stores.push_back(static_cast<uint16_t>(i));
        } else if (is_reduction(i) || (is_tile(i) && !is_free(i))) {
          emit_free_operands(i, pass, emitted);
          if (code_[i].op != Op::kRowVariance) pass.tile_steps.push_back(static_cast<uint16_t>(i));
          if (is_reduction(i)) pass.row_steps.push_back(static_cast<uint16_t>(i));
        } else if (!is_tile(i) && s_.kinds[i] != Kind::kUniform) {
          pass.row_steps.push_back(static_cast<uint16_t>(i));
        }
      }
    }
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!live_[i]) continue;
      if (s_.kinds[i] == Kind::kUniform) {
        s_.uniform_steps.push_back(static_cast<uint16_t>(i));
      } else if (s_.pass_of[i] == -1) {
        s_.row_prologue.push_back(static_cast<uint16_t>(i));
      }
    }
  }

  /// Linear scan over the pass: a buffer is free again after the last step that reads its tile.
  void assign_buffers(size_t p) {
    const Pass& pass = s_.passes[p];
    std::vector<uint16_t> buffers(code_.size(), Schedule::kNoSlot);
    std::vector<size_t> last_use(code_.size(), 0);
    for (size_t t = 0; t < pass.tile_steps.size(); ++t) {
      const size_t i = pass.tile_steps[t];
      for (size_t k = 0; k < arity(i); ++k) last_use[operand(i, k)] = t;
    }
    for (uint16_t store : pass.stores) last_use[code_[store].a] = SIZE_MAX;
    std::vector<uint16_t> free;
    int count = 0;
    for (size_t t = 0; t < pass.tile_steps.size(); ++t) {
      const uint16_t i = pass.tile_steps[t];
      for (size_t k = 0; k < arity(i); ++k) {
        const uint16_t v = operand(i, k);
        const bool again = (k > 0 && operand(i, 0) == v) || (k > 1 && operand(i, 1) == v);
        if (again || buffers[v] == Schedule::kNoSlot || last_use[v] != t) continue;
        free.push_back(buffers[v]);
      }
      if (!is_tile(i) || s_.keep_number[i] != Schedule::kNoSlot) continue;
      if (free.empty()) free.push_back(static_cast<uint16_t>(count++));
      buffers[i] = free.back();
      free.pop_back();
    }
    s_.buffer_count = std::max(s_.buffer_count, count);
    s_.buffers.push_back(std::move(buffers));
  }

  void find_facts() {
    s_.row_numbers.assign(code_.size(), Schedule::kNoSlot);
    s_.state_numbers.assign(code_.size(), Schedule::kNoSlot);
    s_.spread_rows.assign(code_.size(), false);
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!live_[i]) continue;
      const Op op = code_[i].op;
      const Family family = info_of(op).family;
      const bool reads_tiles = is_tile(i) || family == Family::kReduction;
      for (size_t k = 0; k < arity(i) && reads_tiles; ++k) {
        const uint16_t v = operand(i, k);
        if (s_.kinds[v] == Kind::kRow) s_.spread_rows[v] = true;
      }
      if (s_.kinds[i] == Kind::kRow || s_.kinds[i] == Kind::kIndex) {
        s_.row_numbers[i] = static_cast<uint16_t>(s_.row_count++);
      }
      if (op == Op::kRowVariance) {
        s_.state_numbers[i] = s_.state_numbers[code_[i].a];
      } else if (family == Family::kReduction) {
        s_.state_numbers[i] = static_cast<uint16_t>(s_.reduction_count++);
      } else if (family == Family::kScan) {
        s_.state_numbers[i] = static_cast<uint16_t>(s_.scans.size());
        s_.scans.push_back(static_cast<uint16_t>(i));
      }
      s_.has_reductions |= family == Family::kReduction;
      s_.has_scans |= family == Family::kScan;
      s_.needs_linear_index |= op == Op::kLinearIndex || op == Op::kRandomUniform ||
                               op == Op::kRandomNormal || op == Op::kRandomBits;
      s_.needs_row |= family == Family::kReduction || family == Family::kScan ||
                      family == Family::kIndex || op == Op::kRowPosition || op == Op::kLoadIndex ||
                      op == Op::kLoadRow;
    }
  }

  std::span<const Instruction> code_;
  std::vector<bool> live_;
  Schedule s_;
};

}  // namespace

Schedule schedule(std::span<const Instruction> instructions, std::vector<Kind> kinds) {
  return Scheduler(instructions, std::move(kinds)).run();
}

}  // namespace tenon::tile
