// Row 13: what compiling whole training steps costs, and the memory that one takes. A process a
// case: `row13 CASE` prints one line of JSON. peers/block.py has the same block of other libraries.
//
//   compile-cnn, compile-block  how much longer calls take until there is nothing left to compile:
//                               of the process' first compiled function of that step, and of a
//                               second one of the same code; and what counters say they took
//   memory, memory-eager        what a training step of the block adds to resident memory, at most,
//                               and how long it takes
//   memory-limited MIB          the same with a limit for the plan's results
//   lengths                     how many plans 50 lengths of sequences make after the second

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/core/storage.h"
#include "tenon/graph/compile.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/adam.h"
#include "tenon/tile/machine_code.h"

using namespace tenon;

namespace {

/// A block of GPT-2 124M: pre-norm, 12 heads, 768 wide, causal.
struct Block : nn::Module {
  static constexpr int64_t kWidth = 768, kHeads = 12;
  nn::LayerNorm norm1 = child("norm1", nn::LayerNorm(kWidth));
  nn::Linear qkv = child("qkv", nn::Linear(kWidth, 3 * kWidth));
  nn::Linear project = child("project", nn::Linear(kWidth, kWidth));
  nn::LayerNorm norm2 = child("norm2", nn::LayerNorm(kWidth));
  nn::Linear up = child("up", nn::Linear(kWidth, 4 * kWidth));
  nn::Linear down = child("down", nn::Linear(4 * kWidth, kWidth));

  Tensor attention(const Tensor& x) {
    const int64_t batch = x.size(0), length = x.size(1);
    const Tensor all =
        qkv(x).reshape({batch, length, 3, kHeads, kWidth / kHeads}).permute({2, 0, 3, 1, 4});
    const Tensor later = triu(ones({length, length}), 1).to(kBool);
    const double scale = 1 / std::sqrt(static_cast<double>(kWidth / kHeads));
    const Tensor scores = masked_fill(matmul(all[0], all[1].transpose(-2, -1)) * scale, later,
                                      -std::numeric_limits<float>::infinity());
    const Tensor mixed = matmul(softmax(scores, -1), all[2]);
    return project(mixed.permute({0, 2, 1, 3}).reshape({batch, length, kWidth}));
  }
  Tensor forward(const Tensor& x) override {
    const Tensor y = x + attention(norm1(x));
    return y + down(gelu(up(norm2(y))));
  }
};

using Step = std::function<void(const Tensor&)>;

/// A training step of the block on sequences [batch, length, width].
Step block_step() {
  auto block = std::make_shared<Block>();
  auto optimizer = std::make_shared<optim::AdamW>(block->parameters());
  return [=](const Tensor& x) {
    mean(square((*block)(x))).backward();
    optimizer->step();
    optimizer->zero_grad();
  };
}

Step cnn_step() {
  auto model = std::make_shared<models::DigitsCNN>();
  auto optimizer = std::make_shared<optim::Adam>(model->parameters());
  const Tensor y = randint(0, 10, {64});
  return [=](const Tensor& x) {
    cross_entropy((*model)(x), y).backward();
    optimizer->step();
    optimizer->zero_grad();
  };
}

double seconds(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct CompileTime {
  double longer;   ///< seconds that the first calls take more than later ones
  double counted;  ///< seconds that plans and machine code took by Tenon's own counters
};

/// Of a new compiled function of `step`.
CompileTime time_to_compile(const Step& step, const Tensor& x) {
  constexpr int kFirst = 3, kLater = 15;
  auto compiled = compile(step);
  const int64_t code_before = tile::machine_code_stats().microseconds;
  double first = 0;
  for (int i = 0; i < kFirst; ++i) first += seconds([&] { compiled(x); });
  std::vector<double> later;
  for (int i = 0; i < kLater; ++i) later.push_back(seconds([&] { compiled(x); }));
  std::nth_element(later.begin(), later.begin() + kLater / 2, later.end());
  const auto code = static_cast<double>(tile::machine_code_stats().microseconds - code_before);
  return {first - kFirst * later[kLater / 2], 1e-3 * compiled.counters().compile_ms + 1e-6 * code};
}

void print_compile_times(const Step& step, const Tensor& x) {
  // Memory, threads and the optimizer's state are there: compiling is what is left.
  for (int i = 0; i < 2; ++i) step(x);
  const CompileTime cold = time_to_compile(step, x), warm = time_to_compile(step, x);
  std::printf(
      "{\"cold_ms\": %.6g, \"warm_ms\": %.6g, \"cold_counted_ms\": %.6g, "
      "\"warm_counted_ms\": %.6g}\n",
      1e3 * cold.longer, 1e3 * warm.longer, 1e3 * cold.counted, 1e3 * warm.counted);
}

/// A line of /proc/self/status, in bytes.
long status_bytes(const char* line_name) {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return 0;
  long kilobytes = 0;
  const size_t length = std::strlen(line_name);
  for (char line[256]; std::fgets(line, sizeof line, status) != nullptr;) {
    if (std::strncmp(line, line_name, length) == 0) {
      kilobytes = std::strtol(line + length, nullptr, 10);
    }
  }
  std::fclose(status);
  return 1024 * kilobytes;
}

void print_memory(bool compiled, size_t limit = 0) {
  benchmark::keep(matmul(randn({64, 64}), randn({64, 64})));
  const long before = status_bytes("VmRSS:");
  const Step step = block_step();
  const Step run = compiled ? Step(compile(step, {.memory_limit = limit})) : step;
  const Tensor x = randn({4, 256, Block::kWidth});
  for (int i = 0; i < 4; ++i) run(x);
  const double step_ms = 1e3 * benchmark::seconds_per_call([&] { run(x); }, 2);
  std::printf("{\"peak_mb\": %.6g, \"tensors_mb\": %.6g, \"step_ms\": %.6g}\n",
              static_cast<double>(status_bytes("VmHWM:") - before) / 1e6,
              static_cast<double>(memory_stats().peak_allocated_bytes) / 1e6, step_ms);
}

void print_lengths() {
  auto step = compile(block_step());
  const auto call = [&](int64_t length) { step(randn({1, length, Block::kWidth})); };
  for (int i = 0; i < 2; ++i) call(16 + i);
  const CompileCounters two = step.counters();
  for (int i = 0; i < 50; ++i) call(18 + i);
  const CompileCounters all = step.counters();
  std::printf("{\"plans\": %lld, \"new_ops\": %lld}\n",
              static_cast<long long>(all.plans - two.plans),
              static_cast<long long>(all.new_records - two.new_records));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 2 || argc == 3 ? argv[1] : "";
  manual_seed(1);
  if (name == "compile-cnn") {
    print_compile_times(cnn_step(), randn({64, 1, 28, 28}));
  } else if (name == "compile-block") {
    print_compile_times(block_step(), randn({4, 256, Block::kWidth}));
  } else if (name == "memory" || name == "memory-eager") {
    print_memory(name == "memory");
  } else if (name == "memory-limited" && argc == 3) {
    print_memory(true, size_t{std::stoul(argv[2])} << 20);
  } else if (name == "lengths") {
    print_lengths();
  } else {
    std::fprintf(stderr,
                 "usage: %s compile-cnn|compile-block|memory|memory-eager|memory-limited MIB|"
                 "lengths\n",
                 argv[0]);
    return 2;
  }
}
