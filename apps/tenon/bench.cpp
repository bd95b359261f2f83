#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "apps/tenon/command.h"
#include "tenon/base/parallel.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/adam.h"

namespace tenon::app {
namespace {

/// Median seconds of one call of `body`, over at least five rounds and `budget` seconds.
double median_seconds(const std::function<void()>& body, int calls, double budget) {
  using Clock = std::chrono::steady_clock;
  body();
  std::vector<double> rounds;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) body();
    rounds.push_back(std::chrono::duration<double>(Clock::now() - start).count() / calls);
  } while (rounds.size() < 5 ||
           std::chrono::duration<double>(Clock::now() - begin).count() < budget);
  std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
  return rounds[rounds.size() / 2];
}

void report(Session& session, const std::string& name, double value, const std::string& unit) {
  fmt::print("{:<44} {:>12.4g} {}\n", name, value, unit);
  session.result["results"].push_back({{"case", name}, {"value", value}, {"unit", unit}});
}

void bench_ops(Session& session, double budget) {
  const NoGrad no_grad;
  const Tensor small = ones({8});
  report(session, "add of 8 floats", 1e9 * median_seconds([&] { add(small, small); }, 1000, budget),
         "ns");
  const int64_t n = 1024;
  const Tensor a = randn({n, n}), b = randn({n, n});
  const double flops = 2.0 * static_cast<double>(n * n * n);
  report(session, "matmul 1024 x 1024 x 1024, float32",
         1e-9 * flops / median_seconds([&] { matmul(a, b); }, 1, budget), "GF/s");
  const int64_t count = int64_t{1} << 24;
  const Tensor x = ones({count}), y = ones({count});
  const double seconds = median_seconds([&] { x.add_(y); }, 1, budget);
  report(session, "memory bandwidth of x += y, 16M floats",
         1e-9 * 3 * 4 * static_cast<double>(count) / seconds, "GB/s");
}

void bench_network(Session& session, double budget) {
  const int64_t batch = 64;
  models::DigitsCNN model;
  optim::Adam optimizer(model.parameters());
  const Tensor x = randn({batch, 1, 28, 28}), y = randint(0, 10, {batch});
  const auto train_step = [&] {
    optimizer.zero_grad();
    cross_entropy(model(x), y).backward();
    optimizer.step();
  };
  const auto images = static_cast<double>(batch);
  report(session, "digits CNN, training, batch 64, float32",
         images / median_seconds(train_step, 1, budget), "images/s");
  const NoGrad no_grad;
  model.eval();
  report(session, "digits CNN, inference, batch 64, float32",
         images / median_seconds([&] { model(x); }, 1, budget), "images/s");
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  struct BenchArguments {
    double seconds = 1;
    int threads = 0;
  };
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command = add_command(
      app, session, "bench", "Measure this machine with a short built-in set",
      "  tenon bench\n  tenon bench --threads 1 --json bench.json\n", [arguments](Session& run) {
        if (arguments->threads > 0) set_num_threads(arguments->threads);
        manual_seed(1);
        run.result["threads"] = num_threads();
        run.result["results"] = nlohmann::json::array();
        bench_ops(run, arguments->seconds);
        bench_network(run, arguments->seconds);
      });
  command->add_option("--seconds", arguments->seconds, "For each case")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command->add_option("--threads", arguments->threads, "Threads to use")
      ->check(CLI::Range(1, 4096));
}

}  // namespace tenon::app
