#include "tenon/backends/cpu/tile/executor.h"

#include "tenon/backends/cpu/tile/plan.h"
#include "tenon/backends/cpu/tile/plan_cache.h"
#include "tenon/backends/cpu/tile/tasks.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using tile::Launch;

void run_split(const Run& run, int64_t tiles_per_chunk) {
  const SplitRun split(run, tiles_per_chunk);
  for (size_t pass = 0; pass < run.plan->passes.size(); ++pass) {
    parallel_for(split.tasks(), 1,
                 [&](int64_t begin, int64_t end) { split.run_tasks(pass, begin, end); });
    split.finish(pass);
  }
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
  const auto body = [&](int64_t begin, int64_t end) { run_units(run, pieces, begin, end); };
  if (pieces.in_cache) return parallel_for_shares(pieces.units, pieces.grain, body);
  parallel_for(pieces.units, pieces.grain, body);
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
