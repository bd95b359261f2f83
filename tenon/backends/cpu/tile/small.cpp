// Programs over few contiguous elements, elementwise or of one row: each instruction is one kernel
// call, with no plan; those that run again and again are one piece of machine code.

#include <algorithm>
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

/// Code for just this launch, or for all of its kind. Only those without rows are of a kind.
std::shared_ptr<const jit::CodeMemory> make_code(const tile::SmallLaunch& launch,
                                                 const Kernels& table, bool any_count) {
  std::shared_ptr<const jit::CodeMemory> code;
  if (!any_count) code = small_code(launch, table, false);
  if (code == nullptr && !launch.one_row) code = small_code(launch, table, true);
  return code;
}

/// Makes code for the launch once it is hot; false while the interpreter is to run it.
bool has_code(const tile::SmallLaunch& launch, const Kernels& table, bool any_count = false) {
  tile::SmallCode& code = *launch.code;
  const tile::MachineCodeMode mode = tile::machine_code();
  if (mode == tile::MachineCodeMode::kOff) return false;
  if (code.target == &table && code.function != nullptr) return true;
  if (code.target != &table) code = {.target = &table};
  if (code.refused) return false;
  code.heat += kInstructionNanoseconds * static_cast<double>(launch.program->instructions().size());
  if (mode == tile::MachineCodeMode::kHot && code.heat < kCompileNanoseconds) return false;
  const std::shared_ptr<const jit::CodeMemory> made = make_code(launch, table, any_count);
  code.refused = made == nullptr;
  if (code.refused) return false;
  code.function = reinterpret_cast<tile::SmallCode::Function>(made->address());
  code.memory = made;
  return true;
}

tile::SmallPiece piece_of(const tile::SmallLaunch& launch) {
  return {launch.inputs.data(), launch.outputs.data(), launch.count};
}

/// Whether what all elements share is the same in two launches of one program.
bool is_same_to_all(const tile::SmallLaunch& a, const tile::SmallLaunch& b) {
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    if (a.inputs[i].repeated && a.inputs[i].data != b.inputs[i].data) return false;
  }
  return a.scalars.data() == b.scalars.data() || a.scalars.empty() ||
         std::memcmp(a.scalars.data(), b.scalars.data(), a.scalars.size_bytes()) == 0;
}

/// Runs code for all of their kind over the launches.
void run_pieces(const tile::SmallCode& code, std::span<const tile::SmallLaunch> launches) {
  constexpr size_t kMostPieces = 16;
  tile::SmallPiece pieces[kMostPieces];
  for (size_t begin = 0; begin < launches.size();) {
    size_t count = 0;
    while (begin + count < launches.size() && count < kMostPieces &&
           is_same_to_all(launches[begin], launches[begin + count])) {
      pieces[count] = piece_of(launches[begin + count]);
      ++count;
    }
    code.function(pieces, count, launches[begin].scalars.data());
    begin += count;
  }
}

/// Whether the launches have one program and are over one dim each, of few elements without gaps.
bool are_flat_and_alike(std::span<const tile::Launch> launches) {
  // Of all together: more are worth a second thread.
  constexpr int64_t kMostElements = 16 * kMostSmallElements;
  const tile::Launch& first = launches.front();
  const auto is_like = [](const tile::Operand& a, const tile::Operand& b) {
    return a.dtype == b.dtype && a.strides[0] == b.strides[0];
  };
  int64_t elements = 0;
  for (const tile::Launch& launch : launches) {
    if (launch.program != first.program || launch.compute != first.compute ||
        launch.row_dims != 0 || launch.sizes.size() != 1 || launch.sizes[0] == 0 ||
        launch.sizes[0] > kMostSmallElements) {
      return false;
    }
    elements += launch.sizes[0];
    if (!std::equal(launch.inputs.begin(), launch.inputs.end(), first.inputs.begin(), is_like) ||
        !std::equal(launch.outputs.begin(), launch.outputs.end(), first.outputs.begin(), is_like)) {
      return false;
    }
  }
  const auto is_piece = [](const tile::Operand& x) { return x.strides[0] == 1; };
  const auto repeats = [](const tile::Operand& x) { return x.strides[0] == 0; };
  return elements <= kMostElements &&
         std::all_of(first.outputs.begin(), first.outputs.end(), is_piece) &&
         std::all_of(first.inputs.begin(), first.inputs.end(),
                     [&](const tile::Operand& x) { return is_piece(x) || repeats(x); });
}

/// Such launches as small ones, and the code that their kind keeps.
class FlatBatch {
 public:
  bool has(const tile::Program& program) const {
    return !program_.empty() && program_.instructions().data() == program.instructions().data();
  }

  void take(std::span<const tile::Launch> launches) {
    const tile::Launch& first = launches.front();
    if (!has(*first.program) || !has_operands_of(first)) {
      program_ = *first.program;
      code_ = {};
    }
    const size_t reads = first.inputs.size(), writes = first.outputs.size();
    inputs_.clear();
    outputs_.clear();
    for (const tile::Launch& launch : launches) {
      for (const tile::Operand& x : launch.inputs) {
        inputs_.push_back({x.data, x.dtype, x.strides[0] == 0});
      }
      for (const tile::Operand& x : launch.outputs) outputs_.push_back({x.data, x.dtype});
    }
    launches_.clear();
    for (size_t k = 0; k < launches.size(); ++k) {
      launches_.push_back(
          {launches[k].program, launches[k].compute, static_cast<size_t>(launches[k].sizes[0]),
           false, std::span(inputs_).subspan(k * reads, reads),
           std::span(outputs_).subspan(k * writes, writes), launches[k].scalars, &code_});
    }
  }

  bool run() {
    if (!has_code(launches_.front(), kernels(), true)) return false;
    run_pieces(code_, launches_);
    return true;
  }

 private:
  bool has_operands_of(const tile::Launch& launch) const {
    if (inputs_.size() < launch.inputs.size() || outputs_.size() < launch.outputs.size()) {
      return false;
    }
    return std::equal(launch.inputs.begin(), launch.inputs.end(), inputs_.begin(),
                      [](const tile::Operand& x, const tile::SmallLaunch::Input& known) {
                        return x.dtype == known.dtype && (x.strides[0] == 0) == known.repeated;
                      }) &&
           std::equal(launch.outputs.begin(), launch.outputs.end(), outputs_.begin(),
                      [](const tile::Operand& x, const tile::SmallLaunch::Output& known) {
                        return x.dtype == known.dtype;
                      });
  }

  tile::Program program_;  ///< held, so that no other has its address
  tile::SmallCode code_;
  std::vector<tile::SmallLaunch::Input> inputs_;
  std::vector<tile::SmallLaunch::Output> outputs_;
  std::vector<tile::SmallLaunch> launches_;
};

/// What a thread keeps from launch to launch.
struct ThreadMemory {
  Memory memory;
  /// Of the last few programs, such as those of a training's optimizers; the next to go is in
  /// front.
  std::vector<FlatBatch> batches;
};

ThreadMemory& of_thread() {
  static thread_local const auto instance = std::make_unique<ThreadMemory>();
  return *instance;
}

}  // namespace

bool run_small(const tile::SmallLaunch& launch) {
  if (launch.code != nullptr && has_code(launch, kernels())) {
    const tile::SmallPiece piece = piece_of(launch);
    launch.code->function(&piece, 1, launch.scalars.data());
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
  return SmallRun(launch, of_thread().memory).run();
}

bool run_small_many(std::span<const tile::SmallLaunch> launches) {
  const tile::SmallLaunch& first = launches.front();
  if (first.code != nullptr && has_code(first, kernels(), true)) {
    run_pieces(*first.code, launches);
    return true;
  }
  // The program and the dtypes decide whether it can: if so for the first, for all.
  return std::all_of(launches.begin(), launches.end(), [&](tile::SmallLaunch launch) {
    launch.code = nullptr;
    return run_small(launch);
  });
}

bool run_flat_many(std::span<const tile::Launch> launches) {
  constexpr size_t kMostBatches = 4;
  if (!are_flat_and_alike(launches)) return false;
  std::vector<FlatBatch>& batches = of_thread().batches;
  auto batch = std::find_if(batches.begin(), batches.end(), [&](const FlatBatch& known) {
    return known.has(*launches.front().program);
  });
  if (batch == batches.end()) {
    if (batches.size() == kMostBatches) batches.erase(batches.begin());
    batch = batches.emplace(batches.end());
  }
  batch->take(launches);
  return batch->run();
}

}  // namespace tenon::cpu
