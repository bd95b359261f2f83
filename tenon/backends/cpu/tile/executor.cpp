#include "tenon/backends/cpu/tile/executor.h"

#include <algorithm>
#include <memory>

#include "tenon/backends/cpu/allocator.h"
#include "tenon/backends/cpu/tile/plan.h"
#include "tenon/backends/cpu/tile/plan_cache.h"
#include "tenon/backends/cpu/tile/runner.h"
#include "tenon/base/parallel.h"
#include "tenon/tile/machine_code_internal.h"

namespace tenon::cpu {
namespace {

using tile::Launch;

// Less work than that stays on the calling thread. It is what the estimates of a plan's cost add up
// to; with wide vectors and data in caches the work takes a fifth, about as long as handing it
// over.
constexpr double kTaskNanoseconds = 40'000;
constexpr int64_t kFewGroups = 32;   // fewer groups of long rows are split along the row
constexpr int64_t kMostChunks = 64;  // of a row
constexpr int64_t kMostTasks = 256;  // more only cost: each waits for its stores at the end

/// Elements that make a task worth its while. Depends on the program alone.
int64_t task_elements(const Plan& plan) {
  return std::max<int64_t>(1024, static_cast<int64_t>(kTaskNanoseconds / plan.cost));
}

int64_t elements_of(const Space& space) {
  return space.tiles * space.tile_rows * space.tile_columns;
}

/// Whole groups [begin, end), each with its passes in turn.
void run_groups(const Run& run, int64_t begin, int64_t end) {
  const Plan& plan = *run.plan;
  Runner runner(run, group_bytes(plan) + plan.state_bytes);
  Group group;
  char* states = runner.extra() + group_bytes(plan) / 64 * 64;
  for (int64_t g = begin; g < end; ++g) {
    place_group(plan, g, runner.extra(), group);
    runner.run_prologue(group);
    for (size_t pass = 0; pass < plan.passes.size(); ++pass) {
      runner.start_states(pass, states);
      runner.run_tiles(pass, group, states, 0, plan.space.tiles);
      runner.finish_pass(pass, group, states);
    }
  }
}

/// Tiles [begin, end) of a flat plan, as one.
void run_flat(const Run& run, int64_t begin, int64_t end) {
  const Plan& plan = *run.plan;
  const int64_t tile = plan.space.tile_columns;
  const int64_t first = begin * tile;
  const int64_t last = std::min(end * tile, plan.space.sizes[plan.space.across()]);
  const int64_t offset = first * static_cast<int64_t>(plan.width);
  const auto count = static_cast<size_t>(last - first);
  const auto operand = [&](uint16_t value) -> const void* {
    for (const Step& step : plan.steps) {
      if (step.value != value) continue;
      return static_cast<const char*>(run.launch->inputs[step.slot].data) + offset;
    }
    return run.uniforms + value;
  };
  const Step& op = plan.steps.back();
  const int arity = info_of(op.op).arity;
  const void* a = operand(op.a);
  const void* b = arity > 1 ? operand(op.b) : a;
  char* out = static_cast<char*>(run.launch->outputs[0].data) + offset;
  if (op.action == Action::kTernary) {
    op.ternary(a, b, operand(op.c), out, count, op.scalars);
  } else {
    op.elementwise(a, b, out, count);
  }
}

/// Tiles [begin, end) of work without rows.
void run_elementwise(const Run& run, int64_t begin, int64_t end) {
  const Plan& plan = *run.plan;
  if (plan.flat) return run_flat(run, begin, end);
  Runner runner(run, group_bytes(plan));
  Group group;
  place_group(plan, 0, runner.extra(), group);
  if (run.codes != nullptr && plan.codes[0].flat) {
    const int64_t tile = plan.space.tile_columns;
    const int64_t last = plan.space.sizes[plan.space.across()];
    return runner.run_flat(group, begin * tile, std::min(end * tile, last));
  }
  runner.run_tiles(0, group, nullptr, begin, end);
}

Intrusive<Storage> allocate(size_t bytes) {
  return Intrusive<Storage>::adopt(allocator().allocate(bytes, kCpu));
}

/// Few, long groups: each pass is cut into chunks of tiles, by size alone; the chunks' states are
/// joined in their order.
void run_split(const Run& run, int64_t tiles_per_chunk) {
  const Plan& plan = *run.plan;
  const int64_t chunks = (plan.space.tiles + tiles_per_chunk - 1) / tiles_per_chunk;
  const int64_t groups = plan.space.groups;
  const size_t group_size = (group_bytes(plan) + 63) / 64 * 64;
  const size_t state_size = (plan.state_bytes + 63) / 64 * 64;
  const auto memory = allocate(group_size * static_cast<size_t>(groups));
  const auto all_states = allocate(state_size * static_cast<size_t>(groups * chunks));
  const auto place = [&](int64_t g) {
    Group group;
    place_group(plan, g, static_cast<char*>(memory->data) + group_size * static_cast<size_t>(g),
                group);
    return group;
  };
  const auto states_of = [&](int64_t g, int64_t chunk) {
    return static_cast<char*>(all_states->data) +
           state_size * static_cast<size_t>(g * chunks + chunk);
  };
  for (int64_t g = 0; g < groups; ++g) Runner(run, 0).run_prologue(place(g));
  for (size_t pass = 0; pass < plan.passes.size(); ++pass) {
    parallel_for(groups * chunks, 1, [&](int64_t begin, int64_t end) {
      Runner runner(run, 0);
      for (int64_t k = begin; k < end; ++k) {
        const int64_t g = k / chunks, chunk = k % chunks;
        runner.start_states(pass, states_of(g, chunk));
        runner.run_tiles(pass, place(g), states_of(g, chunk), chunk * tiles_per_chunk,
                         std::min(plan.space.tiles, (chunk + 1) * tiles_per_chunk));
      }
    });
    Runner runner(run, 0);
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t chunk = 1; chunk < chunks; ++chunk) {
        runner.join_states(pass, states_of(g, 0), states_of(g, chunk));
      }
      runner.finish_pass(pass, place(g), states_of(g, 0));
    }
  }
}

/// How a plan is cut into tasks: `grain` units (tiles of elementwise work, else groups) each.
struct Cut {
  int64_t units = 0;
  int64_t grain = 1;
  bool elementwise = false;
  int64_t tiles_per_chunk = 0;  ///< not 0: rows are split
};

Cut cut(const Plan& plan) {
  const Space& space = plan.space;
  Cut result;
  const int64_t elements = task_elements(plan);
  result.elementwise = !plan.schedule->needs_row;
  if (result.elementwise) {
    result.units = space.tiles;
    result.grain = std::max(
        {int64_t{1}, elements / (space.tile_rows * space.tile_columns), result.units / kMostTasks});
    return result;
  }
  result.units = space.groups;
  const int64_t group_elements = std::max<int64_t>(1, elements_of(space));
  result.grain = std::max({int64_t{1}, elements / group_elements, result.units / kMostTasks});
  if (space.groups < kFewGroups && group_elements >= 4 * elements && !plan.schedule->has_scans) {
    const int64_t tile = space.tile_rows * space.tile_columns;
    result.tiles_per_chunk =
        std::max({int64_t{1}, elements / tile, (space.tiles + kMostChunks - 1) / kMostChunks});
  }
  return result;
}

void run_units(const Run& run, const Cut& cut, int64_t begin, int64_t end) {
  if (cut.elementwise) {
    run_elementwise(run, begin, end);
  } else {
    run_groups(run, begin, end);
  }
}

/// The machine code of a run's passes, kept alive.
class RunCodes {
 public:
  explicit RunCodes(const Plan& plan) {
    if (plan.codes.empty()) return;
    const double elements = static_cast<double>(elements_of(plan.space) * plan.space.groups);
    // The estimate is of slow machines; with wide vectors a fifth.
    const double nanoseconds = plan.cost / 5 * elements / static_cast<double>(plan.codes.size());
    for (const PassCode& code : plan.codes) {
      auto memory = code.entry == nullptr ? nullptr : jit::code_for_run(*code.entry, nanoseconds);
      functions_.push_back(memory == nullptr ? nullptr : memory->function());
      any_ |= memory != nullptr;
      kept_.push_back(std::move(memory));
    }
  }
  /// Of each pass; null when all run on the interpreter.
  const jit::PassFunction* functions() const { return any_ ? functions_.data() : nullptr; }

 private:
  InlineVector<jit::PassFunction, 4> functions_;
  std::vector<std::shared_ptr<const jit::CodeMemory>> kept_;
  bool any_ = false;
};

void count_run(const Run& run) {
  tile::MachineCodeCounters& counters = tile::machine_code_counters();
  auto& counter = run.codes != nullptr ? counters.runs : counters.interpreted;
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// Memory of the calling thread for the run-wide values of launches with scalars.
std::vector<uint64_t>& uniform_memory() {
  static thread_local std::vector<uint64_t> instance;
  return instance;
}

}  // namespace

void run_tile(const Launch& launch) {
  PlanCache& cache = PlanCache::of_thread();
  cache.trim();
  const Plan& plan = cache.kept_plan_of(launch);
  if (plan.space.empty) return;
  Run run{&plan, &launch, plan.uniforms.data()};
  if (plan.uniforms.empty()) {
    std::vector<uint64_t>& uniforms = uniform_memory();
    uniforms.resize(launch.program->instructions().size());
    make_uniforms(plan, launch, uniforms.data());
    run.uniforms = uniforms.data();
  }
  const RunCodes codes(plan);
  run.codes = codes.functions();
  count_run(run);
  const Cut pieces = cut(plan);
  if (pieces.tiles_per_chunk != 0) return run_split(run, pieces.tiles_per_chunk);
  if (pieces.units <= pieces.grain) return run_units(run, pieces, 0, pieces.units);
  parallel_for(pieces.units, pieces.grain,
               [&](int64_t begin, int64_t end) { run_units(run, pieces, begin, end); });
}

void run_tile_many(std::span<const Launch> launches) {
  struct Task {
    Run run;
    Cut cut;
    int64_t begin, end;
  };
  static thread_local std::vector<Task> task_list;
  std::vector<Task>& tasks = task_list;
  tasks.clear();
  std::vector<uint64_t>& uniforms = uniform_memory();
  size_t words = 0;
  for (const Launch& launch : launches) words += launch.program->instructions().size();
  uniforms.resize(words);
  uint64_t* next_uniforms = uniforms.data();
  PlanCache& cache = PlanCache::of_thread();
  cache.trim();
  double nanoseconds = 0;
  std::vector<RunCodes> codes;
  codes.reserve(launches.size());
  for (const Launch& launch : launches) {
    const Plan& plan = cache.kept_plan_of(launch);
    if (plan.space.empty) continue;
    Run run{&plan, &launch, next_uniforms};
    make_uniforms(plan, launch, next_uniforms);
    next_uniforms += launch.program->instructions().size();
    run.codes = codes.emplace_back(plan).functions();
    count_run(run);
    const Cut pieces = cut(plan);
    if (pieces.tiles_per_chunk != 0) {
      run_split(run, pieces.tiles_per_chunk);
      continue;
    }
    for (int64_t begin = 0; begin < pieces.units; begin += pieces.grain) {
      tasks.push_back({run, pieces, begin, std::min(pieces.units, begin + pieces.grain)});
    }
    nanoseconds += plan.cost * static_cast<double>(elements_of(plan.space) * plan.space.groups);
  }
  const auto count = static_cast<int64_t>(tasks.size());
  const int64_t grain = nanoseconds <= 2 * kTaskNanoseconds ? count : 1;
  parallel_for(count, grain, [&tasks](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const Task& task = tasks[static_cast<size_t>(k)];
      run_units(task.run, task.cut, task.begin, task.end);
    }
  });
}

DirectKernel direct_kernel(const tile::Program& program, tile::Compute compute) {
  const auto code = program.instructions();
  if (code.size() < 3 || !program.exists_in(compute)) return nullptr;
  const size_t inputs = code.size() - 2;
  const tile::Instruction& op = code[inputs];
  const int arity = info_of(op.op).arity;
  if (inputs > 2 || arity != static_cast<int>(inputs)) return nullptr;
  const auto is_input = [&](uint16_t value, int slot) {
    return code[value].op == tile::Op::kLoad && code[value].slot == slot;
  };
  if (!is_input(op.a, 0) || (arity == 2 && !is_input(op.b, 1))) return nullptr;
  if (code.back().op != tile::Op::kStore || code.back().a != inputs) return nullptr;
  return cpu::kernels().classes[static_cast<int>(compute)].elementwise[static_cast<int>(op.op)];
}

}  // namespace tenon::cpu
