#pragma once

#include <cstdint>
#include <vector>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/pass_code.h"
#include "tenon/backends/cpu/tile/space.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu {

/// How a step of a tile gets its work done, once dtypes and strides are known.
enum class Action : uint8_t {
  kPoint,        ///< a load whose tile lies ready in memory
  kConvert,      ///< a load of contiguous memory of another dtype
  kGather,       ///< a load with strides
  kRepeat,       ///< a load of one element for the whole tile
  kElementwise,  ///< one or two operands
  kTernary,
  kReduce,
  kScan,
  kPosition,
  kLinearIndex,
  kIsAt,
  kRandom,
};

inline constexpr size_t kCacheLine = 64;
/// Work on less than that finds its inputs in L2 as like as not.
inline constexpr int64_t kFetchBytes = int64_t{1} << 20;

struct Step {
  Action action = Action::kElementwise;
  tile::Op op = tile::Op::kLoad;
  bool kept = false;      ///< the result goes to the row's scratch
  bool in_place = false;  ///< the result goes straight into an output
  bool scalar = false;    ///< the result is one element for the whole tile
  bool fetches = false;   ///< a load: what lies behind the tile is fetched while the pass computes
  uint8_t scalars = 0;    ///< bit k: operand k is one element
  uint16_t value = 0;     ///< number of the instruction
  uint16_t a = 0, b = 0, c = 0;
  uint16_t place = 0;  ///< buffer, or number among the kept
  uint16_t slot = 0;   ///< view of a load; stream of random numbers; state of a reduction, scan
  union {
    ElementwiseKernel elementwise = nullptr;
    TernaryKernel ternary;
    ConvertKernel convert;
    ReduceKernel reduce;
    ReduceColumnsKernel reduce_columns;
    ScanKernel scan;
    RandomKernel random;
  };
};

struct StoreStep {
  uint16_t value = 0;
  uint16_t view = 0;
  bool scalar = false;              ///< the value is one element for the whole tile
  bool in_place = false;            ///< the step that makes the value writes it into the output
  bool contiguous = false;          ///< tiles of the output lie in one piece
  bool stream = false;              ///< around the cache
  ConvertKernel convert = nullptr;  ///< null: the output has the compute class's dtype
};

struct PassPlan {
  uint32_t step_begin = 0, step_end = 0;    ///< in Plan::steps
  uint32_t store_begin = 0, store_end = 0;  ///< in Plan::stores
  uint32_t lines_per_step = 0;              ///< cache lines to fetch after each step and store
};

/// What all launches of one form have in common: everything that depends on neither addresses nor
/// scalars, nor on where in the space a tile is. Never changed once made; keeps its program alive.
struct Plan {
  tile::Program program;
  const tile::Schedule* schedule = nullptr;
  tile::Compute compute = tile::Compute::kF32;
  size_t inputs = 0;
  const Kernels* table = nullptr;
  const ClassKernels* kernels = nullptr;
  size_t width = 4;  ///< bytes per element of the compute class
  Space space;
  int64_t longest = 0;  ///< elements of a tile buffer
  std::vector<Step> steps;
  std::vector<StoreStep> stores;
  std::vector<PassPlan> passes;
  std::vector<PassCode> codes;     ///< of each pass; empty: none of them has code
  int buffer_count = 0;            ///< tile buffers
  std::vector<uint64_t> uniforms;  ///< [value]: run-wide values, one word each; without scalars
  double cost = 0;                 ///< estimated nanoseconds per element
  bool flat = false;               ///< one kernel over contiguous memory: no tiles are needed

  // Bytes of the parts of a group's memory.
  size_t row_bytes = 0;       ///< one row value (all columns of the group)
  size_t expanded_bytes = 0;  ///< one row value repeated down a tile; 0 when not needed
  size_t state_bytes = 0;     ///< all reductions
  size_t carry_bytes = 0;     ///< all scans
  size_t kept_bytes = 0;      ///< one kept value
  size_t columns = 1;         ///< columns of a group's state, the capacity of its fields

  const View& input(int i) const { return space.views[static_cast<size_t>(i)]; }
};

/// One launch and its plan. The launch must outlive it.
struct Run {
  const Plan* plan = nullptr;
  const tile::Launch* launch = nullptr;
  const uint64_t* uniforms = nullptr;        ///< as Plan::uniforms, with the launch's scalars
  const jit::PassFunction* codes = nullptr;  ///< of each pass, null where the interpreter runs it
};

/// The most elements of a tile: all tile buffers of the program fit L1 together.
int64_t longest_tile(const tile::Schedule& schedule, tile::Compute compute);

/// Throws DTypeError when an op doesn't exist in the compute class.
Plan make_plan(const tile::Launch& launch);
/// Works out the run-wide values of a launch: one word for each instruction of the program.
void make_uniforms(const Plan& plan, const tile::Launch& launch, uint64_t* uniforms);

}  // namespace tenon::cpu
