#include "tenon/backends/cpu/tile/plan.h"

#include <algorithm>
#include <cstring>

#include "tenon/tile/verify.h"

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Family;
using tile::Instruction;
using tile::Kind;
using tile::Launch;
using tile::Op;
using tile::Schedule;

constexpr int64_t kTileBytes = 24 * 1024;  // of all tile buffers together: most of L1
// Outputs from here on go around the cache: they would only push other data out of it.
constexpr int64_t kStreamBytes = int64_t{16} << 20;

constexpr DType native_dtype(Compute compute) {
  constexpr DType kDTypes[tile::kComputeCount] = {kFloat32, kFloat64, kInt64, kUInt64};
  return kDTypes[static_cast<int>(compute)];
}

/// Nanoseconds per element, roughly: what decides whether work is worth a second thread.
double cost_of(Op op) {
  switch (info_of(op).family) {
    case Family::kSource:
      return op == Op::kRandomNormal                             ? 6
             : op == Op::kRandomUniform || op == Op::kRandomBits ? 2
                                                                 : 0.1;
    case Family::kUnary:
      if (op < Op::kExp || op == Op::kSquare || op >= Op::kFloor) return 0.1;
      return op == Op::kExp || op == Op::kSqrt || op == Op::kSigmoid ? 0.5 : 2;
    case Family::kBinary:
      return op == Op::kPow || op == Op::kFmod || op == Op::kRemainder || op == Op::kFloorDivide
                 ? 8
                 : 0.1;
    default:
      return 0.1;
  }
}

class Planner {
 public:
  Planner(const Launch& launch, Plan& plan)
      : launch_(launch),
        plan_(plan),
        s_(launch.program->schedule()),
        code_(launch.program->instructions()) {}

  void run() {
    plan_.program = *launch_.program;
    plan_.schedule = &s_;
    plan_.compute = launch_.compute;
    plan_.inputs = launch_.inputs.size();
    plan_.table = &kernels();
    plan_.kernels = &plan_.table->classes[static_cast<int>(launch_.compute)];
    plan_.width = size_of(launch_.compute);
    plan_.longest = longest_tile(s_, launch_.compute);
    make_space(launch_, plan_.longest, static_cast<int64_t>(s_.kept.size() * plan_.width),
               plan_.space);
    if (plan_.space.empty) return;
    plan_.columns = plan_.space.column_mode ? static_cast<size_t>(plan_.space.tile_columns) : 1;
    make_steps();
    plan_fetches();
    plan_.flat = is_flat();
    plan_.codes = make_pass_codes(plan_, is_scalar_);
    size_memory();
  }

 private:
  void make_steps() {
    plan_.steps.clear();
    plan_.stores.clear();
    plan_.passes.clear();
    plan_.cost = 0.2;
    is_scalar_.assign(code_.size(), false);
    for (size_t i = 0; i < code_.size(); ++i) {
      is_scalar_[i] =
          s_.kinds[i] == Kind::kUniform || (s_.kinds[i] == Kind::kRow && !plan_.space.column_mode);
    }
    for (size_t p = 0; p < s_.passes.size(); ++p) {
      PassPlan pass;
      pass.step_begin = static_cast<uint32_t>(plan_.steps.size());
      pass.store_begin = static_cast<uint32_t>(plan_.stores.size());
      for (uint16_t i : s_.passes[p].tile_steps) add_step(p, i);
      for (uint16_t i : s_.passes[p].stores) add_store(pass, i);
      pass.step_end = static_cast<uint32_t>(plan_.steps.size());
      pass.store_end = static_cast<uint32_t>(plan_.stores.size());
      plan_.passes.push_back(pass);
    }
  }

  /// Whether a full tile of the view lies in one piece. (Lower tiles then do too.)
  bool is_contiguous(const View& view) const {
    const Space& space = plan_.space;
    if (space.tile_columns > 1 && view.strides[space.across()] != 1) return false;
    if (space.tile_rows == 1) return true;
    return view.strides[space.down()] == space.tile_columns &&
           space.tile_columns == space.sizes[space.across()];
  }

  /// Whether the next tile lies right behind a tile; at a row's end, the next row.
  bool goes_on(const View& view) const {
    const Space& space = plan_.space;
    const int64_t columns = space.sizes[space.across()], rows = space.sizes[space.down()];
    if (view.strides[space.across()] != 1) return false;
    if (rows != 1 && view.strides[space.down()] != columns) return false;
    if (space.column_mode) return space.tile_columns == columns;
    return space.group_rank == 0 || view.strides[space.group_rank - 1] == rows * columns;
  }

  /// Processors fetch ahead by themselves, but start anew on each page of 4 KiB, which is a tile,
  /// and not while a core works on what it has. So the last pass that loads from a view fetches the
  /// next tile, a few lines after each step: many at once would only wait for one another.
  void plan_fetches() {
    const Space& space = plan_.space;
    const int64_t tile = space.tile_rows * space.tile_columns;
    if (space.groups * space.tiles * tile * static_cast<int64_t>(plan_.width) < kFetchBytes) return;
    uint64_t seen = 0;  // views that a later pass loads from
    for (size_t p = plan_.passes.size(); p-- > 0;) {
      PassPlan& pass = plan_.passes[p];
      uint64_t loaded = 0;
      size_t bytes = 0;
      for (uint32_t k = pass.step_begin; k < pass.step_end; ++k) {
        Step& step = plan_.steps[k];
        if (step.action != Action::kPoint && step.action != Action::kConvert) continue;
        const View& view = plan_.input(step.slot);
        const uint64_t bit = uint64_t{1} << step.slot % 64;
        loaded |= bit;
        if ((seen & bit) != 0 || !goes_on(view)) continue;
        step.fetches = true;
        bytes += static_cast<size_t>(tile) * view.element_size;
      }
      seen |= loaded;
      const uint32_t steps = pass.step_end - pass.step_begin + pass.store_end - pass.store_begin;
      const size_t lines = (bytes + kCacheLine - 1) / kCacheLine;
      pass.lines_per_step = static_cast<uint32_t>((lines + steps - 1) / std::max(steps, 1u));
    }
  }

  /// Whether one call of a kernel does any part of the work: a single op on contiguous operands,
  /// whose result goes straight into the output. Larger work is faster in tiles that fetch the
  /// next.
  bool is_flat() const {
    const Space& space = plan_.space;
    if (s_.needs_row || space.rank != 2 || space.sizes[space.down()] != 1) return false;
    if (space.sizes[space.across()] * static_cast<int64_t>(plan_.width) >= kFetchBytes)
      return false;
    if (plan_.stores.size() != 1 || !plan_.stores[0].in_place) return false;
    const bool one_op = std::all_of(plan_.steps.begin(), plan_.steps.end() - 1,
                                    [](const Step& s) { return s.action == Action::kPoint; });
    const Action last = plan_.steps.back().action;
    return one_op && (last == Action::kElementwise || last == Action::kTernary);
  }

  bool is_repeated(const View& view) const {
    const Space& space = plan_.space;
    return (space.tile_columns == 1 || view.strides[space.across()] == 0) &&
           (space.tile_rows == 1 || view.strides[space.down()] == 0);
  }

  /// Whether each row of the view lies in one piece, or is one element: machine code reads it
  /// there.
  bool lies_in_rows(const View& view) const {
    const int64_t across = view.strides[plan_.space.across()];
    return !s_.needs_row && (across == 0 || across == 1);
  }

  void add_step(size_t p, uint16_t i) {
    const Instruction& instruction = code_[i];
    Step step;
    step.op = instruction.op;
    step.value = i;
    step.a = instruction.a;
    step.b = instruction.b;
    step.c = instruction.c;
    step.slot = instruction.slot;
    step.kept = s_.keep_number[i] != Schedule::kNoSlot;
    step.place = step.kept ? s_.keep_number[i] : s_.buffers[p][i];
    if (info_of(instruction.op).arity > 0 && is_scalar_[step.a]) step.scalars |= 1;
    plan_.cost += cost_of(instruction.op);
    switch (info_of(instruction.op).family) {
      case Family::kSource:
        set_source(step);
        break;
      case Family::kIndex:
        step.action = Action::kIsAt;
        break;
      case Family::kReduction:
        step.action = Action::kReduce;
        step.slot = s_.state_numbers[i];
        if (plan_.space.column_mode) {
          step.reduce_columns = plan_.kernels->reduce_columns[reduction_number(instruction.op)];
        } else {
          step.reduce = plan_.kernels->reduce[reduction_number(instruction.op)];
        }
        break;
      case Family::kScan:
        step.action = Action::kScan;
        step.slot = s_.state_numbers[i];
        step.scan =
            instruction.op == Op::kRowCumsum ? plan_.kernels->cumsum : plan_.kernels->cumprod;
        break;
      default:
        set_elementwise(step);
    }
    plan_.steps.push_back(step);
  }

  void set_source(Step& step) {
    if (step.op == Op::kRowPosition) {
      step.action = Action::kPosition;
    } else if (step.op == Op::kLinearIndex) {
      step.action = Action::kLinearIndex;
    } else if (step.op == Op::kLoad) {
      set_load(step);
    } else {
      step.action = Action::kRandom;
      step.random = step.op == Op::kRandomUniform  ? plan_.kernels->uniform
                    : step.op == Op::kRandomNormal ? plan_.kernels->normal
                                                   : plan_.kernels->bits;
    }
  }

  void set_load(Step& step) {
    const View& view = plan_.input(step.slot);
    const bool native = view.dtype == native_dtype(launch_.compute);
    step.convert = native ? nullptr : plan_.kernels->load[static_cast<int>(view.dtype)];
    plan_.cost += 0.2;
    if (is_repeated(view) && !step.kept) {
      step.action = Action::kRepeat;
      step.scalar = true;
      is_scalar_[step.value] = true;
    } else if (!is_contiguous(view)) {
      step.action = Action::kGather;
      if (!lies_in_rows(view)) plan_.cost += 0.5;
    } else {
      step.action = native && !step.kept ? Action::kPoint : Action::kConvert;
    }
  }

  void set_elementwise(Step& step) {
    const ClassKernels& k = *plan_.kernels;
    const int op = static_cast<int>(step.op), arity = info_of(step.op).arity;
    const unsigned all = (1u << arity) - 1;
    if (arity > 1 && is_scalar_[step.b]) step.scalars |= 2;
    if (arity > 2 && is_scalar_[step.c]) step.scalars |= 4;
    step.scalar = step.scalars == all && !step.kept;
    is_scalar_[step.value] = step.scalar;
    if (arity == 3) {
      step.action = Action::kTernary;
      step.ternary = step.op == Op::kSelect ? k.select : k.multiply_add;
    } else if (step.scalars == all || step.scalars == 0 || arity == 1) {
      step.elementwise = k.elementwise[op];
    } else {
      step.elementwise = step.scalars == 1 ? k.left_scalar[op] : k.right_scalar[op];
    }
  }

  void add_store(const PassPlan& pass, uint16_t i) {
    StoreStep store;
    store.value = code_[i].a;
    store.view = static_cast<uint16_t>(launch_.inputs.size() + code_[i].slot);
    const View& view = plan_.space.views[store.view];
    const void* output = launch_.outputs[code_[i].slot].data;
    store.scalar = is_scalar_[store.value];
    store.contiguous = is_contiguous(view);
    const bool native = view.dtype == native_dtype(launch_.compute);
    store.convert = native ? nullptr : plan_.kernels->store[static_cast<int>(view.dtype)];
    plan_.cost += 0.2;
    if (native && store.contiguous && !store.scalar) {
      const int64_t bytes = plan_.space.groups * plan_.space.tiles * plan_.space.tile_rows *
                            plan_.space.tile_columns * view.element_size;
      store.stream = bytes >= kStreamBytes && !is_read(output);
      store.in_place = !store.stream && may_write_early(pass, store.value, output);
      for (size_t t = pass.step_begin; store.in_place && t < plan_.steps.size(); ++t) {
        if (plan_.steps[t].value == store.value) plan_.steps[t].in_place = true;
      }
    }
    plan_.stores.push_back(store);
  }

  bool is_read(const void* output) const {
    for (const tile::Operand& input : launch_.inputs) {
      if (input.data == output) return true;
    }
    return false;
  }

  /// Whether the step that makes `value` may write straight into the output: it is made in this
  /// pass, goes to one output only, and nobody reads the same memory as an input afterwards.
  bool may_write_early(const PassPlan& pass, uint16_t value, const void* output) const {
    size_t maker = SIZE_MAX;
    for (size_t t = pass.step_begin; t < plan_.steps.size(); ++t) {
      const Step& step = plan_.steps[t];
      if (step.value == value) {
        if (step.kept || step.action == Action::kPoint || step.action == Action::kRepeat) {
          return false;
        }
        maker = t;
      } else if (maker != SIZE_MAX && (reads(step, output) || uses_input(step, pass, output))) {
        return false;
      }
    }
    for (size_t k = pass.store_begin; k < plan_.stores.size(); ++k) {
      const StoreStep& other = plan_.stores[k];
      if (other.value == value && other.in_place) return false;
      if (points_at(other.value, pass, output)) return false;
    }
    return maker != SIZE_MAX;
  }

  bool reads(const Step& step, const void* output) const {
    return step.op == Op::kLoad && launch_.inputs[step.slot].data == output;
  }

  bool points_at(uint16_t value, const PassPlan& pass, const void* output) const {
    for (size_t t = pass.step_begin; t < plan_.steps.size(); ++t) {
      const Step& load = plan_.steps[t];
      if (load.value == value) {
        return (load.action == Action::kPoint || load.action == Action::kRepeat) &&
               reads(load, output);
      }
    }
    return false;
  }

  bool uses_input(const Step& step, const PassPlan& pass, const void* output) const {
    const int arity = info_of(step.op).arity;
    return (arity > 0 && points_at(step.a, pass, output)) ||
           (arity > 1 && points_at(step.b, pass, output)) ||
           (arity > 2 && points_at(step.c, pass, output));
  }

  void size_memory() {
    const Space& space = plan_.space;
    plan_.row_bytes = plan_.columns * 8;
    plan_.buffer_count = s_.buffer_count;
    for (const PassCode& code : plan_.codes) {
      plan_.buffer_count = std::max<int>(plan_.buffer_count, code.places);
    }
    const bool expands = space.column_mode && space.tile_rows > 1;
    plan_.expanded_bytes = expands ? static_cast<size_t>(plan_.longest) * plan_.width : 0;
    plan_.state_bytes = static_cast<size_t>(s_.reduction_count) * kStateFields * plan_.row_bytes;
    plan_.carry_bytes = s_.scans.size() * plan_.row_bytes;
    const size_t kept = s_.kept.empty() ? 0 : static_cast<size_t>(space.row_length);
    // Elementwise work has one pass and keeps nothing.
    plan_.kept_bytes = (kept * plan_.columns * plan_.width + 63) / 64 * 64;
  }

  const Launch& launch_;
  Plan& plan_;
  const Schedule& s_;
  std::span<const Instruction> code_;
  std::vector<char> is_scalar_;  ///< [value]: one element for the whole tile
};

/// The run-wide values of one launch.
class Uniforms {
 public:
  Uniforms(const Plan& plan, const Launch& launch, uint64_t* words)
      : plan_(plan), launch_(launch), code_(plan.program.instructions()), words_(words) {}

  void run() {
    for (uint16_t i : plan_.schedule->uniform_steps) {
      const Instruction& instruction = code_[i];
      switch (instruction.op) {
        case Op::kConstant:
          set_uniform(i, instruction.constant, instruction.integer);
          break;
        case Op::kScalar: {
          const tile::Scalar64& scalar = launch_.scalars[instruction.slot];
          set_uniform(i, scalar.real, scalar.integer);
          break;
        }
        case Op::kRowLength: {
          int64_t length = 1;
          const size_t rank = launch_.sizes.size();
          for (size_t d = rank - static_cast<size_t>(launch_.row_dims); d < rank; ++d) {
            length *= launch_.sizes[d];
          }
          set_uniform(i, static_cast<double>(length), length);
          break;
        }
        default:
          compute_uniform(i, instruction);
      }
    }
  }

 private:
  void set_uniform(uint16_t i, double real, int64_t integer) {
    void* word = words_ + i;
    const float single = static_cast<float>(real);
    if (launch_.compute == Compute::kF32) {
      std::memcpy(word, &single, sizeof single);
    } else if (launch_.compute == Compute::kF64) {
      std::memcpy(word, &real, sizeof real);
    } else {
      std::memcpy(word, &integer, sizeof integer);
    }
  }

  void compute_uniform(uint16_t i, const Instruction& instruction) {
    uint64_t* u = words_;
    const ClassKernels& k = *plan_.kernels;
    if (instruction.op == Op::kMultiplyAdd || instruction.op == Op::kSelect) {
      const TernaryKernel kernel = instruction.op == Op::kSelect ? k.select : k.multiply_add;
      kernel(u + instruction.a, u + instruction.b, u + instruction.c, u + i, 1, 0);
    } else {
      k.elementwise[static_cast<int>(instruction.op)](u + instruction.a, u + instruction.b, u + i,
                                                      1);
    }
  }

  const Plan& plan_;
  const Launch& launch_;
  std::span<const Instruction> code_;
  uint64_t* words_;
};

}  // namespace

int64_t longest_tile(const Schedule& schedule, Compute compute) {
  const int64_t buffers = std::max(1, schedule.buffer_count);
  const int64_t fitting = kTileBytes / (buffers * static_cast<int64_t>(size_of(compute)));
  return std::clamp<int64_t>(fitting / 64 * 64, 128, kLongestTile);
}

Plan make_plan(const Launch& launch) {
  if (!launch.program->exists_in(launch.compute)) tile::verify(launch);
  Plan plan;
  Planner(launch, plan).run();
  if (launch.program->scalars() == 0) {
    plan.uniforms.resize(launch.program->instructions().size());
    make_uniforms(plan, launch, plan.uniforms.data());
  }
  return plan;
}

void make_uniforms(const Plan& plan, const Launch& launch, uint64_t* uniforms) {
  Uniforms(plan, launch, uniforms).run();
}

}  // namespace tenon::cpu
