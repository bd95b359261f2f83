#include "tenon/backends/cpu/tile/plan_cache.h"

#include <gtest/gtest.h>

#include <vector>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/isa.h"
#include "tenon/tile/builder.h"

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Launch;
using tile::Operand;
using tile::Program;
using tile::TileBuilder;
using tile::Value;

/// y0 = x + s, y1 = 2 x: whoever writes y0 into x before y1 has read it goes wrong.
Program two_results() {
  TileBuilder t;
  const Value x = t.load(0);
  t.store(0, t.add(x, t.scalar(0)));
  t.store(1, t.mul(x, t.constant(2)));
  return t.finish();
}

Launch launch_of(const Program& program, int64_t size, const Operand& input,
                 std::span<const Operand> outputs, const tile::Scalar64& scalar) {
  return {&program, Compute::kF32, {size}, 0, {&input, 1}, outputs, {&scalar, 1}, 0, 0};
}

TEST(PlanCache, FindsThePlanOfTheSameForm) {
  const Program program = two_results(), twin = two_results();
  std::vector<float> memory(100);
  PlanCache cache;
  const tile::Scalar64 one(1), two(2);
  struct Form {
    const Program* program;
    int64_t size, stride;
    DType dtype;
    bool in_place;
  };
  const auto plan_of = [&](const Form& form, float* at, const tile::Scalar64& scalar) {
    const Operand input{at, kFloat32, {form.stride}};
    const Operand outputs[] = {{form.in_place ? at : at + 20, form.dtype, {1}},
                               {at + 40, kFloat32, {1}}};
    return &cache.plan_of(launch_of(*form.program, form.size, input, outputs, scalar));
  };
  const Form first{&program, 10, 1, kFloat32, false};
  const Plan* plan = plan_of(first, memory.data(), one);
  EXPECT_EQ(plan_of(first, memory.data() + 30, two), plan);  // other addresses and scalars
  EXPECT_NE(plan_of({&twin, 10, 1, kFloat32, false}, memory.data(), one), plan);
  EXPECT_NE(plan_of({&program, 9, 1, kFloat32, false}, memory.data(), one), plan);
  EXPECT_NE(plan_of({&program, 10, 2, kFloat32, false}, memory.data(), one), plan);
  EXPECT_NE(plan_of({&program, 10, 1, kFloat16, false}, memory.data(), one), plan);
  EXPECT_NE(plan_of({&program, 10, 1, kFloat32, true}, memory.data(), one), plan);
  const std::vector<std::string> sets = available_instruction_sets();
  if (sets.size() > 1) {
    set_instruction_set(sets[1]);
    EXPECT_NE(plan_of(first, memory.data(), one), plan);
    set_instruction_set("");
  }
  EXPECT_EQ(plan_of(first, memory.data(), one), plan);
}

TEST(PlanCache, LaunchesThatKeepTheirPlanLookNothingUp) {
  const Program program = two_results();
  std::vector<float> memory(100);
  PlanCache cache;
  tile::LaunchPlan kept;
  const tile::Scalar64 one(1);
  const auto plan_of = [&](float* at) {
    const Operand input{at, kFloat32, {1}};
    const Operand outputs[] = {{at + 20, kFloat32, {1}}, {at + 40, kFloat32, {1}}};
    Launch launch = launch_of(program, 10, input, outputs, one);
    launch.kept = &kept;
    return &cache.kept_plan_of(launch);
  };
  const Plan* const plan = plan_of(memory.data());
  cache = PlanCache();
  EXPECT_EQ(plan_of(memory.data() + 30), plan);
  EXPECT_EQ(kept.plan.get(), plan);
  const std::vector<std::string> sets = available_instruction_sets();
  if (sets.size() < 2) return;
  set_instruction_set(sets[1]);
  EXPECT_NE(plan_of(memory.data()), plan);
  set_instruction_set("");
}

TEST(PlanCache, AProgramThatIsGoneLeavesNoPlanForAnother) {
  // The second program is likely to lie where the first one did.
  for (const double factor : {2.0, 3.0}) {
    TileBuilder t;
    t.store(0, t.mul(t.add(t.load(0), t.load(0)), t.constant(factor)));
    const Program program = t.finish();
    float x = 1, y = 0;
    const Operand input{&x, kFloat32, {1}}, output{&y, kFloat32, {1}};
    run_tile({&program, Compute::kF32, {1}, 0, {&input, 1}, {&output, 1}, {}, 0, 0});
    EXPECT_EQ(y, 2 * factor);
  }
}

TEST(PlanCache, RunsOfManyFormsStayApart) {
  const Program program = two_results();
  // More forms than are kept, each in place and not, and all of them twice.
  for (int round = 0; round < 2; ++round) {
    for (int64_t size = 1; size <= 700; ++size) {
      for (const bool in_place : {false, true}) {
        std::vector<float> x(700), y0(700), y1(700);
        for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
        const Operand input{x.data(), kFloat32, {1}};
        const Operand outputs[] = {{in_place ? x.data() : y0.data(), kFloat32, {1}},
                                   {y1.data(), kFloat32, {1}}};
        const tile::Scalar64 scalar(static_cast<double>(round + size));
        run_tile(launch_of(program, size, input, outputs, scalar));
        const std::vector<float>& sum = in_place ? x : y0;
        for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
          ASSERT_EQ(sum[i], static_cast<float>(i + static_cast<size_t>(round + size))) << size;
          ASSERT_EQ(y1[i], static_cast<float>(2 * i)) << size;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
