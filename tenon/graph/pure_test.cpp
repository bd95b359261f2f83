// Pure compiled functions: replays without the function's code, what they refuse, and validation.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"

namespace tenon {
namespace {

constexpr CompileOptions kPure{.pure = true};

/// The message of the ValueError that `call` throws.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Pure, RunsTheCodeOnceForEachKindOfArguments) {
  int runs = 0;
  auto f = compile(
      [&](const Tensor& x) {
        ++runs;
        return relu(x * 2 - 1);
      },
      kPure);
  for (int64_t rows = 1; rows <= 3; ++rows) {
    for (int i = 0; i < 4; ++i) {
      const Tensor x = randn({rows, 5});
      EXPECT_EQ(f(x).to_vector<float>(), relu(x * 2 - 1).to_vector<float>());
    }
  }
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(f.counters().replays, 9);
}

TEST(Pure, ArgumentsThatRequireAGradientAreAKindOfTheirOwn) {
  auto f = compile([](const Tensor& x) { return sum(x * 2); }, kPure);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f(ones({3})).item<float>(), 6);
  EXPECT_THROW(f(ones({3}).requires_grad_()), ValueError);
  const NoGrad no_grad;
  EXPECT_EQ(f(ones({3}).requires_grad_()).item<float>(), 6);
}

TEST(Pure, IndicesWithoutDimsAreTheOnesOfEachCall) {
  auto f = compile(
      [](const Tensor& x, const Tensor& place) {
        const Tensor y = x * 2;
        y.index_put_({place, Slice(), tensor({0, 2})}, -x.index({0, Slice(), tensor({0, 2})}));
        return std::vector<Tensor>{y, x.index({place, Slice(), tensor({3, 1})})};
      },
      kPure);
  const Tensor x = arange(0, 24).reshape({2, 3, 4});
  for (int64_t i = 0; i < 6; ++i) {
    const std::vector<Tensor> results = f(x, tensor(i % 2));
    const Tensor row = x[i % 2], written = x * 2;
    written.index({i % 2, Slice(), Slice(0, None, 2)})
        .copy_(-x.index({0, Slice(), Slice(0, 4, 2)}));
    EXPECT_EQ(results[0].to_vector<int>(), written.to_vector<int>());
    EXPECT_EQ(results[1].to_vector<int>(),
              stack({row.select(1, 3), row.select(1, 1)}, 1).to_vector<int>());
  }
  EXPECT_EQ(f.counters().replays, 5);
}

TEST(Pure, ViewsAndDTypesAreKindsOfTheirOwn) {
  auto f = compile([](const Tensor& x) { return x + x.t(); }, kPure);
  for (int i = 0; i < 2; ++i) {
    const Tensor x = randn({4, 4});
    EXPECT_EQ(f(x).to_vector<float>(), (x + x.t()).to_vector<float>());
    EXPECT_EQ(f(x.t()).to_vector<float>(), (x + x.t()).to_vector<float>());
    const Tensor wide = randn({4, 8});
    const Tensor part = wide.index({Slice(), Slice(2, 6)});
    EXPECT_EQ(f(part).to_vector<float>(), (part + part.t()).to_vector<float>());
    const Tensor whole = arange(0, 16).reshape({4, 4});
    EXPECT_EQ(f(whole).to_vector<float>(), (whole + whole.t()).to_vector<float>());
  }
  EXPECT_EQ(f.counters().replays, 4);
}

TEST(Pure, TrainingStepWritesItsWeights) {
  const auto train = [](bool pure) {
    manual_seed(3);
    Tensor w = zeros({1}), b = zeros({1});
    w.requires_grad_();
    b.requires_grad_();
    auto step = compile(
        [&](const Tensor& x, const Tensor& y) {
          w.set_grad({});
          b.set_grad({});
          Tensor loss = mean(square(x * w + b - y));
          loss.backward();
          const NoGrad no_grad;
          w.sub_(w.grad() * 0.1);
          b.sub_(b.grad() * 0.1);
          return loss.detach();
        },
        {.pure = pure});
    std::vector<double> losses;
    for (int i = 0; i < 20; ++i) {
      const Tensor x = randn({32, 1});
      losses.push_back(step(x, x * 3 + 1).item<double>());
    }
    losses.push_back(w.item<double>());
    losses.push_back(static_cast<double>(w.version()));
    EXPECT_EQ(step.counters().replays, pure ? 19 : 0);
    return losses;
  };
  EXPECT_EQ(train(true), train(false));
}

/// Weights after ten steps of a small network, whose rate falls, and whose last layer comes late.
template <class Optimizer, class Options>
std::vector<float> trained(Options options, bool pure, bool capturable) {
  manual_seed(7);
  Tensor w = randn({4, 3}), b = zeros({3});
  w.requires_grad_();
  b.requires_grad_();
  options.capturable = capturable;
  Optimizer optimizer({w, b}, options);
  const auto code = [&](const Tensor& x) {
    optimizer.zero_grad();
    mean(square(matmul(x, w) + b)).backward();
    optimizer.step();
  };
  auto step = compile(code, {.pure = pure});
  const Tensor x = randn({5, 4});
  for (int i = 0; i < 10; ++i) {
    optimizer.set_learning_rate(0.1 / (1 + i));
    pure ? step(x) : code(x);
  }
  EXPECT_EQ(step.counters().replays, pure ? 9 : 0);
  if (capturable) {
    EXPECT_EQ(optimizer.state_dict().at("parameter.0.step").template item<int64_t>(), 10);
  }
  std::vector<float> all = w.detach().to_vector<float>();
  const std::vector<float> rest = b.detach().to_vector<float>();
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

template <class Optimizer, class Options>
void expect_capturable(Options options) {
  const auto eager = trained<Optimizer>(options, false, false);
  const auto counted = trained<Optimizer>(options, false, true);
  EXPECT_EQ(trained<Optimizer>(options, true, true), counted);
  for (size_t i = 0; i < eager.size(); ++i) EXPECT_NEAR(counted[i], eager[i], 2e-6) << i;
}

TEST(Pure, OptimizersThatCountInTensors) {
  expect_capturable<optim::SGD>(optim::SGDOptions{.momentum = 0.9, .dampening = 0.3});
  expect_capturable<optim::Adam>(optim::AdamOptions{.weight_decay = 0.1, .amsgrad = true});
  expect_capturable<optim::Adam>(optim::AdamOptions{.beta1 = 0});
  expect_capturable<optim::AdamW>(optim::AdamWOptions{.weight_decay = 0.1});
  expect_capturable<optim::RMSprop>(optim::RMSpropOptions{.momentum = 0.5, .centered = true});
  expect_capturable<optim::Adagrad>(optim::AdagradOptions{.learning_rate_decay = 0.2});
  expect_capturable<optim::Adadelta>(optim::AdadeltaOptions{.weight_decay = 0.1});
  expect_capturable<optim::Adamax>(optim::AdamaxOptions{.weight_decay = 0.1});
  expect_capturable<optim::NAdam>(optim::NAdamOptions{.momentum_decay = 0.05});
  expect_capturable<optim::RAdam>(optim::RAdamOptions{});
  expect_capturable<optim::Rprop>(optim::RpropOptions{});
  expect_capturable<optim::ASGD>(optim::ASGDOptions{.lambd = 0.1, .t0 = 4});
}

TEST(Pure, RefusesOptimizersWhoseStepsDiffer) {
  const auto message_of_step = [](auto options, int before, auto make) {
    Tensor w = ones({3});
    w.requires_grad_();
    auto optimizer = make(std::vector<Tensor>{w}, options);
    const auto code = [&](const Tensor& x) {
      optimizer.zero_grad();
      sum(square(w) * x).backward();
      optimizer.step();
    };
    for (int i = 0; i < before; ++i) code(ones({3}));
    const std::vector<float> start = w.detach().to_vector<float>();
    auto step = compile(code, kPure);
    const std::string message = message_of([&] { step(ones({3})); });
    if (message != "no error") {
      EXPECT_EQ(w.detach().to_vector<float>(), start);
    }
    return message;
  };
  const auto adam = [](auto... all) { return optim::Adam(all...); };
  const std::string message = message_of_step(optim::AdamOptions{}, 0, adam);
  EXPECT_NE(message.find("step 1"), std::string::npos) << message;
  EXPECT_NE(message.find("capturable"), std::string::npos) << message;
  EXPECT_EQ(message_of_step(optim::AdamOptions{.bias_correction = false}, 0, adam), "no error");
  EXPECT_EQ(message_of_step(optim::AdamOptions{.capturable = true}, 0, adam), "no error");
  const auto sgd = [](auto... all) { return optim::SGD(all...); };
  const optim::SGDOptions dampened{.momentum = 0.9, .dampening = 0.5};
  EXPECT_NE(message_of_step(dampened, 0, sgd), "no error");
  EXPECT_EQ(message_of_step(dampened, 1, sgd), "no error");  // only the first one differs
  EXPECT_EQ(message_of_step(optim::SGDOptions{.momentum = 0.9}, 0, sgd), "no error");
  const auto adagrad = [](auto... all) { return optim::Adagrad(all...); };
  EXPECT_EQ(message_of_step(optim::AdagradOptions{}, 0, adagrad), "no error");
}

/// Parameters that step only sometimes count by themselves; a state that is loaded holds for
/// programs that were kept.
TEST(Pure, StepCountsOfTensorsAreEachParametersOwn) {
  const auto run = [](bool capturable) {
    Tensor a = ones({3}), b = ones({3});
    a.requires_grad_();
    b.requires_grad_();
    optim::Adam optimizer({a, b}, {.learning_rate = 0.1, .capturable = capturable});
    std::vector<double> all;
    for (int i = 0; i < 8; ++i) {
      optimizer.zero_grad();
      (i % 3 == 1 ? sum(square(a)) : i == 0 ? sum(b) : sum(a * b)).backward();
      optimizer.step();
      if (i == 5) optimizer.load_state_dict(optimizer.state_dict());
    }
    for (const char* name : {"parameter.0.step", "parameter.1.step"}) {
      all.push_back(optimizer.state_dict().at(name).item<double>());
    }
    all.push_back(a.detach().sum().item<double>());
    all.push_back(b.detach().sum().item<double>());
    return all;
  };
  const auto counted = run(true), eager = run(false);
  for (size_t i = 0; i < eager.size(); ++i) EXPECT_NEAR(counted[i], eager[i], 1e-5) << i;
}

TEST(Pure, LoadedStatesHoldForKeptPrograms) {
  Tensor w = ones({3});
  w.requires_grad_();
  optim::Adam optimizer({w}, {.learning_rate = 0.1, .capturable = true});
  auto step = compile(
      [&](const Tensor& x) {
        optimizer.zero_grad();
        sum(square(w) * x).backward();
        optimizer.step();
      },
      kPure);
  const Tensor x = arange(1.0, 4.0);
  step(x);
  const StateDict state = optimizer.state_dict();
  const Tensor start = w.detach().clone();
  const auto go_on = [&] {
    for (int i = 0; i < 3; ++i) step(x);
    return w.detach().to_vector<float>();
  };
  const auto first = go_on();
  optimizer.load_state_dict(state);
  {
    const NoGrad no_grad;
    w.copy_(start);
  }
  EXPECT_EQ(go_on(), first);
  EXPECT_EQ(step.counters().replays, 6);
}

TEST(Pure, DrawsNewRandomNumbersAsTheCodeWould) {
  const auto draw = [](bool pure) {
    manual_seed(11);
    auto f = compile(
        [](const Tensor& x) {
          Tensor mask = rand({6});
          return dropout(x, 0.5) + mask + randn({6});
        },
        {.pure = pure});
    std::vector<std::vector<float>> all;
    for (int i = 0; i < 5; ++i) {
      all.push_back(f(ones({6})).to_vector<float>());
      if (i == 2) manual_seed(5);
      all.push_back(rand({2}).to_vector<float>());  // the generator is where it should be
    }
    return all;
  };
  EXPECT_EQ(draw(true), draw(false));
}

TEST(Pure, ResultsMayBeArgumentsWeightsOrSeveral) {
  Tensor state = zeros({3});
  auto f = compile(
      [&](const Tensor& x, const std::vector<Tensor>& more) {
        state.add_(x);
        return std::tuple(state, x, x.index({Slice(1, 3)}), more[0] * more[1]);
      },
      kPure);
  for (int i = 1; i <= 3; ++i) {
    const Tensor x = full({3}, 2);
    const auto [kept, same, part, product] = f(x, std::vector<Tensor>{x + 1, ones({3})});
    EXPECT_EQ(kept.to_vector<float>(), std::vector<float>(3, 2.f * static_cast<float>(i)));
    same.fill_(9);
    EXPECT_EQ(x.to_vector<float>(), std::vector<float>(3, 9));
    EXPECT_EQ(part.to_vector<float>(), std::vector<float>(2, 9));
    EXPECT_EQ(product.to_vector<float>(), std::vector<float>(3, 3));
  }
}

TEST(Pure, SharedArgumentsAreAKindOfTheirOwn) {
  auto f = compile(
      [](const Tensor& x, const Tensor& y) {
        x.add_(1);
        return x + y;
      },
      kPure);
  for (int i = 0; i < 3; ++i) {
    const Tensor x = zeros({2}), y = zeros({2});
    EXPECT_EQ(f(x, y).to_vector<float>(), std::vector<float>(2, 1));
    EXPECT_EQ(f(y, y).to_vector<float>(), std::vector<float>(2, 2));
  }
  EXPECT_EQ(f.counters().replays, 4);
}

TEST(Pure, RefusesToReadResultsOnTheWay) {
  auto f = compile(
      [](const Tensor& x) {
        Tensor y = x * 2;
        if (sum(y).item<float>() > 0) y = y + 1;
        return y;
      },
      kPure);
  EXPECT_NE(message_of([&] { f(ones({2})); }).find("read a result"), std::string::npos);
}

/// Which an op may or may not have used by then.
TEST(Pure, RefusesToReadArguments) {
  auto f = compile([](const Tensor& x, const Tensor& i) { return x * i.item<double>(); },
                   {.pure = true});
  const auto call = [&] { f(ones({2}), full({}, 3.0)); };
  EXPECT_NE(message_of(call).find("read its argument"), std::string::npos);
}

TEST(Pure, RefusesResultsWithGradients) {
  Tensor w = ones({2});
  w.requires_grad_();
  auto f = compile([&](const Tensor& x) { return x * w; }, kPure);
  EXPECT_NE(message_of([&] { f(ones({2})); }).find("requires a gradient"), std::string::npos);
}

TEST(Pure, RefusesFunctionsOfOtherThings) {
  auto f = compile([](int x) { return x; }, kPure);
  EXPECT_NE(message_of([&] { f(1); }).find("takes tensors"), std::string::npos);
}

TEST(Pure, WithinACompiledFunctionItsCodeRuns) {
  auto inner = compile([](const Tensor& x) { return x * 3; }, kPure);
  auto outer = compile([&](const Tensor& x) { return inner(x + 1) - 1; });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(outer(ones({2})).to_vector<float>(), std::vector<float>(2, 5));
}

TEST(Pure, ValidationNamesAConstantThatWentStale) {
  double rate = 0.5;
  auto f = compile([&](const Tensor& x) { return clamp(exp(x), 0, rate); },
                   {.pure = true, .validate = true});
  f(ones({4}));
  f(zeros({4}));
  rate = 0.25;
  const std::string message = message_of([&] { f(ones({4})); });
  EXPECT_NE(message.find("0.5"), std::string::npos) << message;
  EXPECT_NE(message.find("0.25"), std::string::npos) << message;
}

TEST(Pure, ValidationNamesATensorThatWasReplaced) {
  Tensor w = ones({4});
  auto f = compile([&](const Tensor& x) { return x * w; }, {.pure = true, .validate = true});
  f(ones({4}));
  w = zeros({4});
  const std::string message = message_of([&] { f(ones({4})); });
  EXPECT_NE(message.find("another tensor"), std::string::npos) << message;
}

TEST(Pure, ValidationKnowsConstantsThatEachCallMakes) {
  float factor = 2;
  auto f = compile(
      [&](const Tensor& x) {
        return x * tensor({factor, 1.f});
      },
      {.pure = true, .validate = true});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f(ones({2})).to_vector<float>(), (std::vector{2.f, 1.f}));
  factor = 3;
  const std::string message = message_of([&] { f(ones({2})); });
  EXPECT_NE(message.find("another tensor"), std::string::npos) << message;

  Tensor w = ones({2});
  auto g = compile([&](const Tensor& x) { return x * w; }, {.pure = true, .validate = true});
  g(ones({2}));
  w = ones({2});  // as large and the same for now, but another one
  EXPECT_NE(message_of([&] { g(ones({2})); }), "no error");
}

TEST(Pure, RefusesToWriteIntoConstantsThatEachCallMakes) {
  auto f = compile([](const Tensor& x) { return tensor({1, 2}).add_(x) * 1; }, kPure);
  const Tensor x = ones({2}, kInt64);
  EXPECT_NE(message_of([&] { f(x); }).find("in each call"), std::string::npos);
  auto g = compile([](const Tensor& x) { return tensor({1, 2}).clone().add_(x); }, kPure);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(g(x).to_vector<int64_t>(), (std::vector<int64_t>{2, 3}));
}

TEST(Pure, ValidationTakesTrainingSteps) {
  Tensor w = ones({3});
  w.requires_grad_();
  optim::RMSprop optimizer({w}, {.learning_rate = 0.1});
  auto step = compile(
      [&](const Tensor& x) {
        optimizer.zero_grad();
        mean(pow(w * x, 2)).backward();
        optimizer.step();
      },
      {.pure = true, .validate = true});
  for (int i = 0; i < 3; ++i) step(ones({3}));
  EXPECT_EQ(optimizer.state_dict().at("parameter.0.step").item<int64_t>(), 3);
}

TEST(Pure, ValidationNamesOtherOps) {
  bool training = true;
  auto f = compile([&](const Tensor& x) { return training ? exp(x) : x + 1; },
                   {.pure = true, .validate = true});
  f(ones({4}));
  training = false;
  EXPECT_NE(message_of([&] { f(ones({4})); }).find("exp"), std::string::npos);
}

TEST(Compile, PassesCanBeLeftOut) {
  const auto steps = [](std::vector<std::string> without) {
    auto f = compile([](const Tensor& x) { return neg(exp(square(x))); },
                     {.without_passes = std::move(without)});
    EXPECT_EQ(f(zeros({3})).to_vector<float>(), std::vector<float>(3, -1));
    return f.explain();
  };
  EXPECT_NE(steps({}).find("in 1 steps"), std::string::npos);
  EXPECT_NE(steps({"fuse"}).find("in 3 steps"), std::string::npos);
  const std::string message = message_of([&] { steps({"fusion"}); });
  EXPECT_NE(message.find("fuse"), std::string::npos) << message;
}

}  // namespace
}  // namespace tenon
