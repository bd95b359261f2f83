// Row 8: control flow that depends on data. An LSTM of 256 units that runs until a tensor says
// stop, and a Tree-LSTM over 25 random trees, forward and backward.

#include <memory>
#include <random>

#include "benchmarks/timing.h"
#include "tenon/autograd/autograd.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

using namespace tenon;

namespace {

constexpr int64_t kUnits = 256;
constexpr int kSteps = 100;
constexpr int64_t kTreeUnits = 64;
constexpr int kTrees = 25;

struct Lstm {
  Tensor input = randn({4 * kUnits, kUnits}) * 0.05, hidden = randn({4 * kUnits, kUnits}) * 0.05;
  Tensor bias = zeros({4 * kUnits}), x = randn({1, kUnits});

  /// Runs until the tensor `steps` says that it is enough.
  Tensor operator()() const {
    const NoGrad no_grad;
    Tensor h = zeros({1, kUnits}), c = zeros({1, kUnits}), steps = zeros({});
    do {
      const Tensor gates = linear(x, input, bias) + linear(h, hidden);
      const std::vector<Tensor> parts = chunk(gates, 4, 1);
      c = sigmoid(parts[1]) * c + sigmoid(parts[0]) * tanh(parts[2]);
      h = sigmoid(parts[3]) * tanh(c);
      steps = steps + 1;
    } while (steps.item<float>() < kSteps);
    return h;
  }
};

/// A binary tree: a leaf's word, or two children.
struct Tree {
  int64_t word = 0;
  std::unique_ptr<Tree> left, right;
};

std::unique_ptr<Tree> random_tree(int leaves, std::mt19937& random) {
  auto tree = std::make_unique<Tree>();
  tree->word = static_cast<int64_t>(random() % 100);
  if (leaves == 1) return tree;
  const int left = 1 + static_cast<int>(random() % static_cast<unsigned>(leaves - 1));
  tree->left = random_tree(left, random);
  tree->right = random_tree(leaves - left, random);
  return tree;
}

struct TreeLstm {
  Tensor words = randn({100, kTreeUnits}), leaf = randn({3 * kTreeUnits, kTreeUnits}) * 0.1;
  Tensor inner = randn({5 * kTreeUnits, 2 * kTreeUnits}) * 0.1, bias = zeros({5 * kTreeUnits});
  std::vector<std::unique_ptr<Tree>> trees;

  TreeLstm() {
    std::mt19937 random(1);
    for (int i = 0; i < kTrees; ++i) {
      trees.push_back(random_tree(8 + static_cast<int>(random() % 25), random));
    }
    for (Tensor* weight : {&words, &leaf, &inner, &bias}) {
      *weight = weight->detach();
      weight->requires_grad_();
    }
  }

  std::pair<Tensor, Tensor> state_of(const Tree& tree) const {
    if (!tree.left) {
      const std::vector<Tensor> gates = chunk(linear(words[tree.word], leaf), 3, 0);
      const Tensor c = sigmoid(gates[0]) * tanh(gates[2]);
      return {sigmoid(gates[1]) * tanh(c), c};
    }
    const auto [left_h, left_c] = state_of(*tree.left);
    const auto [right_h, right_c] = state_of(*tree.right);
    const std::vector<Tensor> gates = chunk(linear(cat({left_h, right_h}, 0), inner, bias), 5, 0);
    const Tensor c = sigmoid(gates[0]) * tanh(gates[2]) + sigmoid(gates[3]) * left_c +
                     sigmoid(gates[4]) * right_c;
    return {sigmoid(gates[1]) * tanh(c), c};
  }

  void step(const Tree& tree) {
    for (Tensor* weight : {&words, &leaf, &inner, &bias}) weight->set_grad({});
    sum(state_of(tree).first).backward();
  }
};

benchmark::Suite::Body lstm(bool compiled) {
  manual_seed(1);
  auto model = std::make_shared<Lstm>();
  auto run = std::make_shared<Compiled<std::function<Tensor()>>>([model] { return (*model)(); });
  return [=] { benchmark::keep(compiled ? (*run)() : (*model)()); };
}

benchmark::Suite::Body trees(bool compiled) {
  manual_seed(1);
  auto model = std::make_shared<TreeLstm>();
  auto run = std::make_shared<Compiled<std::function<void(const Tree&)>>>(
      [model](const Tree& tree) { model->step(tree); });
  return [=] {
    for (const auto& tree : model->trees) compiled ? (*run)(*tree) : model->step(*tree);
  };
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  suite.time("LSTM-256 until stop, step", "us", 1e6 / kSteps, [] { return lstm(false); });
  suite.time("compiled LSTM-256 until stop, step", "us", 1e6 / kSteps, [] { return lstm(true); });
  suite.time("Tree-LSTM over 25 trees", "ms", 1e3, [] { return trees(false); });
  suite.time("compiled Tree-LSTM over 25 trees", "ms", 1e3, [] { return trees(true); });
  return suite.run(argc, argv);
}
