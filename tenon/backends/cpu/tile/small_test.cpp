// Runs without a plan against runs with one: the same bits.

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "tenon/backends/cpu/tile/jit/pass_form.h"
#include "tenon/backends/cpu/tile/testing.h"
#include "tenon/tile/machine_code.h"

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Program;
using tile::TileBuilder;
using tile::Value;

struct Case {
  const char* name;
  bool one_row;
  Program program;
};

template <class Body>
Program program_of(Body&& body) {
  TileBuilder t;
  body(t);
  return t.finish();
}

std::vector<Case> cases() {
  return {
      {"polynomial", false, program_of([](TileBuilder& t) {
         const Value x = t.load(0);
         t.store(0, t.multiply_add(x, t.mul(x, t.scalar(0)), t.load(1)));
       })},
      {"constant", false, program_of([](TileBuilder& t) { t.store(0, t.constant(3)); })},
      {"sum", true, program_of([](TileBuilder& t) { t.store(0, t.row_sum(t.load(0))); })},
      {"product", true, program_of([](TileBuilder& t) {
         t.store(0, t.row_prod(t.add(t.mul(t.load(0), t.constant(0.01)), t.constant(1))));
       })},
      {"squared difference", true, program_of([](TileBuilder& t) {
         t.store(0, t.div(t.row_sum(t.square(t.sub(t.load(0), t.load(1)))), t.row_length()));
       })},
      {"two results", true, program_of([](TileBuilder& t) {
         const Value total = t.row_sum(t.load(1));
         t.store(0, t.div(t.row_sum(t.load(0)), total));
         t.store(1, total);
       })},
      {"softmax", true, program_of([](TileBuilder& t) {
         const Value x = t.load(0);
         const Value e = t.exp(t.sub(x, t.row_max(x)));
         t.store(0, t.div(e, t.row_sum(e)));
         t.store(1, t.row_min(x));
       })},
      {"one element beside a sum", true, program_of([](TileBuilder& t) {
         const Value total = t.row_sum(t.mul(t.load(0), t.load(1)));
         t.store(0, t.sub(t.load_row(1), t.mul(t.scalar(0), total)));
         t.store(1, t.mul(t.load(0), total));
       })},
      {"sum of a constant", true, program_of([](TileBuilder& t) {
         t.store(0, t.add(t.load(0), t.row_sum(t.mul(t.scalar(0), t.load(1)))));
       })},
  };
}

/// Runs a case both ways on `count` elements; false where it needs a plan. `code`: what the small
/// run keeps.
bool compare(const Case& c, Compute compute, DType dtype, size_t count, bool repeated,
             tile::SmallCode* code = nullptr) {
  std::vector<uint64_t> memory[2] = {std::vector<uint64_t>(count), std::vector<uint64_t>(count)};
  for (size_t i = 0; i < count; ++i) {
    testing::set_value(dtype, memory[0].data(), i, static_cast<double>(i * 37 % 101) * 0.25 - 9);
    testing::set_value(dtype, memory[1].data(), i, static_cast<double>(i * 13 % 29) * 0.5 + 1);
  }
  std::vector<uint64_t> small[2] = {memory[0], memory[1]}, planned[2] = {memory[0], memory[1]};
  const auto outputs = static_cast<size_t>(c.program.outputs());
  const auto inputs = static_cast<size_t>(c.program.inputs());
  const tile::SmallLaunch::Input in[] = {{memory[0].data(), dtype, false},
                                         {memory[1].data(), dtype, repeated}};
  const tile::SmallLaunch::Output out[] = {{small[0].data(), dtype}, {small[1].data(), dtype}};
  const tile::Scalar64 scalar(0.75);
  if (!run_small({&c.program,
                  compute,
                  count,
                  c.one_row,
                  {in, inputs},
                  {out, outputs},
                  {&scalar, 1},
                  code})) {
    return false;
  }
  const tile::Operand in2[] = {{memory[0].data(), dtype, {1}},
                               {memory[1].data(), dtype, {repeated ? 0 : 1}}};
  const tile::Operand out2[] = {{planned[0].data(), dtype, {1}}, {planned[1].data(), dtype, {1}}};
  run_tile({&c.program,
            compute,
            {static_cast<int64_t>(count)},
            c.one_row ? 1 : 0,
            {in2, inputs},
            {out2, outputs},
            {&scalar, 1},
            0,
            0});
  for (size_t k = 0; k < outputs; ++k) EXPECT_EQ(small[k], planned[k]) << c.name << ' ' << count;
  return true;
}

TEST(SmallRuns, GiveTheBitsOfPlannedOnes) {
  const std::vector<Case> all = cases();
  testing::for_each_instruction_set([&] {
    for (const Case& c : all) {
      for (const auto& [compute, dtype] :
           {std::pair{Compute::kF32, kFloat32}, std::pair{Compute::kF32, kBFloat16},
            std::pair{Compute::kF64, kFloat64}, std::pair{Compute::kF64, kInt32}}) {
        for (const size_t count : {1, 2, 15, 16, 17, 100, 255, 700, 1000, 1024}) {
          for (const bool repeated : {false, true}) {
            const bool runs = compare(c, compute, dtype, count, repeated && count > 1);
            EXPECT_TRUE(runs || count > 255) << c.name << ' ' << count;
          }
        }
      }
    }
  });
}

/// Programs that machine code is made for in other ways than the interpreter runs them.
std::vector<Case> code_cases() {
  std::vector<Case> all = cases();
  std::erase_if(all, [](const Case& c) { return std::string_view(c.name) == "product"; });
  all.push_back({"truths", false, program_of([](TileBuilder& t) {
                   const Value x = t.load(0), y = t.load(1);
                   const Value larger = t.logical_and(t.gt(x, y), t.le(y, t.scalar(0)));
                   t.store(0, t.select(larger, t.tanh(x), t.mul(y, larger)));
                   t.store(1, larger);
                 })});
  all.push_back({"kept between passes", true, program_of([](TileBuilder& t) {
                   const Value e = t.exp(t.load(0));
                   const Value total = t.row_sum(e), part = t.div(e, total);
                   t.store(0, t.sub(part, t.row_max(part)));
                   t.store(1, t.row_sum(t.square(t.sub(part, t.load(1)))));
                 })});
  return all;
}

TEST(SmallRuns, GiveTheSameBitsAsMachineCode) {
  const std::vector<Case> all = code_cases();
  const tile::MachineCodeMode before = tile::machine_code();
  tile::set_machine_code(tile::MachineCodeMode::kAlways);
  testing::for_each_instruction_set([&] {
    const bool can = jit::vector_set(instruction_set()).has_value();
    for (const Case& c : all) {
      for (const DType dtype : {kFloat32, kBFloat16, kFloat16, kBool}) {
        for (const size_t count : {1, 2, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65, 100, 130, 255}) {
          for (const bool repeated : {false, true}) {
            tile::SmallCode code;
            ASSERT_TRUE(compare(c, Compute::kF32, dtype, count, repeated && count > 1, &code));
            EXPECT_TRUE(!can || code.function != nullptr || count > 100) << c.name << ' ' << count;
          }
        }
      }
    }
  });
  tile::set_machine_code(before);
}

/// Pieces of one program that update their own inputs, as an optimizer does: [x, y], a number that
/// they share as a double, and a scalar.
struct Pieces {
  inline static const Program program = program_of([](TileBuilder& t) {
    const Value rate = t.sqrt(t.mul(t.load(2), t.scalar(0)));
    const Value y = t.multiply_add(t.load(1), t.constant(0.9), t.load(0));
    t.store(1, y);
    t.store(0, t.select(t.gt(y, t.constant(2)), t.sub(t.load(0), t.mul(rate, y)), y));
  });
  DType dtype;
  double shared = 0.0625;
  std::vector<tile::Scalar64> scalars;
  std::vector<std::vector<uint64_t>> memory;

  Pieces(DType of, std::span<const size_t> counts) : dtype(of) {
    for (size_t k = 0; k < counts.size(); ++k) {
      scalars.emplace_back(k < 3 ? 0.75 : 2.5);
      for (const size_t step : {37, 13}) {
        memory.emplace_back(counts[k]);
        for (size_t i = 0; i < counts[k]; ++i) {
          testing::set_value(dtype, memory.back().data(), i,
                             static_cast<double>((i + k) * step % 101) * 0.25 - 9);
        }
      }
    }
  }

  void run_together(tile::SmallCode& code) {
    std::vector<std::array<tile::SmallLaunch::Input, 3>> inputs(scalars.size());
    std::vector<std::array<tile::SmallLaunch::Output, 2>> outputs(scalars.size());
    std::vector<tile::SmallLaunch> launches;
    for (size_t k = 0; k < scalars.size(); ++k) {
      void *const x = memory[2 * k].data(), *const y = memory[2 * k + 1].data();
      inputs[k] = {{{x, dtype, false}, {y, dtype, false}, {&shared, kFloat64, true}}};
      outputs[k] = {{{x, dtype}, {y, dtype}}};
      launches.push_back({&program,
                          Compute::kF32,
                          memory[2 * k].size(),
                          false,
                          inputs[k],
                          outputs[k],
                          {&scalars[k], 1},
                          k == 0 ? &code : nullptr});
    }
    ASSERT_TRUE(run_small_many(launches));
  }

  void run_planned(bool as_batch) {
    std::vector<std::array<tile::Operand, 3>> operands(scalars.size());
    std::vector<tile::Launch> launches;
    for (size_t k = 0; k < scalars.size(); ++k) {
      operands[k] = {{{memory[2 * k].data(), dtype, {1}},
                      {memory[2 * k + 1].data(), dtype, {1}},
                      {&shared, kFloat64, {0}}}};
      launches.push_back({&program,
                          Compute::kF32,
                          {static_cast<int64_t>(memory[2 * k].size())},
                          0,
                          operands[k],
                          std::span(operands[k]).first(2),
                          {&scalars[k], 1},
                          0,
                          0});
    }
    if (as_batch) return run_tile_many(launches);
    for (const tile::Launch& launch : launches) run_tile(launch);
  }
};

TEST(SmallRuns, OfOneProgramRunTogether) {
  const size_t counts[] = {2,  3,  7,   8,   9,   15,  16,   17,   31, 32,
                           33, 64, 100, 255, 512, 513, 1000, 1024, 5};
  const tile::MachineCodeMode before = tile::machine_code();
  for (const auto mode : {tile::MachineCodeMode::kOff, tile::MachineCodeMode::kAlways}) {
    tile::set_machine_code(mode);
    testing::for_each_instruction_set([&] {
      const bool can =
          mode == tile::MachineCodeMode::kAlways && jit::vector_set(instruction_set()).has_value();
      for (const DType dtype : {kFloat32, kBFloat16, kFloat16}) {
        Pieces together(dtype, counts), batch(dtype, counts), planned(dtype, counts);
        tile::SmallCode code;
        for (int run = 0; run < 2; ++run) {
          together.run_together(code);
          batch.run_planned(true);
          planned.run_planned(false);
        }
        EXPECT_EQ(together.memory, planned.memory) << name_of(dtype);
        EXPECT_EQ(batch.memory, planned.memory) << name_of(dtype);
        EXPECT_EQ(code.function != nullptr, can) << name_of(dtype);
      }
    });
  }
  tile::set_machine_code(before);
}

TEST(SmallRuns, RefuseWhatNeedsAPlan) {
  const Case argmax{"argmax", true,
                    program_of([](TileBuilder& t) { t.store(0, t.row_argmax(t.load(0))); })};
  const Case moments{"moments", true,
                     program_of([](TileBuilder& t) { t.store(0, t.row_welford(t.load(0)).mean); })};
  const Case scan{"scan", true,
                  program_of([](TileBuilder& t) { t.store(0, t.row_cumsum(t.load(0))); })};
  const Case rows{"sum of each", false,
                  program_of([](TileBuilder& t) { t.store(0, t.row_sum(t.load(0))); })};
  for (const Case* c : {&argmax, &moments, &scan, &rows}) {
    EXPECT_FALSE(compare(*c, Compute::kF32, kFloat32, 8, false)) << c->name;
  }
  EXPECT_FALSE(compare(cases()[2], Compute::kF32, kFloat32, 1025, false));
}

}  // namespace
}  // namespace tenon::cpu
