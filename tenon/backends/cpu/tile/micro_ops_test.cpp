// Every elementwise op, in every compute class and on every instruction set, against the scalar
// executor (which is the C library); conversions between all dtypes.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/testing.h"
#include "tenon/base/error.h"

namespace tenon::cpu {
namespace {

using testing::for_each_instruction_set;
using tile::Compute;
using tile::Family;
using tile::Instruction;
using tile::Op;
using tile::Program;

template <class T>
std::vector<T> samples() {
  std::vector<T> x;
  std::mt19937_64 random(3);
  if constexpr (std::is_floating_point_v<T>) {
    using Limits = std::numeric_limits<T>;
    for (double v :
         {0.0,  -0.0,  1.0,  -1.0,  0.5,  -0.5,  2.0,  3.0,    -3.0,  1.5,    2.5, -2.5, 1e-3,
          1e-8, -1e-8, 20.0, -20.0, 88.5, -87.5, 89.5, -104.5, 700.0, -700.0, 1e4, 3e6,  1e9}) {
      x.push_back(static_cast<T>(v));
    }
    for (T v : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::max(),
                Limits::lowest(), Limits::min(), Limits::denorm_min(), -Limits::denorm_min()}) {
      x.push_back(v);
    }
    for (int i = 0; i < 4000; ++i) {
      const double u = static_cast<double>(random() >> 11) * 0x1p-53;
      x.push_back(static_cast<T>(i % 4 == 0   ? u
                                 : i % 4 == 1 ? 20 * u - 10
                                 : i % 4 == 2 ? std::exp2(60 * u - 30)
                                              : 180 * u - 90));
    }
  } else {
    for (int64_t v : {0, 1, -1, 2, 3, 7, -7, 63, 64, 65, 100}) x.push_back(static_cast<T>(v));
    x.push_back(std::numeric_limits<T>::max());
    x.push_back(std::numeric_limits<T>::min());
    for (int i = 0; i < 300; ++i) x.push_back(static_cast<T>(random() >> (random() % 64)));
  }
  return x;
}

/// Distance in units of the last place.
template <class T>
double distance(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) ? 0 : INFINITY;
  if (a == b) return a != 0 || std::signbit(a) == std::signbit(b) ? 0 : 0.5;
  using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  const auto order = [](T v) {
    const Bits bits = std::bit_cast<Bits>(v);
    return static_cast<__int128>(bits < 0 ? std::numeric_limits<Bits>::min() - bits : bits);
  };
  return std::fabs(static_cast<double>(order(a) - order(b)));
}

/// ULPs that the vector form may be off.
double tolerance(Op op, Compute compute) {
  switch (op) {
    case Op::kExp:
    case Op::kLog:
    case Op::kSigmoid:
    case Op::kLog2:
    case Op::kSin:
    case Op::kCos:
      return 2;
    case Op::kExpm1:
    case Op::kLog1p:
    case Op::kTanh:
      return 4;
    case Op::kErf:
      return compute == Compute::kF32 ? 2 : 0;
    case Op::kTan:
    case Op::kPow:
      return compute == Compute::kF32 ? 3 : 0;
    case Op::kMultiplyAdd:
      return 1e300;  // rounds once or twice: below
    default:
      return 0;
  }
}

Program program_of(Op op) {
  std::vector<Instruction> code;
  const int arity = info_of(op).arity;
  for (int k = 0; k < arity; ++k) {
    code.push_back({.op = Op::kLoad});
    code.back().slot = static_cast<uint16_t>(k);
  }
  Instruction middle{.op = op};
  middle.b = 1;
  middle.c = 2;
  if (arity < 2) middle.b = 0;
  if (arity < 3) middle.c = 0;
  code.push_back(middle);
  Instruction store{.op = Op::kStore};
  store.a = static_cast<uint16_t>(arity);
  code.push_back(store);
  return Program::from_instructions(code);
}

template <class T>
void check_op(Op op, Compute compute, const std::vector<T>& x, const std::vector<T>& y,
              const std::vector<T>& z, const std::vector<int64_t>& steps) {
  const Program program = program_of(op);
  const int64_t count = static_cast<int64_t>(x.size());
  std::vector<T> got(x.size()), expected(x.size());
  std::vector<tile::Operand> inputs;
  const std::vector<T>* sources[3] = {&x, &y, &z};
  for (int k = 0; k < info_of(op).arity; ++k) {
    inputs.push_back(
        {const_cast<T*>(sources[k]->data()), dtype_of<T>, {steps[static_cast<size_t>(k)]}});
  }
  const tile::Operand out{got.data(), dtype_of<T>, {1}}, out2{expected.data(), dtype_of<T>, {1}};
  run_tile({&program, compute, {count}, 0, inputs, {&out, 1}, {}, 0, 0});
  run_tile_scalar({&program, compute, {count}, 0, inputs, {&out2, 1}, {}, 0, 0});
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double error = got[i] == expected[i] ? 0 : INFINITY;
    if constexpr (std::is_floating_point_v<T>) error = distance(got[i], expected[i]);
    if (error > worst) worst = error, at = i;
  }
  EXPECT_LE(worst, tolerance(op, compute))
      << info_of(op).name << ' ' << name_of(compute) << " of "
      << +x[at * static_cast<size_t>(steps[0])] << ", " << +y[at * static_cast<size_t>(steps[1])]
      << ": got " << +got[at] << ", expected " << +expected[at];
}

bool divides(Op op) { return op == Op::kFmod || op == Op::kRemainder || op == Op::kFloorDivide; }

template <class T>
void check_class(Compute compute) {
  const std::vector<T> x = samples<T>();
  std::vector<T> y = x, z = x;
  std::mt19937 random(5);
  std::shuffle(y.begin(), y.end(), random);
  std::shuffle(z.begin(), z.end(), random);
  for (int i = 0; i < tile::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const Family family = info_of(op).family;
    if (!exists_in(op, compute)) continue;
    if (family == Family::kUnary) check_op(op, compute, x, y, z, {1, 1, 1});
    if (family != Family::kBinary && family != Family::kTernary) continue;
    std::vector<T> second = y;
    if (std::is_integral_v<T> && divides(op))
      std::replace(second.begin(), second.end(), T(0), T(1));
    for (const std::vector<int64_t>& steps : std::vector<std::vector<int64_t>>{
             {1, 1, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {0, 0, 1}, {1, 0, 0}}) {
      check_op(op, compute, x, second, z, steps);
    }
  }
}

TEST(TileMicroOps, AgreeWithTheCLibrary) {
  for_each_instruction_set([] {
    check_class<float>(Compute::kF32);
    check_class<double>(Compute::kF64);
    check_class<int64_t>(Compute::kI64);
    check_class<uint64_t>(Compute::kU64);
  });
}

template <class T>
void expect_no_zero_divisor(Op op, Compute compute) {
  const Program program = program_of(op);
  std::vector<T> x(3000, 7), y(3000, 2), out(3000);
  y[2345] = 0;
  const std::vector<tile::Operand> inputs = {{x.data(), dtype_of<T>, {1}},
                                             {y.data(), dtype_of<T>, {1}}};
  const tile::Operand output{out.data(), dtype_of<T>, {1}};
  const tile::Launch launch{&program, compute, {3000}, 0, inputs, {&output, 1}, {}, 0, 0};
  EXPECT_THROW(run_tile(launch), ValueError) << info_of(op).name;
  EXPECT_THROW(run_tile_scalar(launch), ValueError) << info_of(op).name;
  y[2345] = 2;
  EXPECT_NO_THROW(run_tile(launch)) << info_of(op).name;
}

TEST(TileMicroOps, IntegersAreNotDividedByZero) {
  for_each_instruction_set([] {
    for (const Op op : {Op::kFmod, Op::kRemainder, Op::kFloorDivide}) {
      expect_no_zero_divisor<int64_t>(op, Compute::kI64);
      expect_no_zero_divisor<uint64_t>(op, Compute::kU64);
    }
  });
}

TEST(TileMicroOps, ConversionsOfEveryPair) {
  tile::TileBuilder t;
  t.store(0, t.load(0));
  const Program copy = t.finish();
  const std::vector<double> values = {0,     1,     -1,           2.5,      -2.5,      100,   127.9,
                                      128,   255.5, 256,          300,      -300,      65504, 65520,
                                      70000, 1e10,  -1e10,        1e19,     -1e19,     1e30,  1e-7,
                                      6e-8,  0.1,   1.0009765625, INFINITY, -INFINITY, NAN};
  for_each_instruction_set([&] {
    for (Compute compute : {Compute::kF32, Compute::kF64, Compute::kI64, Compute::kU64}) {
      for (int from = 0; from < kDTypeCount; ++from) {
        for (int to = 0; to < kDTypeCount; ++to) {
          const DType in = static_cast<DType>(from), out = static_cast<DType>(to);
          if (is_complex(in) || is_complex(out)) continue;
          std::vector<uint64_t> source(values.size()), got(values.size()), expected(values.size());
          for (size_t i = 0; i < values.size(); ++i) {
            double v = values[i];
            if (!is_floating(in))
              v = std::fabs(v) < 100 ? (is_unsigned(in) ? std::fabs(v) : v) : 99;
            testing::set_value(in, source.data(), i, v);
          }
          const tile::Operand input{source.data(), in, {1}}, a{got.data(), out, {1}},
              b{expected.data(), out, {1}};
          const auto count = static_cast<int64_t>(values.size());
          run_tile({&copy, compute, {count}, 0, {&input, 1}, {&a, 1}, {}, 0, 0});
          run_tile_scalar({&copy, compute, {count}, 0, {&input, 1}, {&b, 1}, {}, 0, 0});
          for (size_t i = 0; i < values.size(); ++i) {
            const double x = testing::value_at(out, got.data(), i);
            const double y = testing::value_at(out, expected.data(), i);
            EXPECT_TRUE(x == y || (std::isnan(x) && std::isnan(y)))
                << name_of(in) << " to " << name_of(out) << " through " << name_of(compute)
                << " of " << values[i] << ": got " << x << ", expected " << y;
          }
        }
      }
    }
  });
}

TEST(TileMicroOps, StoresSaturateAndRoundOnce) {
  tile::TileBuilder t;
  t.store(0, t.load(0));
  const Program copy = t.finish();
  const auto convert = [&](double value, DType dtype) {
    uint64_t out = 0;
    const tile::Operand input{&value, kFloat64, {1}}, output{&out, dtype, {1}};
    run_tile({&copy, Compute::kF64, {1}, 0, {&input, 1}, {&output, 1}, {}, 0, 0});
    return testing::value_at(dtype, &out, 0);
  };
  EXPECT_EQ(convert(300, kUInt8), 255);
  EXPECT_EQ(convert(-5.7, kUInt8), 0);
  EXPECT_EQ(convert(-5.7, kInt8), -5);
  EXPECT_EQ(convert(NAN, kInt32), 0);
  EXPECT_EQ(convert(1e300, kInt64), static_cast<double>(INT64_MAX));
  EXPECT_EQ(convert(0.5, kBool), 1);
  // Just above the middle of two halves; through a float it would be the middle and round down.
  EXPECT_EQ(convert(1 + 0x1p-11 + 0x1p-40, kFloat16), 1 + 0x1p-10);
}

}  // namespace
}  // namespace tenon::cpu
