// Whole training steps (forward, backward, clipping, optimizer, schedule) give the same losses and
// weights eagerly and compiled; what a compiled step does with bad input; how many plans it takes.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/graph/compile.h"
#include "tenon/tenon.h"

namespace tenon {
namespace {

/// What a training did.
struct Training {
  std::vector<double> losses;
  std::vector<Tensor> weights;
  CompileCounters counters;
};

/// `make()` makes a network in its first state; its `step(i)` trains a step and gives the loss, and
/// its `model` has the weights.
template <class Make>
Training train(Make make, int steps, bool compiled) {
  manual_seed(3);
  auto network = make();
  Training training;
  auto step = compile([&](int i) { return network->step(i); });
  for (int i = 0; i < steps; ++i) {
    const Tensor loss = compiled ? step(i) : network->step(i);
    training.losses.push_back(loss.template item<double>());
  }
  for (const Tensor& tensor : network->model.parameters()) training.weights.push_back(tensor);
  for (const Tensor& tensor : network->model.buffers()) training.weights.push_back(tensor);
  training.counters = step.counters();
  return training;
}

/// Sums may be added up in another order: what that makes of a few steps.
constexpr double kTolerance = 2e-4;

template <class Make>
CompileCounters expect_same_training(Make make, int steps) {
  const Training want = train(make, steps, false), got = train(make, steps, true);
  EXPECT_LT(want.losses.back(), want.losses.front()) << "it learns nothing";
  for (size_t i = 0; i < want.losses.size(); ++i) {
    EXPECT_NEAR(got.losses[i], want.losses[i], kTolerance * std::max(1.0, want.losses[i]))
        << "step " << i;
  }
  EXPECT_EQ(got.weights.size(), want.weights.size());
  for (size_t i = 0; i < want.weights.size(); ++i) {
    const double most = amax(abs(want.weights[i])).item<double>();
    EXPECT_LE(amax(abs(got.weights[i] - want.weights[i])).item<double>(),
              kTolerance * std::max(1.0, most))
        << "tensor " << i;
  }
  return got.counters;
}

/// Pictures of a bright row that tells their class.
std::pair<Tensor, Tensor> pictures(int i, int64_t count) {
  const Tensor labels =
      (arange(static_cast<double>(count)) + static_cast<double>(i)).to(kInt64) % 10;
  const Tensor rows = one_hot(labels * 2 + 4, 28).to(kFloat32);
  return {rows.reshape({count, 1, 28, 1}).expand({count, 1, 28, 28}).contiguous(), labels};
}

struct DigitsNetwork {
  models::DigitsCNN model{{.dropout = 0.3}};
  optim::AdamW optimizer{model.parameters(), {.learning_rate = 2e-3}};
  optim::CosineAnnealingLR schedule{optimizer, {.steps = 20}};

  Tensor step(int i) {
    const auto [x, y] = pictures(i, 16);
    optimizer.zero_grad();
    const Tensor loss = cross_entropy(model(x), y);
    loss.backward();
    nn::clip_grad_norm_(model.parameters(), 1.0);
    optimizer.step();
    schedule.step();
    return loss.detach();
  }
};

TEST(CompiledTraining, DigitsCNN) {
  const CompileCounters counters =
      expect_same_training([] { return std::make_unique<DigitsNetwork>(); }, 12);
  // A step is two plans, as clipping looks at the norm; the first step makes the gradients' memory,
  // later ones find it, and some are clipped and others not.
  EXPECT_LE(counters.plans, 6);
}

struct Perceptron {
  nn::Sequential model{nn::Linear(12, 24), nn::BatchNorm1d(24), nn::ReLU(),
                       nn::Dropout(0.2),   nn::Linear(24, 24),  nn::GELU(),
                       nn::LayerNorm(24),  nn::Linear(24, 3)};
  optim::SGD optimizer{model.parameters(),
                       {.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 1e-4}};
  optim::StepLR schedule{optimizer, {.step_size = 5, .gamma = 0.7}};
  Tensor weights = randn({12, 3});

  Tensor step(int i) {
    const Tensor x = randn({i % 7 == 6 ? 5 : 16, 12});  // the last batch of an epoch is smaller
    const Tensor y = argmax(matmul(x, weights), 1);
    optimizer.zero_grad();
    Tensor loss = cross_entropy(model(x), y);
    if (loss.item<float>() > 1.5) loss = loss * 0.5;  // data-dependent
    loss.backward();
    nn::clip_grad_norm_(model.parameters(), 1.0);
    optimizer.step();
    schedule.step();
    return loss.detach();
  }
};

TEST(CompiledTraining, PerceptronWithBatchNormAndDropout) {
  expect_same_training([] { return std::make_unique<Perceptron>(); }, 30);
}

/// A block of a decoder, over characters.
struct Block : nn::Module {
  static constexpr int64_t kCharacters = 20, kWidth = 32, kHeads = 4;
  nn::Embedding embedding = child("embedding", nn::Embedding(kCharacters, kWidth));
  nn::LayerNorm norm1 = child("norm1", nn::LayerNorm(kWidth));
  nn::Linear qkv = child("qkv", nn::Linear(kWidth, 3 * kWidth));
  nn::Linear project = child("project", nn::Linear(kWidth, kWidth));
  nn::LayerNorm norm2 = child("norm2", nn::LayerNorm(kWidth));
  nn::Linear up = child("up", nn::Linear(kWidth, 4 * kWidth));
  nn::Linear down = child("down", nn::Linear(4 * kWidth, kWidth));
  nn::Linear head = child("head", nn::Linear(kWidth, kCharacters));

  Tensor attention(const Tensor& x) {
    const int64_t batch = x.size(0), length = x.size(1);
    const Tensor all =
        qkv(x).reshape({batch, length, 3, kHeads, kWidth / kHeads}).permute({2, 0, 3, 1, 4});
    const Tensor later = triu(ones({length, length}), 1).to(kBool);
    const Tensor scores = masked_fill(matmul(all[0], all[1].transpose(-2, -1)) * 0.35, later,
                                      -std::numeric_limits<float>::infinity());
    const Tensor mixed = matmul(softmax(scores, -1), all[2]);
    return project(mixed.permute({0, 2, 1, 3}).reshape({batch, length, kWidth}));
  }
  Tensor forward(const Tensor& characters) override {
    Tensor x = embedding(characters);
    x = x + attention(norm1(x));
    x = x + down(gelu(up(norm2(x))));
    return head(x);
  }
};

/// Characters that count on from a first one.
Tensor text(int i, int64_t batch, int64_t length) {
  const Tensor first = (arange(static_cast<double>(batch)) * 3 + static_cast<double>(i)).to(kInt64);
  return (first.unsqueeze(1) + arange(static_cast<double>(length)).to(kInt64)) % Block::kCharacters;
}

struct Writer {
  Block model;
  optim::Adam optimizer{model.parameters(), {.learning_rate = 3e-3}};
  optim::LinearWarmup schedule{optimizer, {.steps = 5}};
  int64_t lengths = 1;  ///< how many different ones
  std::optional<double> most_norm = 1.0;

  Tensor step(int i) {
    const Tensor characters = text(i, 2, 9 + i % lengths);
    const int64_t length = characters.size(1) - 1;
    optimizer.zero_grad();
    const Tensor logits = model(characters.slice(1, 0, length));
    const Tensor loss = cross_entropy(logits.reshape({-1, Block::kCharacters}),
                                      characters.slice(1, 1).reshape({-1}));
    loss.backward();
    if (most_norm) nn::clip_grad_norm_(model.parameters(), *most_norm);
    optimizer.step();
    schedule.step();
    return loss.detach();
  }
};

TEST(CompiledTraining, TransformerBlock) {
  const CompileCounters counters =
      expect_same_training([] { return std::make_unique<Writer>(); }, 15);
  EXPECT_LE(counters.plans, 6);
}

TEST(CompiledTraining, FiftyLengthsMakeNoPlansAfterTheSecond) {
  const auto make = [] {
    auto writer = std::make_unique<Writer>();
    writer->lengths = 50;
    writer->most_norm.reset();  // whether to clip is a branch on data
    return writer;
  };
  const Training two = train(make, 2, true), all = train(make, 60, true);
  EXPECT_LE(two.counters.plans, 3);
  EXPECT_EQ(all.counters.plans, two.counters.plans);
  EXPECT_EQ(all.counters.new_records, two.counters.new_records);
  const Training eager = train(make, 60, false);
  for (size_t i = 0; i < 60; ++i) EXPECT_NEAR(all.losses[i], eager.losses[i], 2e-3) << i;
}

/// Reads numbers until what it has gathered is enough: how many depends on weights and data.
struct Reader : nn::Module {
  static constexpr int64_t kHidden = 12;
  nn::Linear gates = child("gates", nn::Linear(2 + kHidden, 4 * kHidden));
  nn::Linear stop = child("stop", nn::Linear(kHidden, 1));
  nn::Linear out = child("out", nn::Linear(kHidden, 1));
  int64_t steps_taken = 0;

  Tensor forward(const Tensor& x) override {  // [batch, length, 2]
    Tensor h = zeros({x.size(0), kHidden}), c = zeros({x.size(0), kHidden}), enough = zeros({});
    for (int64_t t = 0; t < x.size(1); ++t) {
      const std::vector<Tensor> parts = gates(cat({x.select(1, t), h}, 1)).chunk(4, 1);
      c = sigmoid(parts[0]) * c + sigmoid(parts[1]) * tanh(parts[2]);
      h = sigmoid(parts[3]) * tanh(c);
      enough = enough + mean(sigmoid(stop(h)));
      ++steps_taken;
      if (enough.item<float>() > 2.0f) break;
    }
    return out(h) * enough;
  }
};

struct Gatherer {
  Reader model;
  optim::Adam optimizer{model.parameters(), {.learning_rate = 1e-2}};

  Tensor step(int i) {
    const Tensor x = randn({4, 5 + i % 3, 2});
    optimizer.zero_grad();
    const Tensor loss = mse_loss(model(x), x.select(1, 0).sum({1}, true) + 2);
    loss.backward();
    nn::clip_grad_norm_(model.parameters(), 0.5);
    optimizer.step();
    return loss.detach();
  }
};

TEST(CompiledTraining, LSTMUntilADataDependentStop) {
  const CompileCounters counters =
      expect_same_training([] { return std::make_unique<Gatherer>(); }, 40);
  EXPECT_EQ(counters.eager_calls, 0);
}

/// The error's type and text.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return std::string(typeid(error).name()) + " " + error.what();
  }
  return "no error";
}

TEST(CompiledTraining, BadInputGivesTheEagerError) {
  manual_seed(3);
  const nn::Sequential model(nn::Linear(6, 4), nn::ReLU(), nn::Linear(4, 3));
  const auto program = [&](const Tensor& x, const Tensor& y) {
    const Tensor loss = cross_entropy(model(x), y);
    loss.backward();
    return loss.item<double>();
  };
  auto compiled = compile(program);
  const Tensor x = ones({2, 6}), y = tensor({0, 2});
  const std::pair<Tensor, Tensor> bad[] = {
      {ones({2, 5}), y},                    // sizes
      {ones({6}), y},                       // rank
      {x, tensor({0, 1, 2})},               // another batch
      {x, tensor({0, 7})},                  // no such class
      {x, tensor({0.5, 1.5})},              // dtype of classes
      {zeros({2, 6}, kFloat32, kMeta), y},  // device
      {Tensor(), y},                        // nothing
  };
  for (int round = 0; round < 2; ++round) {
    for (const auto& [input, target] : bad) {
      const std::string eager = error_of([&] { program(input, target); });
      EXPECT_EQ(error_of([&] { compiled(input, target); }), eager);
      EXPECT_NE(eager, "no error");
    }
    EXPECT_EQ(compiled(x, y), program(x, y));
  }
}

TEST(CompiledTraining, AnErrorInTheMiddleOfAStepLeavesWhatEagerLeaves) {
  const auto run = [](bool compiled) {
    manual_seed(4);
    nn::Sequential model(nn::Linear(3, 5), nn::BatchNorm1d(5), nn::Linear(5, 2));
    optim::Adam optimizer(model.parameters(), {.learning_rate = 0.1});
    int call = 0;
    const auto program = [&] {
      optimizer.zero_grad();
      const Tensor loss = mean(square(model(randn({4, 3}))));
      if (call % 4 == 1) throw std::runtime_error("between");
      loss.backward();
      if (call % 4 == 2) matmul(model.parameters()[0], ones({7, 7}));
      optimizer.step();
      if (call % 4 == 3) index_select(model.parameters()[0], 0, tensor({9})).sum().item();
    };
    auto step = compile(program);
    std::vector<double> numbers;
    for (call = 0; call < 12; ++call) {
      try {
        compiled ? step() : program();
      } catch (const std::exception& error) {
        numbers.push_back(static_cast<double>(std::string(error.what()).size()));
      }
      std::vector<Tensor> all = model.parameters();
      for (const Tensor& buffer : model.buffers()) all.push_back(buffer);
      for (const Tensor& parameter : model.parameters()) all.push_back(parameter.grad());
      for (const Tensor& tensor : all) {
        if (!tensor.defined()) continue;
        for (const double number : tensor.to_vector<double>()) numbers.push_back(number);
      }
    }
    return numbers;
  };
  const std::vector<double> want = run(false), got = run(true);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[i], want[i], kTolerance * std::max(1.0, std::abs(want[i]))) << i;
  }
}

}  // namespace
}  // namespace tenon
