// Chains of a plan that run side by side: the bits of eager code, memory of their own, and what
// else must hold with several threads.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "tenon/autograd/autograd.h"
#include "tenon/base/parallel.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/profile.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/plan/plan.h"
#include "tenon/nn/recurrent.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::graph {
namespace {

class Forks : public testing::Test {
 protected:
  Forks() : threads_before_(num_threads()) {}
  ~Forks() override { set_num_threads(threads_before_); }

  const int threads_before_;
};

/// Runs it eager, compiled without forks, and compiled on several numbers of threads; `f` gives all
/// that it computes, and computes the same each time. It is pure: other functions' recurrent
/// networks are cut into rounds, of which each is a plan.
void expect_same_bits(const std::function<Tensor()>& f) {
  const std::vector<float> want = f().to_vector<float>();
  auto apart = compile(f, {.pure = true, .without_passes = {"chains"}});
  EXPECT_EQ(apart().to_vector<float>(), want);
  EXPECT_EQ(apart.explain().find("of fork"), std::string::npos);
  auto compiled = compile(f, {.pure = true});
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(compiled().to_vector<float>(), want) << threads;
  }
  EXPECT_NE(compiled.explain().find("of fork 1"), std::string::npos) << compiled.explain();
}

/// A matrix of 48 x 48 through `layers` layers.
Tensor tower(Tensor h, const Tensor& weight, int layers) {
  for (int i = 0; i < layers; ++i) h = tanh(matmul(h, weight));
  return h;
}

TEST_F(Forks, BothDirectionsOfARecurrentNetwork) {
  manual_seed(1);
  nn::LSTM net(24, 40, {.bidirectional = true});
  const Tensor x = randn({12, 4, 24});
  expect_same_bits([&] {
    const NoGrad no_grad;
    return net.forward(x);
  });
}

TEST_F(Forks, ATrainingStepForwardAndBackward) {
  manual_seed(2);
  nn::GRU net(16, 48, {.bidirectional = true});
  const Tensor x = randn({10, 4, 16}), y = randn({10, 4, 96});
  expect_same_bits([&] {
    net.zero_grad();
    mse_loss(net.forward(x), y).backward();
    std::vector<Tensor> grads;
    for (Tensor& parameter : net.parameters()) grads.push_back(reshape(parameter.grad(), {-1}));
    return cat(grads, 0);
  });
}

TEST_F(Forks, AnEnsemble) {
  manual_seed(3);
  const Tensor x = randn({48, 48});
  std::vector<Tensor> weights;
  for (int i = 0; i < 5; ++i) weights.push_back(randn({48, 48}) * 0.2);
  expect_same_bits([&] {
    Tensor sum = zeros({48, 48});
    for (const Tensor& weight : weights) sum = sum + tower(x, weight, 4);
    return sum;
  });
}

TEST_F(Forks, ThatWriteWhatOthersOwn) {
  manual_seed(4);
  const Tensor weight = randn({48, 48}) * 0.2;
  const auto update = [&](Tensor a, Tensor b) {
    for (int i = 0; i < 6; ++i) {
      a.copy_(tanh(matmul(a, weight)));
      b.copy_(sigmoid(matmul(b, weight)));
    }
    return cat({a, b}, 0);
  };
  const Tensor a = randn({48, 48}), b = randn({48, 48});
  const std::vector<float> want = update(a.clone(), b.clone()).to_vector<float>();
  auto compiled = compile(update);
  set_num_threads(2);
  for (int i = 0; i < 10; ++i) {
    const Tensor own_a = a.clone(), own_b = b.clone();
    EXPECT_EQ(compiled(own_a, own_b).to_vector<float>(), want);
    EXPECT_EQ(cat({own_a, own_b}, 0).to_vector<float>(), want);
  }
  EXPECT_NE(compiled.explain().find("of fork 1"), std::string::npos) << compiled.explain();
}

TEST_F(Forks, OtherSizesRunAsTheyAreWorthIt) {
  manual_seed(5);
  const Tensor v = randn({48, 48}) * 0.2, w = randn({48, 48}) * 0.2;
  const auto f = [&](const Tensor& x) { return tower(x, v, 3) * tower(x, w, 3); };
  auto compiled = compile(f);
  set_num_threads(2);
  for (const int64_t rows : {48, 1, 2000, 64, 3, 0}) {
    const Tensor x = randn({rows, 48});
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(compiled(x).to_vector<float>(), f(x).to_vector<float>()) << rows;
    }
  }
}

/// Two chains, then their sum; `rows` of 64 numbers.
std::string two_chains(int64_t rows) {
  std::string text = fmt::format(
      "%0: float32[{0}, 64] = external\n"
      "%1: float32[64, 64] = external\n",
      rows);
  for (const uint32_t chain : {1, 2}) {
    for (uint32_t i = 0; i < 3; ++i) {
      const uint32_t to = 3 * chain + i, from = i == 0 ? 0 : to - 1;
      text += fmt::format("%{}: float32[{}, 64] = matmul(%{}, %1) chain {} of fork 1\n", to, rows,
                          from, chain);
    }
  }
  return text + fmt::format(
                    "%9: float32[{0}, 64] = add(%5, %8) in float32 over [{0}, 64] scalars (1)\n"
                    "keep %9\n",
                    rows);
}

Instance* instance_of(Plan& plan, const Graph& graph) {
  std::vector<Slot> slots;
  for (const GraphSlot& slot : graph.slots) slots.push_back(run_slot(slot));
  return plan.instance_for(slots, graph.numbers());
}

TEST_F(Forks, BuffersOfDifferentChainsLieApart) {
  const Graph graph = Graph::parse(two_chains(64));
  Plan plan(graph);
  const Instance& instance = *instance_of(plan, graph);
  ASSERT_EQ(instance.forks.size(), 1u);
  EXPECT_EQ(instance.forks[0].chains, (std::vector<size_t>{0, 3, 6}));
  // Slots 2 to 4 are the first chain's, 5 to 7 the second's; a chain's own two take turns.
  std::set<size_t> first, second;
  for (uint32_t slot = 2; slot < 5; ++slot) first.insert(instance.places[slot]);
  for (uint32_t slot = 5; slot < 8; ++slot) second.insert(instance.places[slot]);
  for (const size_t place : first) EXPECT_FALSE(second.contains(place)) << place;
  EXPECT_EQ(instance.places[2], instance.places[4]);
  EXPECT_EQ(instance.arena_bytes, 4u * 64 * 64 * 4);
}

TEST_F(Forks, OtherSizesAreWorthNoneOrAreSharedOut) {
  Plan plan(Graph::parse(two_chains(64)));
  for (const int64_t rows : {1, 4096}) {
    const Instance& instance = *instance_of(plan, Graph::parse(two_chains(rows)));
    EXPECT_TRUE(instance.forks.empty()) << rows;
    EXPECT_EQ(instance.end_of(0), 1u);
  }
  EXPECT_EQ(instance_of(plan, Graph::parse(two_chains(64)))->forks.size(), 1u);
}

TEST_F(Forks, AProfileHasAllSteps) {
  manual_seed(6);
  const Tensor x = randn({48, 48}), v = randn({48, 48}) * 0.2, w = randn({48, 48}) * 0.2;
  auto compiled = compile([&] { return sum(tower(x, v, 3) + tower(x, w, 3)); });
  compiled();
  set_num_threads(2);
  start_profiling();
  compiled();
  const ProfileEvents events = stop_profiling();
  const auto products = std::count_if(
      events.list.begin(), events.list.end(),
      [](const ProfileEvent& event) { return event.category == "step" && event.name == "matmul"; });
  EXPECT_EQ(products, 6);
}

/// A child has none of its parent's threads.
TEST_F(Forks, RunInAForkedChild) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer ends a forked child that starts threads";
#endif
  manual_seed(7);
  const Tensor x = randn({48, 48}), v = randn({48, 48}) * 0.2, w = randn({48, 48}) * 0.2;
  auto compiled = compile([&] { return tower(x, v, 4) + tower(x, w, 4); });
  set_num_threads(2);
  const std::vector<float> want = compiled().to_vector<float>();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(compiled().to_vector<float>() == want ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tenon::graph
