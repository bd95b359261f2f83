#include "tenon/backends/cpu/tile/tasks.h"

#include <algorithm>

#include "tenon/backends/cpu/allocator.h"
#include "tenon/base/parallel.h"
#include "tenon/tile/machine_code_internal.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kFewGroups = 32;   // fewer groups of long rows are split along the row
constexpr int64_t kMostTasks = 256;  // more only cost: each waits for its stores at the end
// Of an element of elementwise work, at least: ops that only move memory begin to be shared at one
// size, so that chains of them find each half where it was written.
constexpr double kLeastNanoseconds = 1.25;

/// Elements that make a task worth its while. Depends on the program alone.
int64_t task_elements(double cost) {
  return std::max<int64_t>(1024, static_cast<int64_t>(kTaskNanoseconds / cost));
}

/// Tasks of one size, as many for each thread: results of elementwise work don't depend on the cut.
int64_t elementwise_grain(const Plan& plan) {
  const Space& space = plan.space;
  const int64_t tile = space.tile_rows * space.tile_columns;
  const int64_t elements = task_elements(std::max(plan.cost, kLeastNanoseconds));
  const int64_t grain = std::max({int64_t{1}, elements / tile, space.tiles / kMostTasks});
  int64_t tasks = (space.tiles + grain - 1) / grain;
  if (tasks > 1) tasks = (tasks + num_threads() - 1) / num_threads() * num_threads();
  return (space.tiles + tasks - 1) / tasks;
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

}  // namespace

SplitRun::SplitRun(const Run& run, int64_t tiles_per_chunk)
    : run_(run),
      tiles_per_chunk_(tiles_per_chunk),
      groups_(run.plan->space.groups),
      chunks_((run.plan->space.tiles + tiles_per_chunk - 1) / tiles_per_chunk),
      group_size_((group_bytes(*run.plan) + 63) / 64 * 64),
      state_size_((run.plan->state_bytes + 63) / 64 * 64),
      groups_memory_(allocate(group_size_ * static_cast<size_t>(groups_))),
      states_(allocate(state_size_ * static_cast<size_t>(tasks()))) {
  for (int64_t g = 0; g < groups_; ++g) Runner(run_, 0).run_prologue(group(g));
}

Group SplitRun::group(int64_t g) const {
  Group group;
  place_group(*run_.plan, g,
              static_cast<char*>(groups_memory_->data) + group_size_ * static_cast<size_t>(g),
              group);
  return group;
}

char* SplitRun::states(int64_t g, int64_t chunk) const {
  return static_cast<char*>(states_->data) + state_size_ * static_cast<size_t>(g * chunks_ + chunk);
}

void SplitRun::run_tasks(size_t pass, int64_t begin, int64_t end) const {
  Runner runner(run_, 0);
  for (int64_t k = begin; k < end; ++k) {
    const int64_t g = k / chunks_, chunk = k % chunks_;
    runner.start_states(pass, states(g, chunk));
    runner.run_tiles(pass, group(g), states(g, chunk), chunk * tiles_per_chunk_,
                     std::min(run_.plan->space.tiles, (chunk + 1) * tiles_per_chunk_));
  }
}

void SplitRun::finish(size_t pass) const {
  Runner runner(run_, 0);
  for (int64_t g = 0; g < groups_; ++g) {
    for (int64_t chunk = 1; chunk < chunks_; ++chunk) {
      runner.join_states(pass, states(g, 0), states(g, chunk));
    }
    runner.finish_pass(pass, group(g), states(g, 0));
  }
}

Cut cut(const Plan& plan) {
  const Space& space = plan.space;
  Cut result;
  result.elementwise = !plan.schedule->needs_row;
  if (result.elementwise) {
    result.units = space.tiles;
    result.grain = elementwise_grain(plan);
    result.in_cache = elements_of(space) * static_cast<int64_t>(plan.width) < kFetchBytes;
    return result;
  }
  const int64_t elements = task_elements(plan.cost);
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

RunCodes::RunCodes(const Plan& plan) {
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

}  // namespace tenon::cpu
