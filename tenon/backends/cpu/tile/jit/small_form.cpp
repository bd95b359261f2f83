#include "tenon/backends/cpu/tile/jit/small_form.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <map>
#include <mutex>

#include "tenon/base/fork_safe_mutex.h"
#include "tenon/tile/machine_code_internal.h"

namespace tenon::cpu::jit {
namespace {

using tile::Family;
using tile::Instruction;
using tile::Op;

constexpr size_t kMostWork = 1024;  // vector instructions, about
// Of a row: what the interpreter adds up in lanes before it goes on in double.
constexpr size_t kMostRowVectors = 64;

/// Vector instructions that an op takes, about.
size_t work_of(Op op) {
  const bool is_function = (op >= Op::kExp && op <= Op::kLog10) || op == Op::kTanh ||
                           op == Op::kSigmoid || op == Op::kErf;
  return is_function ? 24 : 1;
}

/// Of doubles only one is read at a time, such as a learning rate that a tensor holds.
bool can_read_one(DType dtype) { return can_load(dtype) || dtype == kFloat64; }
bool can_read(const PassInput& input) {
  return input.repeated ? can_read_one(input.dtype) : can_load(input.dtype);
}

bool can_generate(const Instruction& instruction, const SmallForm& form) {
  switch (info_of(instruction.op).family) {
    case Family::kSource:
      switch (instruction.op) {
        case Op::kLoad:
          return can_read(form.inputs[instruction.slot]);
        case Op::kLoadRow:
          return form.one_row && can_read_one(form.inputs[instruction.slot].dtype);
        case Op::kRowLength:
          return form.one_row;
        default:
          return instruction.op == Op::kConstant || instruction.op == Op::kScalar;
      }
    case Family::kUnary:
    case Family::kBinary:
    case Family::kTernary:
      return can_compute(instruction.op);
    case Family::kReduction:
      return form.one_row && (instruction.op == Op::kRowSum || instruction.op == Op::kRowMax ||
                              instruction.op == Op::kRowMin);
    case Family::kStore:
      return can_store(form.outputs[instruction.slot]);
    default:
      return false;
  }
}

/// Code by form, for all threads; it lives as long as a launch has it.
class Cache {
 public:
  static Cache& instance() {
    static Cache* cache = new Cache;  // threads that outlive main may still use it
    return *cache;
  }

  std::shared_ptr<const CodeMemory> find_or_generate(const SmallForm& form) {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<const CodeMemory>& known = codes_[form.key()];
    if (auto code = known.lock()) return code;
    using Clock = std::chrono::steady_clock;
    tile::MachineCodeCounters& counters = tile::machine_code_counters();
    const auto start = Clock::now();
    std::shared_ptr<const CodeMemory> code = generate(form);
    if (code == nullptr) {
      ++counters.refused;
      return nullptr;
    }
    counters.nanoseconds += std::chrono::nanoseconds(Clock::now() - start).count();
    ++counters.compiled;
    known = code;
    forget_gone();
    return code;
  }

 private:
  void forget_gone() {
    if (codes_.size() < most_) return;
    std::erase_if(codes_, [](const auto& code) { return code.second.expired(); });
    most_ = std::max<size_t>(64, 2 * codes_.size());
  }

  ForkSafeMutex mutex_;
  std::map<std::vector<uint64_t>, std::weak_ptr<const CodeMemory>> codes_;
  size_t most_ = 64;
};

}  // namespace

std::vector<uint64_t> SmallForm::key() const {
  std::vector<uint64_t> words;
  const auto put = [&words](auto... values) {
    (words.push_back(static_cast<uint64_t>(values)), ...);
  };
  put(set, count, one_row, inputs.size(), outputs.size());
  for (const PassInput& input : inputs) put(input.dtype, input.repeated);
  for (const DType output : outputs) put(output);
  for (const Instruction& i : program.instructions()) {
    put(i.op, i.a, i.b, i.c, i.slot, std::bit_cast<uint64_t>(i.constant), i.integer);
  }
  return words;
}

bool can_generate(const SmallForm& form) {
  const size_t counted = (form.count + lanes_of(form.set) - 1) / lanes_of(form.set);
  const size_t vectors = std::max<size_t>(counted, 1);
  if (form.one_row && vectors > kMostRowVectors) return false;
  size_t work = 0;
  for (const Instruction& instruction : form.program.instructions()) {
    if (!can_generate(instruction, form)) return false;
    work += vectors * work_of(instruction.op);
  }
  return work <= kMostWork;
}

std::shared_ptr<const CodeMemory> find_or_generate(const SmallForm& form) {
  return Cache::instance().find_or_generate(form);
}

}  // namespace tenon::cpu::jit
