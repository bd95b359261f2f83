#include "tenon/backends/cpu/tile/executor.h"

#include <gtest/gtest.h>

#include "tenon/backends/cpu/tile/testing.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/tile/text.h"

namespace tenon::cpu {
namespace {

using testing::for_each_instruction_set;
using testing::Layout;
using testing::Trial;
using tile::Compute;
using tile::Program;
using tile::TileBuilder;
using tile::Value;

struct Case {
  std::string name;
  Program program;
  std::vector<bool> row_outputs;
};

/// Programs of one and of several passes that read input 0.
std::vector<Case> row_programs() {
  std::vector<Case> cases;
  const auto add = [&](std::string name, auto write) {
    TileBuilder t;
    write(t);
    Case c{std::move(name), t.finish(), {}};
    for (int k = 0; k < c.program.outputs(); ++k) {
      c.row_outputs.push_back(c.program.is_row_output(k));
    }
    cases.push_back(std::move(c));
  };
  add("softmax", [](TileBuilder& t) {
    const Value x = t.load(0);
    const Value e = t.exp(t.sub(x, t.row_max(x)));
    t.store(0, t.div(e, t.row_sum(e)));
  });
  add("normalize", [](TileBuilder& t) {
    const Value x = t.load(0);
    const auto m = t.row_welford(x);
    t.store(0, t.mul(t.sub(x, m.mean), t.rsqrt(t.add(m.variance, t.constant(1e-5)))));
    t.store(1, m.variance);
  });
  add("sums", [](TileBuilder& t) {
    const Value x = t.load(0);
    t.store(0, t.row_sum(x));
    t.store(1, t.row_min(x));
    t.store(2, t.row_prod(t.mul(x, t.constant(0.3))));
  });
  add("extremes", [](TileBuilder& t) {
    const Value x = t.load(0);
    const Value low = t.row_argmin(x), high = t.row_argmax(x);
    t.store(0, low);
    t.store(1, high);
    t.store(2, t.add(t.is_at(high), t.pick(0, low)));
    t.store(3, t.sub(t.row_position(), t.row_length()));
  });
  add("scans", [](TileBuilder& t) {
    const Value x = t.load(0);
    t.store(0, t.row_cumsum(x));
    t.store(1, t.row_cumprod(t.select(t.gt(x, t.constant(3)), t.constant(-1), t.constant(1))));
  });
  add("random", [](TileBuilder& t) {
    t.store(0, t.random_uniform(0));
    t.store(1, t.random_normal(1));
    t.store(2, t.linear_index());
    t.store(3, t.row_position());
  });
  add("keeps", [](TileBuilder& t) {
    const Value x = t.load(0), y = t.exp(t.mul(x, t.constant(0.2)));
    t.store(0, y);
    t.store(1, t.add(t.div(t.constant(1), t.row_sum(y)), t.mul(t.sub(y, t.row_max(y)), x)));
  });
  return cases;
}

/// Strides of a tensor whose dims lie in memory in this order, outermost first.
std::vector<int64_t> ordered(const std::vector<int64_t>& sizes, const std::vector<size_t>& order) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (size_t k = order.size(); k-- > 0;) {
    strides[order[k]] = stride;
    stride *= std::max<int64_t>(sizes[order[k]], 1);
  }
  return strides;
}

void expect_same(const Case& c, Compute compute, const std::vector<int64_t>& sizes, int row_dims,
                 const std::vector<size_t>& in_order, const std::vector<size_t>& out_order) {
  const DType dtype = compute == Compute::kF32 ? kFloat32 : kFloat64;
  std::vector<Layout> inputs(static_cast<size_t>(c.program.inputs()),
                             Layout{dtype, ordered(sizes, in_order)});
  std::vector<Layout> outputs;
  for (bool row : c.row_outputs) {
    Layout layout{dtype, ordered(sizes, out_order)};
    if (row) {
      std::vector<int64_t> kept(sizes.begin(), sizes.end() - row_dims);
      std::vector<size_t> order;
      for (size_t d : out_order) {
        if (d < kept.size()) order.push_back(d);
      }
      layout.strides = ordered(kept, order);
      layout.strides.resize(sizes.size(), 0);
    }
    outputs.push_back(layout);
  }
  Trial trial(c.program, compute, sizes, row_dims, inputs, outputs);
  EXPECT_LT(trial.difference(), compute == Compute::kF32 ? 1e-5 : 2e-14)
      << c.name << " rows " << row_dims << ' ' << ::testing::PrintToString(sizes)
      << ::testing::PrintToString(in_order);
}

TEST(TileExecutor, RowsAndColumnsAgreeWithScalar) {
  const std::vector<std::vector<int64_t>> shapes = {{3, 5},    {100, 10}, {7, 300},
                                                    {1, 2500}, {1100, 3}, {1, 1}};
  for_each_instruction_set([&] {
    for (const Case& c : row_programs()) {
      for (Compute compute : {Compute::kF32, Compute::kF64}) {
        for (const auto& sizes : shapes) {
          for (int row_dims : {0, 1, 2}) {
            for (const auto& order : std::vector<std::vector<size_t>>{{0, 1}, {1, 0}}) {
              expect_same(c, compute, sizes, row_dims, order, {0, 1});
              expect_same(c, compute, sizes, row_dims, order, order);
            }
          }
        }
      }
    }
  });
}

TEST(TileExecutor, FourDimsInEveryOrder) {
  std::vector<size_t> order = {0, 1, 2, 3};
  const std::vector<Case> cases = row_programs();
  do {
    for (int row_dims : {0, 1, 2, 3}) {
      for (const Case& c : cases) {
        expect_same(c, Compute::kF32, {3, 5, 2, 4}, row_dims, order, {0, 1, 2, 3});
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(TileExecutor, EmptySpaces) {
  for (const Case& c : row_programs()) {
    for (int row_dims : {0, 1, 2}) {
      expect_same(c, Compute::kF32, {0, 5}, row_dims, {0, 1}, {0, 1});
      expect_same(c, Compute::kF32, {5, 0}, row_dims, {0, 1}, {0, 1});
    }
  }
}

TEST(TileExecutor, BroadcastOperands) {
  TileBuilder t;
  const Value a = t.load(0), b = t.load(1), c = t.load(2);
  t.store(0, t.multiply_add(a, b, t.select(t.lt(b, c), a, t.sub(c, b))));
  t.store(1, t.add(b, b));
  const Program program = t.finish();
  const std::vector<std::vector<int64_t>> kinds = {{37, 1}, {0, 1},  {1, 0},
                                                   {0, 0},  {1, 50}, {74, 2}};
  for_each_instruction_set([&] {
    for (const auto& x : kinds) {
      for (const auto& y : kinds) {
        for (const auto& z : kinds) {
          Trial trial(program, Compute::kF32, {50, 37}, 0,
                      {{kFloat32, x}, {kFloat64, y}, {kFloat32, z}},
                      {{kFloat32, {37, 1}}, {kFloat16, {1, 50}}});
          EXPECT_LT(trial.difference(), 2e-3);
        }
      }
    }
  });
}

/// The result may take the buffer of an operand that is one element for the whole row.
TEST(TileExecutor, RepeatedIntegersAreReadBeforeTheyAreOverwritten) {
  TileBuilder t;
  const Value x = t.load(0), position = t.row_position();
  t.store(0, t.multiply_add(position, x, t.constant(1)));
  t.store(1, t.select(t.gt(position, t.constant(3)), t.load(1), t.constant(2)));
  const Program program = t.finish();
  for_each_instruction_set([&] {
    Trial trial(program, Compute::kI64, {3, 50}, 1, {{kInt32, {1, 0}}, {kInt32, {1, 0}}},
                {{kInt32, {50, 1}}, {kInt32, {50, 1}}});
    EXPECT_EQ(trial.difference(), 0);
  });
}

/// Every thread count gives the same bits, for split rows, split columns, and many rows.
TEST(TileExecutor, ThreadsDoNotChangeBits) {
  const int threads = num_threads();
  for (const Case& c : row_programs()) {
    for (const auto& sizes :
         std::vector<std::vector<int64_t>>{{2, 100000}, {100000, 2}, {100, 1000}}) {
      for (const auto& order : std::vector<std::vector<size_t>>{{0, 1}, {1, 0}}) {
        std::vector<Layout> inputs(static_cast<size_t>(c.program.inputs()),
                                   Layout{kFloat32, ordered(sizes, order)});
        std::vector<Layout> outputs;
        for (bool row : c.row_outputs) {
          outputs.push_back({kFloat32, row ? std::vector<int64_t>{1, 0} : ordered(sizes, order)});
        }
        Trial trial(c.program, Compute::kF32, sizes, 1, inputs, outputs);
        set_num_threads(1);
        const auto expected = trial.run(0);
        for (int count : {2, 8}) {
          set_num_threads(count);
          EXPECT_EQ(trial.run(0), expected) << c.name << ' ' << count;
          EXPECT_EQ(trial.run(1), expected) << c.name << ' ' << count;
        }
      }
    }
  }
  set_num_threads(threads);
}

/// Contiguous work of one op is done without tiles, in a few long parts.
TEST(TileExecutor, SingleOpsOnLongArrays) {
  std::vector<Program> programs;
  const auto add = [&](auto write) {
    TileBuilder t;
    t.store(0, write(t));
    programs.push_back(t.finish());
  };
  add([](TileBuilder& t) { return t.square(t.load(0)); });
  add([](TileBuilder& t) { return t.sub(t.load(0), t.load(1)); });
  add([](TileBuilder& t) { return t.sub(t.load(0), t.constant(2)); });
  add([](TileBuilder& t) { return t.sub(t.constant(2), t.load(0)); });
  add([](TileBuilder& t) { return t.sub(t.load(0), t.load(0)); });
  add([](TileBuilder& t) { return t.multiply_add(t.load(0), t.constant(3), t.load(1)); });
  add([](TileBuilder& t) { return t.select(t.load(0), t.load(1), t.load(2)); });
  for (const Program& program : programs) {
    for (const Compute compute : {Compute::kF32, Compute::kF64}) {
      for (const int64_t count : {1, 1000, 1025, 70001}) {
        SCOPED_TRACE(tile::to_text(program) + std::to_string(count));
        const Layout layout{compute == Compute::kF32 ? kFloat32 : kFloat64, {1}};
        const std::vector<Layout> inputs(static_cast<size_t>(program.inputs()), layout);
        Trial trial(program, compute, {count}, 0, inputs, {layout});
        EXPECT_EQ(trial.difference(), 0);
        EXPECT_EQ(trial.difference(true), 0);
      }
    }
  }
}

TEST(TileExecutor, OutputsMayBeInputs) {
  for (const Case& c : row_programs()) {
    if (c.program.inputs() == 0 || c.row_outputs[0]) continue;
    const std::vector<int64_t> sizes = {40, 90};
    const int row_dims = 1;
    std::vector<float> data(3600), other(3600), expected(3600), rows(3600), rows2(3600);
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>((i * 37) % 101) * 0.05f;
    const std::vector<float> original = data;
    const auto run = [&](float* out, float* second, bool scalar) {
      const InlineVector<int64_t, 8> strides = {90, 1}, row = {1, 0};
      const tile::Operand input{scalar ? const_cast<float*>(original.data()) : out, kFloat32,
                                strides};
      std::vector<tile::Operand> outputs = {{out, kFloat32, strides}};
      if (c.program.outputs() > 1) {
        outputs.push_back({second, kFloat32, c.row_outputs[1] ? row : strides});
      }
      const tile::Launch launch{
          &c.program, Compute::kF32, {40, 90}, row_dims, {&input, 1}, outputs, {}, 0, 0};
      if (scalar) return run_tile_scalar(launch);
      run_tile(launch);
    };
    run(expected.data(), rows2.data(), true);
    run(data.data(), rows.data(), false);
    for (size_t i = 0; i < data.size(); ++i) {
      ASSERT_NEAR(data[i], expected[i], 1e-5 * (1 + std::fabs(expected[i]))) << c.name << ' ' << i;
      ASSERT_NEAR(rows[i], rows2[i], 1e-4 * (1 + std::fabs(rows2[i]))) << c.name << ' ' << i;
    }
  }
}

TEST(TileExecutor, CrossEntropyPicksTheLabel) {
  TileBuilder t;
  const Value x = t.load(0), label = t.load_index(1);
  const Value m = t.row_max(x);
  const Value s = t.row_sum(t.exp(t.sub(x, m)));
  t.store(0, t.sub(t.add(t.log(s), m), t.pick(0, label)));
  const Program program = t.finish();
  std::vector<float> logits = {1, 2, 3, 1, 1, 1};
  std::vector<int32_t> labels = {2, -100};
  std::vector<float> loss(2);
  const std::vector<tile::Operand> inputs = {{logits.data(), kFloat32, {3, 1}},
                                             {labels.data(), kInt32, {1, 0}}};
  const tile::Operand output{loss.data(), kFloat32, {1, 0}};
  run_tile({&program, Compute::kF32, {2, 3}, 1, inputs, {&output, 1}, {}, 0, 0});
  EXPECT_NEAR(loss[0], 0.40760596, 1e-6);
  EXPECT_NEAR(loss[1], std::log(3.0) + 1, 1e-6);  // outside the row: nothing to subtract
}

TEST(TileExecutor, ManyLaunchesUpdateInPlace) {
  TileBuilder t;
  t.store(0, t.sub(t.load(0), t.mul(t.load(1), t.scalar(0))));
  const Program program = t.finish();
  std::vector<std::vector<float>> parameters, gradients;
  for (size_t n : {1, 7, 64, 1000, 70000}) {
    parameters.emplace_back(n, 3.0f);
    gradients.emplace_back(n, 2.0f);
  }
  std::vector<std::vector<tile::Operand>> inputs(5);
  const tile::Scalar64 rate(0.5);
  std::vector<tile::Launch> launches(5);
  for (size_t i = 0; i < 5; ++i) {
    inputs[i] = {{parameters[i].data(), kFloat32, {1}}, {gradients[i].data(), kFloat32, {1}}};
    launches[i] = {&program,
                   Compute::kF32,
                   {static_cast<int64_t>(parameters[i].size())},
                   0,
                   inputs[i],
                   {inputs[i].data(), 1},
                   {&rate, 1},
                   0,
                   0};
  }
  run_tile_many(launches);
  for (const auto& parameter : parameters) {
    for (float p : parameter) ASSERT_EQ(p, 2.0f);
  }
}

TEST(TileExecutor, RowSumsAreAccurate) {
  TileBuilder t;
  t.store(0, t.row_sum(t.load(0)));
  const Program program = t.finish();
  std::vector<float> x(1 << 22, 0.1f);
  float sum = 0;
  for (const InlineVector<int64_t, 8>& strides :
       {InlineVector<int64_t, 8>{1 << 22, 1}, InlineVector<int64_t, 8>{1, 4}}) {
    const bool columns = strides[0] == 1;
    const tile::Operand input{x.data(), kFloat32, strides};
    std::vector<float> out(4);
    const tile::Operand output{out.data(), kFloat32, {1, 0}};
    const int64_t length = columns ? 1 << 20 : 1 << 22;
    run_tile({&program,
              Compute::kF32,
              {columns ? 4 : 1, length},
              1,
              {&input, 1},
              {&output, 1},
              {},
              0,
              0});
    sum = out[0];
    EXPECT_NEAR(sum, static_cast<double>(length) * static_cast<double>(0.1f),
                3e-7 * static_cast<double>(length) * 0.1);
  }
}

TEST(TileExecutor, UnknownInstructionSet) {
  EXPECT_THROW(set_instruction_set("abacus"), ValueError);
}

TEST(TileExecutor, OpThatTheClassLacks) {
  TileBuilder t;
  t.store(0, t.exp(t.load(0)));
  const Program program = t.finish();
  int64_t x = 1;
  const tile::Operand operand{&x, kInt64, {1}};
  EXPECT_THROW(run_tile({&program, Compute::kI64, {1}, 0, {&operand, 1}, {&operand, 1}, {}, 0, 0}),
               DTypeError);
}

TEST(TileExecutor, DirectKernels) {
  TileBuilder t;
  t.store(0, t.sub(t.load(0), t.load(1)));
  const Program sub = t.finish();
  const float a[3] = {1, 2, 3}, b[3] = {5, 5, 5};
  float out[3];
  const DirectKernel kernel = direct_kernel(sub, Compute::kF32);
  ASSERT_NE(kernel, nullptr);
  kernel(a, b, out, 3);
  EXPECT_EQ(out[0], -4);
  EXPECT_EQ(out[2], -2);
  t.store(0, t.add(t.load(0), t.constant(1)));
  EXPECT_EQ(direct_kernel(t.finish(), Compute::kF32), nullptr);
}

}  // namespace
}  // namespace tenon::cpu
