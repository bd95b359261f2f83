// Programs over few contiguous elements, elementwise or of one row: each instruction is one kernel
// call, with no plan; those that run again and again are one piece of machine code.

#include <cstring>
#include <memory>
#include <vector>

#include "tenon/backends/cpu/tile/accumulate.h"
#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/plan.h"
#include "tenon/backends/cpu/tile/small_code.h"
#include "tenon/dispatch/backend.h"
#include "tenon/tile/machine_code.h"

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Family;
using tile::Instruction;
using tile::Op;

constexpr size_t kMostInstructions = 128;
// Of making code for a launch, and of one instruction on few elements.
constexpr double kCompileNanoseconds = 100'000;
constexpr double kInstructionNanoseconds = 10;

constexpr DType native_dtype(Compute compute) {
  constexpr DType kNative[tile::kComputeCount] = {kFloat32, kFloat64, kInt64, kUInt64};
  return kNative[static_cast<int>(compute)];
}

/// A cell is a vector wide, so that a kernel may write whole ones.
struct alignas(64) Cell {
  char bytes[64];
};

/// What instructions compute, a tile each; one set a thread, as an instruction never runs another
/// program.
struct Memory {
  std::vector<Cell> tiles;
  Cell cells[kMostInstructions];
};

struct Value {
  const void* data = nullptr;
  bool scalar = false;
};

class SmallRun {
 public:
  SmallRun(const tile::SmallLaunch& launch, Memory& memory)
      : launch_(launch),
        code_(launch.program->instructions()),
        memory_(memory),
        kernels_(cpu::kernels().classes[static_cast<int>(launch.compute)]),
        native_(native_dtype(launch.compute)),
        // Kernels may write whole vectors.
        cells_per_tile_(launch.count * 8 / sizeof(Cell) + 1) {
    const size_t cells = cells_per_tile_ * code_.size();
    if (memory_.tiles.size() < cells) memory_.tiles.resize(cells);
  }

  /// False when an instruction is of no kind that this can run; nothing has been stored then.
  bool run() {
    // The step before the only store may write the output itself: nothing reads an input after it.
    const bool straight = launch_.outputs.size() == 1 && code_.size() >= 2 &&
                          code_.back().op == Op::kStore && code_.back().a == code_.size() - 2 &&
                          launch_.outputs[0].dtype == native_;
    for (size_t i = 0; i < code_.size(); ++i) {
      const bool last = straight && i + 2 == code_.size();
      if (!step(i, last ? launch_.outputs[0].data : tile(i))) return false;
    }
    for (const Instruction& instruction : code_) {
      if (instruction.op == Op::kStore) store(instruction);
    }
    return true;
  }

 private:
  char* tile(size_t i) { return memory_.tiles[i * cells_per_tile_].bytes; }

  bool step(size_t i, void* place) {
    const Instruction& instruction = code_[i];
    switch (info_of(instruction.op).family) {
      case Family::kSource:
        return source(i, place);
      case Family::kUnary:
        return elementwise(i, values_[instruction.a], values_[instruction.a], place);
      case Family::kBinary:
        return elementwise(i, values_[instruction.a], values_[instruction.b], place);
      case Family::kTernary:
        return ternary(i, place);
      case Family::kReduction:
        return launch_.one_row && reduce(i, values_[instruction.a]);
      case Family::kStore:
        return true;
      default:
        return false;
    }
  }

  bool source(size_t i, void* place) {
    const Instruction& instruction = code_[i];
    if (instruction.op == Op::kLoad) return load(i, place);
    if (instruction.op == Op::kLoadRow) return launch_.one_row && load_row(i);
    tile::Scalar64 number;
    if (instruction.op == Op::kConstant) {
      number.real = instruction.constant;
      number.integer = instruction.integer;
    } else if (instruction.op == Op::kScalar) {
      number = launch_.scalars[instruction.slot];
    } else if (instruction.op == Op::kRowLength && launch_.one_row) {
      number = tile::Scalar64(static_cast<int64_t>(launch_.count));
    } else {
      return false;
    }
    put_number(i, number);
    return true;
  }

  void put_number(size_t i, const tile::Scalar64& number) {
    void* cell = memory_.cells[i].bytes;
    switch (launch_.compute) {
      case Compute::kF32: {
        const auto narrow = static_cast<float>(number.real);
        std::memcpy(cell, &narrow, sizeof narrow);
        break;
      }
      case Compute::kF64:
        std::memcpy(cell, &number.real, sizeof number.real);
        break;
      default:
        std::memcpy(cell, &number.integer, sizeof number.integer);
    }
    values_[i] = {cell, true};
  }

  bool load(size_t i, void* place) {
    const tile::SmallLaunch::Input& input = launch_.inputs[code_[i].slot];
    if (input.dtype == native_) {
      values_[i] = {input.data, input.repeated};
      return true;
    }
    ConvertKernel convert = kernels_.load[static_cast<int>(input.dtype)];
    if (!convert) return false;
    void* out = input.repeated ? memory_.cells[i].bytes : place;
    // The output may be the memory that a later load reads: convert into a tile of our own.
    if (out == launch_.outputs[0].data) out = tile(i);
    convert(input.data, out, input.repeated ? 1 : launch_.count);
    values_[i] = {out, input.repeated};
    return true;
  }

  bool load_row(size_t i) {
    const tile::SmallLaunch::Input& input = launch_.inputs[code_[i].slot];
    char* cell = memory_.cells[i].bytes;
    kernels_.load[static_cast<int>(input.dtype)](input.data, cell, 1);
    values_[i] = {cell, true};
    return true;
  }

  bool elementwise(size_t i, Value a, Value b, void* place) {
    const auto op = static_cast<int>(code_[i].op);
    if (!kernels_.elementwise[op]) return false;
    if (a.scalar && b.scalar) {
      kernels_.elementwise[op](a.data, b.data, memory_.cells[i].bytes, 1);
      values_[i] = {memory_.cells[i].bytes, true};
      return true;
    }
    const ElementwiseKernel kernel = a.scalar   ? kernels_.left_scalar[op]
                                     : b.scalar ? kernels_.right_scalar[op]
                                                : kernels_.elementwise[op];
    if (!kernel) return false;
    kernel(a.data, b.data, place, launch_.count);
    values_[i] = {place, false};
    return true;
  }

  bool ternary(size_t i, void* place) {
    const Instruction& instruction = code_[i];
    const TernaryKernel kernel =
        instruction.op == Op::kSelect ? kernels_.select : kernels_.multiply_add;
    if (!kernel) return false;
    const Value a = values_[instruction.a], b = values_[instruction.b], c = values_[instruction.c];
    const unsigned scalars = (a.scalar ? 1u : 0) | (b.scalar ? 2u : 0) | (c.scalar ? 4u : 0);
    const bool scalar = scalars == 7;
    void* out = scalar ? memory_.cells[i].bytes : place;
    kernel(a.data, b.data, c.data, out, scalar ? 1 : launch_.count, scalar ? 0 : scalars);
    values_[i] = {out, scalar};
    return true;
  }

  /// The row's sum, product or extreme, as the runner makes it of one tile.
  bool reduce(size_t i, Value value) {
    const Op op = code_[i].op;
    if (op != Op::kRowSum && op != Op::kRowProd && op != Op::kRowMax && op != Op::kRowMin) {
      return false;
    }
    if (value.scalar) {
      kernels_.fill(value.data, tile(i), launch_.count);
      value.data = tile(i);
    }
    uint64_t state[kStateFields];
    start_reduction(op, launch_.compute, state, 1, 1);
    kernels_.reduce[reduction_number(op)](value.data, launch_.count, 0, state);
    finish_reduction(op, launch_.compute, state, memory_.cells[i].bytes, 1, 1);
    values_[i] = {memory_.cells[i].bytes, true};
    return true;
  }

  void store(const Instruction& instruction) {
    const tile::SmallLaunch::Output& output = launch_.outputs[instruction.slot];
    const bool one = launch_.one_row && launch_.program->is_row_output(instruction.slot);
    const size_t count = one ? 1 : launch_.count;
    Value value = values_[instruction.a];
    if (value.scalar && !one) {
      // Of the store's own number, as values of other instructions may still be wanted.
      void* full = output.dtype == native_ ? output.data
                                           : tile(static_cast<size_t>(&instruction - &code_[0]));
      kernels_.fill(value.data, full, count);
      value = {full, false};
    }
    if (output.dtype != native_) {
      kernels_.store[static_cast<int>(output.dtype)](value.data, output.data, count);
    } else if (value.data != output.data) {
      std::memmove(output.data, value.data, count * size_of(launch_.compute));
    }
  }

  const tile::SmallLaunch& launch_;
  std::span<const Instruction> code_;
  Memory& memory_;
  const ClassKernels& kernels_;
  DType native_;
  size_t cells_per_tile_;
  Value values_[kMostInstructions];
};

/// Makes code for the launch once it is hot; false while the interpreter is to run it.
bool has_code(const tile::SmallLaunch& launch, const Kernels& table) {
  tile::SmallCode& code = *launch.code;
  const tile::MachineCodeMode mode = tile::machine_code();
  if (mode == tile::MachineCodeMode::kOff) return false;
  if (code.target == &table && code.function != nullptr) return true;
  if (code.target != &table) code = {.target = &table};
  if (code.refused) return false;
  code.heat += kInstructionNanoseconds * static_cast<double>(launch.program->instructions().size());
  if (mode == tile::MachineCodeMode::kHot && code.heat < kCompileNanoseconds) return false;
  const std::shared_ptr<const jit::CodeMemory> made = small_code(launch, table);
  code.refused = made == nullptr;
  if (code.refused) return false;
  code.function = reinterpret_cast<tile::SmallCode::Function>(made->address());
  code.memory = made;
  return true;
}

}  // namespace

bool run_small(const tile::SmallLaunch& launch) {
  if (launch.code != nullptr && has_code(launch, kernels())) {
    launch.code->function(launch.inputs.data(), launch.outputs.data(), launch.scalars.data());
    return true;
  }
  const tile::Program& program = *launch.program;
  if (launch.count > kMostSmallElements || program.instructions().size() > kMostInstructions ||
      !program.exists_in(launch.compute)) {
    return false;
  }
  // A longer row is several tiles, which the runner sums one after the other.
  if (launch.one_row &&
      static_cast<int64_t>(launch.count) > longest_tile(program.schedule(), launch.compute)) {
    return false;
  }
  static thread_local auto memory = std::make_unique<Memory>();
  return SmallRun(launch, *memory).run();
}

}  // namespace tenon::cpu
