// Machine code against the interpreter, which has tests of its own against plain C++: the same
// bits, for every op, dtype, length and place in memory.
#include "tenon/tile/machine_code.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/jit/code_cache.h"
#include "tenon/backends/cpu/tile/testing.h"
#include "tenon/base/half.h"
#include "tenon/base/parallel.h"
#include "tenon/tile/text.h"

namespace tenon::cpu {
namespace {

using testing::same_element;
using testing::set_value;
using tile::Compute;
using tile::Launch;
using tile::MachineCodeMode;
using tile::Op;
using tile::Operand;
using tile::Program;
using tile::TileBuilder;
using tile::Value;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Sets the mode for a scope.
class Mode {
 public:
  explicit Mode(MachineCodeMode mode) { tile::set_machine_code(mode); }
  ~Mode() { tile::set_machine_code(before_); }

 private:
  MachineCodeMode before_ = tile::machine_code();
};

/// The instruction sets that code is made for.
template <class Body>
void for_each_vector_set(Body&& body) {
  bool any = false;
  for (const std::string& name : available_instruction_sets()) {
    if (name != "avx2" && !name.starts_with("avx3")) continue;
    SCOPED_TRACE(name);
    set_instruction_set(name);
    body();
    any = true;
  }
  set_instruction_set("");
  if (!any) GTEST_SKIP() << "this processor has no AVX2";
}

struct alignas(64) Line {
  char bytes[64];
};

/// Memory of an operand that starts `offset` bytes behind a cache line's start, and room behind it;
/// the same contents for each seed.
struct Memory {
  Memory(DType dtype, size_t count, size_t offset, uint64_t seed)
      : dtype(dtype),
        count(count),
        lines((count * size_of(dtype) + offset) / sizeof(Line) + 2),
        offset(offset) {
    std::mt19937_64 random(seed);
    if (dtype == kFloat32) {
      // Any bits at all once in a while, else numbers where functions bend.
      const size_t drawn = std::min(count, kDrawn);
      for (size_t i = 0; i < drawn; ++i) {
        const float plain = (static_cast<float>(random() % 20000) - 10000) / 100;
        const float any = std::bit_cast<float>(static_cast<uint32_t>(random()));
        const float special[] = {0.0f, -0.0f, kInfinity, -kInfinity, kNan,
                                 1.0f, -1.0f, 1e-40f,    88.8f};
        const uint64_t kind = random() % 10;
        set(i, kind == 0 ? special[random() % 9] : kind < 3 ? any : kind < 5 ? plain / 50 : plain);
      }
      for (size_t i = drawn; i < count; i += kDrawn) {
        std::memcpy(at() + i * 4, at(), std::min(kDrawn, count - i) * 4);
      }
      return;
    }
    for (size_t i = 0; i < lines.size() * sizeof(Line); ++i)
      start()[i] = static_cast<char>(random());
  }

  static constexpr size_t kDrawn = 9973;  // then they repeat

  void set(size_t i, float value) { std::memcpy(at() + i * 4, &value, 4); }
  char* start() { return lines.data()->bytes; }
  char* at() { return start() + offset; }
  Operand operand(std::vector<int64_t> strides) {
    return {at(), dtype, InlineVector<int64_t, 8>(std::span<const int64_t>(strides))};
  }

  DType dtype;
  size_t count;
  std::vector<Line> lines;
  size_t offset;
};

/// Runs a launch both ways, each on outputs that start out equal, and compares all of their memory.
/// Says whether machine code ran.
bool expect_same_bits(Launch launch, std::vector<Memory> outputs,
                      const std::vector<std::vector<int64_t>>& strides) {
  std::vector<Memory> expected = outputs;
  const auto run = [&](MachineCodeMode mode, std::vector<Memory>& memories) {
    const Mode scope(mode);
    std::vector<Operand> operands;
    for (size_t k = 0; k < memories.size(); ++k) {
      operands.push_back(memories[k].operand(strides[k]));
    }
    launch.outputs = operands;
    const int64_t before = tile::machine_code_stats().runs;
    run_tile(launch);
    return tile::machine_code_stats().runs - before;
  };
  EXPECT_EQ(run(MachineCodeMode::kOff, expected), 0);
  const int64_t compiled = run(MachineCodeMode::kAlways, outputs);
  for (size_t k = 0; k < outputs.size(); ++k) {
    const size_t size = size_of(outputs[k].dtype);
    const size_t bytes = outputs[k].lines.size() * sizeof(Line);
    if (std::memcmp(outputs[k].start(), expected[k].start(), bytes) == 0) continue;
    EXPECT_EQ(std::memcmp(outputs[k].start(), expected[k].start(), outputs[k].offset), 0);
    for (size_t i = 0; i < (bytes - outputs[k].offset) / size; ++i) {
      if (same_element(outputs[k].dtype, outputs[k].at() + i * size, expected[k].at() + i * size)) {
        continue;
      }
      ADD_FAILURE() << "output " << k << " differs at " << i << " of " << outputs[k].count << ": "
                    << testing::value_at(outputs[k].dtype, outputs[k].at(), i) << ", not "
                    << testing::value_at(outputs[k].dtype, expected[k].at(), i) << '\n'
                    << to_text(*launch.program);
      return compiled > 0;
    }
  }
  return compiled > 0;
}

/// The op, and something done with its result.
Program program_of(Op op) {
  std::vector<tile::Instruction> code;
  const uint16_t arity = info_of(op).arity;
  for (uint16_t k = 0; k < arity; ++k) code.push_back({.op = Op::kLoad, .slot = k});
  tile::Instruction step{.op = op};
  if (arity > 1) step.b = 1;
  if (arity > 2) step.c = 2;
  code.push_back(step);
  code.push_back({.op = Op::kStore, .a = arity, .slot = 0});
  code.push_back({.op = Op::kNeg, .a = arity});
  code.push_back({.op = Op::kStore, .a = static_cast<uint16_t>(arity + 2), .slot = 1});
  return Program::from_instructions(code);
}

TEST(MachineCode, EveryOpGivesTheInterpretersBits) {
  for_each_vector_set([] {
    int compiled = 0;
    for (int number = 0; number < tile::kOpCount; ++number) {
      const Op op = static_cast<Op>(number);
      const tile::Family family = info_of(op).family;
      if (family < tile::Family::kUnary || family > tile::Family::kTernary) continue;
      if (!tile::exists_in(op, Compute::kF32)) continue;
      const Program program = program_of(op);
      for (const size_t count : {1, 7, 8, 31, 64, 1000, 5003}) {
        std::vector<Memory> inputs;
        std::vector<Operand> operands;
        for (int k = 0; k < program.inputs(); ++k) {
          inputs.emplace_back(kFloat32, count, static_cast<size_t>(4 * k),
                              count + static_cast<size_t>(k));
        }
        for (Memory& input : inputs) operands.push_back(input.operand({1}));
        const Launch launch{
            &program, Compute::kF32, {static_cast<int64_t>(count)}, 0, operands, {}, {}, 0, 0};
        const bool code = expect_same_bits(
            launch, {{kFloat32, count, 4, 1}, {kFloat32, count, 0, 2}}, {{1}, {1}});
        EXPECT_EQ(code, jit::can_compute(op)) << info_of(op).name;
        compiled += code;
      }
    }
    EXPECT_EQ(compiled, 7 * 40);
  });
}

TEST(MachineCode, EveryDTypeAtEveryPlaceAndLength) {
  TileBuilder t;
  const Value x = t.load(0);
  t.store(0, t.mul(x, t.constant(1.5)));
  t.store(1, t.add(x, t.load(1)));
  const Program program = t.finish();
  for_each_vector_set([&] {
    for (int in = 0; in < kDTypeCount; ++in) {
      for (int out = 0; out < kDTypeCount; ++out) {
        const auto from = static_cast<DType>(in), to = static_cast<DType>(out);
        if (is_complex(from) || is_complex(to)) continue;
        for (const size_t count : {3, 40, 75}) {
          const size_t offset = size_of(from) * (count % 4);
          Memory a(from, count, offset, 5), b(kFloat32, count, 4, 6);
          const std::vector<Operand> operands = {a.operand({1}), b.operand({1})};
          const Launch launch{
              &program, Compute::kF32, {static_cast<int64_t>(count)}, 0, operands, {}, {}, 0, 0};
          EXPECT_TRUE(expect_same_bits(
              launch, {{to, count, size_of(to), 7}, {kFloat32, count, 0, 8}}, {{1}, {1}}))
              << name_of(from) << ' ' << name_of(to);
        }
      }
    }
  });
}

TEST(MachineCode, BroadcastStridedAndTransposed) {
  TileBuilder t;
  const Value x = t.load(0), y = t.load(1);
  t.store(0, t.maximum(t.mul(x, y), t.scalar(0)));
  t.store(1, t.select(t.gt(x, y), t.constant(1), t.sub(y, x)));
  const Program program = t.finish();
  const tile::Scalar64 scalar(0.25);
  const std::vector<std::vector<int64_t>> strides = {{70, 1}, {0, 1},   {1, 0},
                                                     {1, 90}, {140, 2}, {0, 0}};
  for_each_vector_set([&] {
    for (const auto& first : strides) {
      for (const auto& second : strides) {
        for (const auto& out : std::vector<std::vector<int64_t>>{{70, 1}, {1, 90}, {150, 2}}) {
          Memory a(kFloat32, 90 * 150, 0, 1), b(kBFloat16, 90 * 150, 0, 2);
          const std::vector<Operand> operands = {a.operand(first), b.operand(second)};
          const Launch launch{&program, Compute::kF32, {90, 70}, 0, operands,
                              {},       {&scalar, 1},  0,        0};
          EXPECT_TRUE(expect_same_bits(
              launch, {{kFloat32, 90 * 150, 0, 3}, {kFloat32, 90 * 150, 0, 4}}, {out, {70, 1}}));
        }
      }
    }
  });
}

/// Operands that repeat along rows or down them, or have gaps between rows.
TEST(MachineCode, RowsAreReadWhereTheyLie) {
  TileBuilder t;
  const Value x = t.load(0), y = t.load(1);
  t.store(0, t.add(t.mul(x, y), t.load(2)));
  t.store(1, t.neg(t.sub(x, t.mul(y, t.scalar(0)))));
  const Program program = t.finish();
  const tile::Scalar64 scalar(0.25);
  const std::vector<std::vector<int64_t>> strides = {{70, 1}, {75, 1}, {0, 1}, {1, 0}, {3, 0}};
  for_each_vector_set([&] {
    for (const auto& first : strides) {
      for (const auto& second : strides) {
        for (const auto& out : std::vector<std::vector<int64_t>>{{70, 1}, {80, 1}}) {
          Memory a(kFloat32, 90 * 80, 0, 1), b(kFloat32, 90 * 80, 4, 2),
              c(kBFloat16, 90 * 80, 0, 3);
          const std::vector<Operand> operands = {a.operand(first), b.operand(second),
                                                 c.operand({75, 1})};
          const Launch launch{&program, Compute::kF32, {90, 70}, 0, operands,
                              {},       {&scalar, 1},  0,        0};
          EXPECT_TRUE(expect_same_bits(
              launch, {{kFloat32, 90 * 80, 0, 4}, {kBFloat16, 90 * 80, 0, 5}}, {out, {75, 1}}));
        }
      }
    }
  });
}

/// Softmax with whatever else a row program can hold.
Program row_program() {
  TileBuilder t;
  const Value x = t.load(0), index = t.load_index(1);
  const Value shifted = t.sub(t.mul(x, t.constant(0.01)), t.row_max(x));
  const Value e = t.exp(shifted);
  const auto moments = t.row_welford(t.square(e));
  const Value lowest = t.row_min(t.add(e, t.row_position()));
  t.store(0, t.div(e, t.row_sum(e)));
  t.store(1, t.add(moments.variance, t.mul(moments.mean, lowest)));
  t.store(2, t.sub(t.is_at(index), t.mul(shifted, t.pick(0, index))));
  t.store(3, t.row_argmax(t.neg(x)));
  return t.finish();
}

TEST(MachineCode, RowsOfEveryLength) {
  const Program program = row_program();
  for_each_vector_set([&] {
    for (const int64_t columns : {0, 1, 5, 16, 49, 64, 65, 500, 513, 1024, 1025, 2500}) {
      for (const bool across : {true, false}) {  // along the rows in memory, or across
        const int64_t rows = 5;
        const auto count = static_cast<size_t>(rows * columns + 1);
        const std::vector<int64_t> strides =
            across ? std::vector<int64_t>{columns, 1} : std::vector<int64_t>{1, rows};
        Memory x(kFloat32, count, 4, 9), index(kInt32, 5, 0, 0);
        for (size_t r = 0; r < 5; ++r) set_value(kInt32, index.at(), r, static_cast<double>(7 * r));
        const std::vector<Operand> operands = {x.operand(strides), index.operand({1, 0})};
        const Launch launch{&program, Compute::kF32, {rows, columns}, 1, operands, {}, {}, 0, 0};
        const bool compiled = expect_same_bits(launch,
                                               {{kFloat32, count, 0, 1},
                                                {kFloat32, 5, 0, 2},
                                                {kFloat32, count, 0, 3},
                                                {kInt64, 5, 0, 4}},
                                               {strides, {1, 0}, strides, {1, 0}});
        EXPECT_TRUE(compiled);
      }
    }
  });
}

/// Code that knows a constant leaves out what only NaN needs.
TEST(MachineCode, ExtremesOfConstants) {
  for_each_vector_set([] {
    for (const float constant : {0.0f, -0.0f, 1.0f, -kInfinity, kNan}) {
      TileBuilder t;
      const Value x = t.load(0), c = t.constant(constant);
      t.store(0, t.maximum(c, x));
      t.store(1, t.maximum(x, c));
      t.store(2, t.minimum(c, x));
      t.store(3, t.minimum(x, c));
      const Program program = t.finish();
      Memory input(kFloat32, 100, 0, 3);
      const float special[] = {0.0f, -0.0f, kNan, -kNan, kInfinity, -kInfinity, 1.0f};
      for (size_t i = 0; i < std::size(special); ++i) input.set(i, special[i]);
      const std::vector<Operand> operands = {input.operand({1})};
      const Launch launch{&program, Compute::kF32, {100}, 0, operands, {}, {}, 0, 0};
      EXPECT_TRUE(expect_same_bits(launch, {4, {kFloat32, 100, 0, 1}}, {{1}, {1}, {1}, {1}}));
    }
  });
}

TEST(MachineCode, ExtremesOfZerosAndNan) {
  TileBuilder t;
  const Value x = t.mul(t.load(0), t.constant(1));
  t.store(0, t.row_max(x));
  t.store(1, t.row_min(x));
  t.store(2, t.row_sum(x));
  const Program program = t.finish();
  for_each_vector_set([&] {
    for (const size_t count : {1, 9, 63, 64, 100, 700}) {
      for (size_t at = 0; at < count; at += 1 + count / 13) {
        for (const float special : {kNan, 0.0f, -0.0f, -kInfinity}) {
          Memory x(kFloat32, count, 4, 1);
          for (size_t i = 0; i < count; ++i) x.set(i, i % 3 == 0 ? 0.0f : -0.0f);
          x.set(at, special);
          SCOPED_TRACE(std::to_string(count) + " at " + std::to_string(at) + " " +
                       std::to_string(special));
          const std::vector<Operand> operands = {x.operand({1})};
          const Launch launch{
              &program, Compute::kF32, {static_cast<int64_t>(count)}, 1, operands, {}, {}, 0, 0};
          EXPECT_TRUE(expect_same_bits(
              launch, {{kFloat32, 1, 0, 1}, {kFloat32, 1, 0, 2}, {kFloat32, 1, 0, 3}},
              {{0}, {0}, {0}}));
        }
      }
    }
  });
}

/// 12 ops that read two inputs.
Program chain() {
  TileBuilder t;
  const Value x = t.load(0), y = t.load(1);
  Value h = x;
  for (int i = 0; i < 4; ++i) h = t.maximum(t.add(t.mul(h, y), x), t.constant(0));
  t.store(0, h);
  return t.finish();
}

TEST(MachineCode, LargeOutputsGoAroundTheCache) {
  TileBuilder t;
  const Value x = t.load(0), y = t.load(1);
  t.store(0, t.add(t.mul(x, y), x));
  t.store(1, t.sub(x, y));
  const Program one = chain(), two = t.finish();
  const int64_t rows = 1300, columns = 3229;  // past the threshold; rows start anywhere
  const size_t count = static_cast<size_t>(rows * columns);
  for_each_vector_set([&] {
    for (const bool pieces : {false, true}) {  // all in one, or row by row
      Memory a(kFloat32, count, 0, 1), b(kFloat32, count, 8, 2);
      const std::vector<int64_t> strides = {columns, 1}, repeated = {pieces ? 0 : columns, 1};
      const std::vector<Operand> operands = {a.operand(strides), b.operand(repeated)};
      for (const size_t offset : {0, 4}) {  // on a cache line, and not
        const Launch launch{&one, Compute::kF32, {rows, columns}, 0, operands, {}, {}, 0, 0};
        EXPECT_TRUE(expect_same_bits(launch, {{kFloat32, count, offset, 3}}, {strides}));
        Launch both = launch;
        both.program = &two;
        EXPECT_TRUE(expect_same_bits(both, {{kFloat32, count, offset, 3}, {kFloat32, count, 12, 4}},
                                     {strides, strides}));
      }
    }
  });
}

TEST(MachineCode, InPlace) {
  TileBuilder t;
  const Value x = t.load(0), y = t.load(1);
  t.store(0, t.add(t.mul(x, y), t.exp(y)));
  t.store(1, t.sub(x, y));
  const Program program = t.finish();
  for_each_vector_set([&] {
    for (const size_t count : {5, 64, 1000, 70000}) {
      const auto run = [&](MachineCodeMode mode) {
        const Mode scope(mode);
        std::vector<Memory> memory = {{kFloat32, count, 4, 1}, {kFloat32, count, 0, 2}};
        const std::vector<Operand> operands = {memory[0].operand({1}), memory[1].operand({1})};
        const std::vector<Operand> swapped = {operands[1], operands[0]};
        run_tile({&program,
                  Compute::kF32,
                  {static_cast<int64_t>(count)},
                  0,
                  operands,
                  swapped,
                  {},
                  0,
                  0});
        return memory;
      };
      auto got = run(MachineCodeMode::kAlways), expected = run(MachineCodeMode::kOff);
      for (size_t k = 0; k < 2; ++k) {
        for (size_t i = 0; i < count; ++i) {
          ASSERT_TRUE(same_element(kFloat32, got[k].at() + 4 * i, expected[k].at() + 4 * i)) << i;
        }
      }
    }
  });
}

std::vector<float> run_chain(const Program& program, size_t count) {
  Memory x(kFloat32, count, 0, 1), y(kFloat32, count, 0, 2);
  std::vector<float> out(count);
  const std::vector<Operand> operands = {x.operand({1}), y.operand({1})};
  const Operand output{out.data(), kFloat32, {1}};
  run_tile({&program,
            Compute::kF32,
            {static_cast<int64_t>(count)},
            0,
            operands,
            {&output, 1},
            {},
            0,
            0});
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    const char* at = reinterpret_cast<const char*>(a.data() + i);
    if (!same_element(kFloat32, at, reinterpret_cast<const char*>(b.data() + i))) return false;
  }
  return a.size() == b.size();
}

TEST(MachineCode, ThreadsDontChangeBits) {
  const Mode scope(MachineCodeMode::kAlways);
  const Program program = chain();
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<float> one = run_chain(program, 300'001);
  set_num_threads(2);
  EXPECT_TRUE(same_bits(run_chain(program, 300'001), one));
  set_num_threads(before);
}

TEST(MachineCode, IsMadeWhenAProgramIsHot) {
  for_each_vector_set([] {
    const Mode scope(MachineCodeMode::kHot);
    TileBuilder t;  // a form that no other test has
    Value x = t.load(0);
    for (int i = 0; i < 5; ++i) x = t.sub(t.load(1), t.abs(x));
    t.store(0, t.floor(x));
    const Program program = t.finish();
    const tile::MachineCodeStats start = tile::machine_code_stats();
    const std::vector<float> first = run_chain(program, 1000);
    EXPECT_EQ(tile::machine_code_stats().compiled, start.compiled);
    EXPECT_EQ(tile::machine_code_stats().interpreted, start.interpreted + 1);
    for (int i = 0; i < 5000 && tile::machine_code_stats().compiled == start.compiled; ++i) {
      run_chain(program, 1000);
    }
    const tile::MachineCodeStats hot = tile::machine_code_stats();
    EXPECT_EQ(hot.compiled, start.compiled + 1);
    EXPECT_EQ(hot.runs, start.runs + 1);
    EXPECT_GT(hot.code_bytes, start.code_bytes);
    EXPECT_TRUE(same_bits(run_chain(program, 1000), first));
    tile::set_machine_code(MachineCodeMode::kOff);
    run_chain(program, 1000);
    EXPECT_EQ(tile::machine_code_stats().runs, hot.runs + 1);
  });
}

/// Programs of different forms.
Program numbered(int number) {
  TileBuilder t;
  Value x = t.load(0);
  const Value y = t.load(1);
  for (int bit = 0; bit < 6; ++bit) x = (number >> bit & 1) != 0 ? t.add(x, y) : t.mul(x, y);
  t.store(0, x);
  return t.finish();
}

TEST(MachineCode, IsDroppedForOthersWhileThreadsRunIt) {
  for_each_vector_set([] {
    const Mode scope(MachineCodeMode::kAlways);
    constexpr int kPrograms = 64;
    std::vector<Program> programs;
    std::vector<std::vector<float>> expected;
    for (int k = 0; k < kPrograms; ++k) {
      programs.push_back(numbered(k));
      tile::set_machine_code(MachineCodeMode::kOff);
      expected.push_back(run_chain(programs.back(), 500));
      tile::set_machine_code(MachineCodeMode::kAlways);
    }
    constexpr size_t kLimit = 32 << 10;
    jit::set_most_code_bytes(kLimit);
    const int64_t evicted = tile::machine_code_stats().evicted;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        for (int k = 0; k < 2 * kPrograms; ++k) {
          const auto at = static_cast<size_t>((k * (2 * thread + 1)) % kPrograms);
          wrong += !same_bits(run_chain(programs[at], 500), expected[at]);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(tile::machine_code_stats().evicted, evicted);
    EXPECT_LE(tile::machine_code_stats().code_bytes, static_cast<int64_t>(kLimit));
    jit::set_most_code_bytes(jit::kMostCodeBytes);
  });
}

// A child in which the system refuses memory that becomes executable: its status says what went on.
TEST(MachineCode, InterpretsWhereTheSystemRefusesExecutableMemory) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP()
      << "fork takes the locks of all plans of these tests, and the thread sanitizer counts "
         "64 that one thread holds";
#endif
  constexpr int kSetPolicy = 65, kRefuseExecGain = 1;  // PR_SET_MDWE: Linux 6.3, newer than headers
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(kSetPolicy, kRefuseExecGain, 0, 0, 0) != 0) _exit(2);
    const Program program = numbered(1000);
    tile::set_machine_code(MachineCodeMode::kOff);
    const std::vector<float> expected = run_chain(program, 100);
    tile::set_machine_code(MachineCodeMode::kAlways);
    const tile::MachineCodeStats before = tile::machine_code_stats();
    const bool right = same_bits(run_chain(program, 100), expected);
    const tile::MachineCodeStats after = tile::machine_code_stats();
    _exit(right && after.refused == before.refused + 1 && after.runs == before.runs ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "this kernel can't refuse it";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tenon::cpu
