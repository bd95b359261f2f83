#include "tenon/autograd/autograd.h"

#include <gtest/gtest.h>

#include <thread>

#include "tenon/autograd/custom_function.h"
#include "tenon/autograd/grad_fn.h"
#include "tenon/autograd/gradcheck.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/custom_op.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

Tensor leaf(double value, DType dtype = kFloat64) {
  return full({}, value, dtype).requires_grad_();
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const AutogradError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(GradFn, ShowsTheGraph) {
  const Tensor x = leaf(3);
  EXPECT_FALSE(GradFn::of(x));
  const GradFn top = GradFn::of((x * x).exp());
  EXPECT_EQ(top.name(), "ExpBackward0");
  const GradFn product = top.next_functions().at(0).first;
  EXPECT_EQ(product.name(), "MulBackward0");
  ASSERT_EQ(product.next_functions().size(), 2);
  const GradFn end = product.next_functions()[1].first;
  EXPECT_EQ(end.name(), "AccumulateGrad");
  EXPECT_TRUE(end.variable().is_same(x));
  EXPECT_EQ(end.id(), product.next_functions()[0].first.id());
}

TEST(Backward, AddsToLeaves) {
  Tensor x = leaf(3), y = leaf(4);
  (x * y + x * x).backward();
  EXPECT_EQ(x.grad().item<double>(), 10);  // y + 2x
  EXPECT_EQ(y.grad().item<double>(), 3);
  (x * y).backward();
  EXPECT_EQ(x.grad().item<double>(), 14);
  EXPECT_EQ(y.grad().item<double>(), 6);
}

TEST(Backward, SumsWhatBroadcastingRepeated) {
  Tensor x = ones({3, 1}, kFloat64).requires_grad_();
  Tensor b = ones({4}, kFloat64).requires_grad_();
  (x * b).sum().backward();
  EXPECT_EQ(x.grad().sizes(), (Shape{3, 1}));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{4, 4, 4}));
  EXPECT_EQ(b.grad().to_vector<double>(), (std::vector<double>{3, 3, 3, 3}));
}

TEST(Backward, FreedGraphSaysHowToKeepIt) {
  Tensor x = leaf(2);
  Tensor y = x * x;
  y.backward({}, true);
  y.backward();
  EXPECT_EQ(x.grad().item<double>(), 8);
  EXPECT_NE(message_of([&] { y.backward(); }).find("retain_graph"), std::string::npos);
}

TEST(Backward, StartsFromOneElementOnly) {
  Tensor x = ones({2}, kFloat64).requires_grad_();
  EXPECT_THROW((x * 2).backward(), ShapeError);
  EXPECT_THROW((x * 2).backward(ones({3}, kFloat64)), ShapeError);
  EXPECT_THROW(ones({}).backward(), AutogradError);
  (x * 2).backward(full({2}, 3.0, kFloat64));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{6, 6}));
}

TEST(Backward, RefusesGradientsThatAreNotLikeTheirTensor) {
  Tensor x = ones({2, 3}).requires_grad_();
  const Tensor y = x * 2;
  EXPECT_MESSAGE(ShapeError, "[backward] expected a gradient of sizes [2, 3], got [3, 2]",
                 y.backward(ones({3, 2})));
  EXPECT_MESSAGE(DTypeError, "[backward] expected a gradient of dtype float32, got complex64",
                 y.backward(ones({2, 3}, kComplex64)));
  EXPECT_MESSAGE(DTypeError, "[grad] expected a gradient of dtype float32, got complex128",
                 grad({y}, {x}, {ones({2, 3}, kComplex128)}));
  EXPECT_MESSAGE(DeviceError, "[backward] expected a gradient on 'cpu', got one on 'meta'",
                 y.backward(empty({2, 3}, kFloat32, kMeta)));
  EXPECT_MESSAGE(ShapeError, "[set_grad] expected a gradient of sizes [2, 3], got [3]",
                 x.set_grad(ones({3})));
  EXPECT_MESSAGE(DTypeError, "[set_grad] expected a gradient of dtype float32, got float16",
                 x.set_grad(ones({2, 3}, kFloat16)));
  EXPECT_MESSAGE(DeviceError, "[set_grad] expected a gradient on 'cpu', got one on 'meta'",
                 x.set_grad(empty({2, 3}, kFloat32, kMeta)));
  EXPECT_MESSAGE(ValueError, "[set_grad] a tensor can't be its own gradient", x.set_grad(x));
  EXPECT_FALSE(x.grad().defined());  // nothing half-done
  y.backward(ones({2, 3}));          // and the graph is still there
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>(6, 2)));
}

TEST(Backward, ConvertsGradientsToTheDtypeOfTheirTensor) {
  Tensor x = ones({2, 3}).requires_grad_();
  (x * 2).backward(ones({2, 3}, kInt64));
  EXPECT_EQ(x.grad().dtype(), kFloat32);
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>(6, 2)));
  const Tensor dx = grad({x * 3}, {x}, {ones({2, 3}, kFloat64)})[0];
  EXPECT_EQ(dx.dtype(), kFloat32);
  EXPECT_EQ(dx.to_vector<float>(), (std::vector<float>(6, 3)));
}

TEST(Backward, OverwrittenSavedTensorNamesBothPlaces) {
  Tensor x = leaf(2);
  Tensor h = x * 3;
  Tensor y = h * h;
  h.add_(1);
  const std::string message = message_of([&] { y.backward(); });
  EXPECT_NE(message.find("'mul'"), std::string::npos) << message;
  EXPECT_NE(message.find("'add'"), std::string::npos) << message;
}

TEST(Backward, OnlyWhatTheWantedGradientsNeedIsSaved) {
  Tensor x = leaf(2);
  const Tensor scale = full({}, 3.0, kFloat64);
  Tensor h = x * 1;
  Tensor y = h * scale;  // dh needs `scale` alone
  h.add_(1);
  Tensor z = h * h;
  z.mul_(scale);
  (y + z).backward();
  EXPECT_EQ(x.grad().item<double>(), 3 + 2 * 3 * 3);
  Tensor w = leaf(5);
  Tensor product = (x.detach() * 1).mul_(w);  // dw needs what was overwritten
  product.backward();
  EXPECT_EQ(w.grad().item<double>(), 2);
  Tensor large = ones({1000, 100}).requires_grad_();
  const int64_t before = memory_stats().allocated_bytes;
  const Tensor result = (large * 2) * 3;
  EXPECT_LT(memory_stats().allocated_bytes, before + 600'000);  // of `large * 2`, nothing is kept
}

TEST(Backward, APassInsideARuleCannotFreeWhatTheRuleReads) {
  static Tensor outer;
  static const CustomOp nested("test_backward_inside(Tensor x) -> Tensor", [](OpDef& op) {
    op.doc("x^2, whose gradient rule runs the pass that it is part of.")
        .accepts(kFloatSet)
        .tile([](tile::TileBuilder& t) { t.store(0, t.square(t.load(0))); })
        .saves_input(0)
        .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
          EXPECT_THROW(outer.backward(), AutogradError);
          return {dy * saved.input(0) * 2};
        });
  });
  Tensor x = leaf(3);
  outer = nested(x * 1);
  outer.backward();
  EXPECT_EQ(x.grad().item<double>(), 6);
  outer = {};
}

TEST(Backward, IntegersHaveNoGradient) {
  EXPECT_THROW(zeros({2}, kInt64).requires_grad_(), DTypeError);
}

TEST(Backward, MillionOpsNeitherRecurseNorOverflow) {
  Tensor x = leaf(1, kFloat32);
  {
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + x;
    y.backward();
    EXPECT_EQ(x.grad().item<float>(), 1'000'001);
    y = x;
    for (int i = 0; i < 1'000'000; ++i) y = -y;  // dropped without a backward
  }
}

TEST(Backward, DroppedResultFreesWhatItSaved) {
  Tensor x = ones({1000, 100}).requires_grad_();
  const int64_t before = memory_stats().allocated_bytes;
  {
    Tensor y = tanh(x * 2) * 3;
    EXPECT_GT(memory_stats().allocated_bytes, before + 2 * 400'000);
  }
  EXPECT_EQ(memory_stats().allocated_bytes, before);
}

TEST(Backward, ThreadsShareLeaves) {
  Tensor x = leaf(2);
  std::vector<Tensor> grads(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < grads.size(); ++t) {
    threads.emplace_back([&, t] {
      Tensor y = x;
      for (int i = 0; i < 100; ++i) y = y * x;
      grads[t] = grad({y * static_cast<double>(t)}, {x})[0];
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < grads.size(); ++t) {
    EXPECT_EQ(grads[t].item<double>(), 101 * 0x1p100 * static_cast<double>(t));
  }
}

TEST(Grad, HigherOrders) {
  Tensor x = leaf(2);
  const Tensor first = grad({x * x * x * x}, {x}, {}, {.create_graph = true})[0];
  const Tensor second = grad({first}, {x}, {}, {.create_graph = true})[0];
  const Tensor third = grad({second}, {x})[0];
  EXPECT_EQ(first.item<double>(), 32);
  EXPECT_EQ(second.item<double>(), 48);
  EXPECT_EQ(third.item<double>(), 48);
  EXPECT_FALSE(x.grad().defined());
}

TEST(Grad, HigherOrderThroughSavedResult) {
  Tensor x = leaf(0.5);
  const Tensor first = grad({tanh(x)}, {x}, {}, {.create_graph = true})[0];
  const double t = std::tanh(0.5);
  EXPECT_NEAR(grad({first}, {x})[0].item<double>(), -2 * t * (1 - t * t), 1e-14);
}

TEST(Grad, OfResultsAndUnusedInputs) {
  Tensor x = leaf(3), unused = leaf(1);
  Tensor h = x * x;
  const std::vector<Tensor> grads = grad({h * h}, {h, x}, {}, {.retain_graph = true});
  EXPECT_EQ(grads[0].item<double>(), 18);
  EXPECT_EQ(grads[1].item<double>(), 108);
  EXPECT_THROW(grad({h}, {unused}, {}, {.retain_graph = true}), AutogradError);
  EXPECT_FALSE(grad({h}, {unused}, {}, {.allow_unused = true})[0].defined());
}

TEST(Grad, IsZeroWhereOnlyALaterOrderIsLeft) {
  for (const bool frees : {false, true}) {
    Tensor x = leaf(3), unused = leaf(1);
    const Tensor h = x * 2;
    const Tensor slope = grad({relu(h) * 5}, {x}, {}, {.create_graph = true})[0];
    EXPECT_EQ(slope.item<double>(), 10);
    GradOptions options;
    options.retain_graph = !frees;
    options.allow_unused = true;
    const std::vector<Tensor> second = grad({slope}, {x, h, unused}, {}, options);
    EXPECT_EQ(second[0].item<double>(), 0);
    EXPECT_EQ(second[1].item<double>(), 0);
    EXPECT_FALSE(second[2].defined());
  }
  Tensor chance = leaf(0.5);
  EXPECT_EQ(grad({bernoulli(chance)}, {chance})[0].item<double>(), 0);
}

TEST(Hooks, ReplaceGradients) {
  Tensor x = leaf(3);
  Tensor h = x * 2;
  const int64_t number = h.register_hook([](const Tensor& g) { return g * 10; });
  (h * 1).backward({}, true);
  EXPECT_EQ(x.grad().item<double>(), 20);
  h.remove_hook(number);
  (h * 1).backward();
  EXPECT_EQ(x.grad().item<double>(), 22);
}

TEST(Hooks, RefuseGradientsOfOtherSizesAndDTypes) {
  Tensor x = ones({2}).requires_grad_();
  const int64_t number = x.register_hook([](const Tensor& g) { return cat({g, g}); });
  EXPECT_MESSAGE(ShapeError, "[register_hook] expected a gradient of sizes [2], got [4]",
                 sum(x).backward());
  x.remove_hook(number);
  Tensor h = x * 2;
  h.register_hook([](const Tensor& g) { return g.to(kFloat64); });
  EXPECT_MESSAGE(DTypeError, "[register_hook] expected a gradient of dtype float32, got float64",
                 sum(h).backward());
  EXPECT_FALSE(x.grad().defined());
}

TEST(Hooks, LeafHookSeesTheSumOnce) {
  Tensor x = leaf(3);
  int calls = 0;
  x.register_hook([&](const Tensor& g) {
    ++calls;
    EXPECT_EQ(g.item<double>(), 7);
    return Tensor();
  });
  (x * 3 + x * 4).backward();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(x.grad().item<double>(), 7);
}

TEST(Hooks, RetainedGradientOutlivesNothing) {
  Tensor x = leaf(3);
  Tensor y;
  {
    Tensor h = x * 2;
    h.retain_grad();
    y = h * 5;
    y.backward({}, true);
    EXPECT_EQ(h.grad().item<double>(), 5);
  }
  y.backward();  // the tensor that retained is gone
  EXPECT_EQ(x.grad().item<double>(), 20);
}

TEST(Modes, NoGradAndInference) {
  Tensor x = leaf(3);
  {
    const NoGrad no_grad;
    EXPECT_FALSE((x * 2).requires_grad());
    const EnableGrad enable;
    EXPECT_TRUE((x * 2).requires_grad());
  }
  Tensor made;
  {
    const InferenceMode inference;
    made = x * 2;
  }
  EXPECT_FALSE(made.requires_grad());
  EXPECT_THROW(made * x, AutogradError);
  EXPECT_THROW(made.requires_grad_(), AutogradError);
  EXPECT_NO_THROW(clone(made) * x);
}

TEST(Modes, DetachAndStopGradient) {
  Tensor x = leaf(3);
  (x * x.detach()).backward();
  EXPECT_EQ(x.grad().item<double>(), 3);
  EXPECT_TRUE(x.detach().data<double>() == x.data<double>());
  (x * stop_gradient(x)).backward();
  EXPECT_EQ(x.grad().item<double>(), 6);
}

TEST(Modes, AnomalyNamesTheForwardCall) {
  const AnomalyMode anomaly;
  Tensor x = leaf(0);
  const Tensor y = sqrt(x) * 0;  // d sqrt = inf, times 0
  const std::string message = message_of([&] { y.backward(); });
  EXPECT_NE(message.find("'sqrt'"), std::string::npos) << message;
  EXPECT_NE(message.find("autograd_tests+0x"), std::string::npos) << message;
}

TEST(Inplace, LeavesAreProtected) {
  Tensor x = ones({2}, kFloat64).requires_grad_();
  EXPECT_THROW(x.add_(1), AutogradError);
  EXPECT_THROW(x[0].add_(1), AutogradError);
  const NoGrad no_grad;
  x.add_(1);
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{2, 2}));
}

TEST(Inplace, ResultsKeepTheirHistory) {
  Tensor x = leaf(3), w = leaf(5);
  Tensor h = x * 2;
  h.mul_(w);
  h.backward();
  EXPECT_EQ(x.grad().item<double>(), 10);
  EXPECT_EQ(w.grad().item<double>(), 6);
}

TEST(Inplace, WhatIsReadAndWrittenIsSavedAsItWas) {
  Tensor x = leaf(3);
  Tensor h = x * 1;
  h.mul_(h);
  h.backward();
  EXPECT_EQ(x.grad().item<double>(), 6);
  // Through a view: h is (x, x), and its first element is multiplied by its second.
  x.set_grad({});
  Tensor pair = stack({x, x});
  pair[0].mul_(pair[1]);
  sum(pair).backward();
  EXPECT_EQ(x.grad().item<double>(), 2 * 3 + 1);
}

struct Cube final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    save({inputs[0]});
    return {inputs[0] * inputs[0] * inputs[0]};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    return {grads[0] * saved(0) * saved(0) * 3};
  }
};

struct ExpByResult final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    Tensor y = exp(inputs[0]);
    save({y});
    return {y};
  }
  std::vector<Tensor> backward(TensorList grads) override { return {grads[0] * saved(0)}; }
};

TEST(CustomFunction, DifferentiatesTwice) {
  const auto cube = [](const std::vector<Tensor>& x) { return autograd::apply<Cube>({x[0]}); };
  const auto by_result = [](const std::vector<Tensor>& x) {
    return autograd::apply<ExpByResult>({x[0]});
  };
  Tensor x = linspace(-1, 2, 5, kFloat64).requires_grad_();
  EXPECT_TRUE(gradcheck(cube, {x}));
  EXPECT_TRUE(gradgradcheck(cube, {x}));
  EXPECT_TRUE(gradgradcheck(by_result, {x}));
}

/// Its argument, with a gradient of somebody's choice.
struct Identity final : autograd::Function {
  explicit Identity(Tensor (*rule)(const Tensor&)) : rule(rule) {}
  std::vector<Tensor> forward(TensorList inputs) override { return {inputs[0].clone()}; }
  std::vector<Tensor> backward(TensorList grads) override { return {rule(grads[0])}; }
  Tensor (*rule)(const Tensor&);
};

TEST(CustomFunction, GradientsOfOtherSizesAreRefused) {
  Tensor x = ones({2, 3}).requires_grad_();
  const auto run = [&](Tensor (*rule)(const Tensor&)) {
    sum(autograd::apply<Identity>({x}, rule)[0]).backward();
  };
  EXPECT_MESSAGE(ShapeError,
                 "[backward] a gradient of sizes [3, 2] arrived for a tensor of sizes [2, 3]",
                 run([](const Tensor& dy) { return dy.t(); }));
  EXPECT_MESSAGE(ShapeError, "of sizes [3] arrived for a tensor of sizes [2, 3]",
                 run([](const Tensor& dy) { return sum(dy, {0}); }));
  EXPECT_MESSAGE(ShapeError, "of sizes [6] arrived",
                 run([](const Tensor& dy) { return reshape(dy, {6}); }));
  EXPECT_FALSE(x.grad().defined());
  // What broadcasting repeats is summed, as for any op.
  run([](const Tensor& dy) { return expand(dy, {4, 2, 3}); });
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>(6, 4)));
}

struct Wrong final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override { return {inputs[0] * 2}; }
  std::vector<Tensor> backward(TensorList grads) override { return {grads[0] * 3}; }
};

TEST(Gradcheck, FindsWrongGradients) {
  Tensor x = linspace(-1, 2, 5, kFloat64).requires_grad_();
  const std::string message = message_of([&] {
    gradcheck([](const std::vector<Tensor>& in) { return autograd::apply<Wrong>({in[0]}); }, {x});
  });
  EXPECT_NE(message.find("finite differences"), std::string::npos) << message;
}

TEST(Gradcheck, FindsWrongGradientsOfOneNumber) {
  for (const Shape& sizes : {Shape{}, Shape{1}, Shape{3}}) {
    Tensor x = ones(sizes, kFloat64).requires_grad_();
    const auto function = [](const std::vector<Tensor>& in) {
      return std::vector<Tensor>{sum(autograd::apply<Wrong>({in[0]})[0])};
    };
    EXPECT_THROW(gradcheck(function, {x}), AutogradError);
  }
}

/// Doubles its input in place; the second result is a constant.
struct DoubledInPlace final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    inputs[0].mul_(2);
    const Tensor constant = inputs[0] + 1;
    mark_dirty(inputs);
    mark_non_differentiable({constant});
    set_materialize_grads(false);
    save({inputs[0]});
    return {inputs[0], constant};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    EXPECT_FALSE(grads[1].defined());
    EXPECT_EQ(all_saved().size(), 1u);
    return {grads[0] * 2};
  }
};

TEST(CustomFunction, WritesInputsInPlace) {
  const Tensor x = ones({4}).requires_grad_();
  Tensor y = x * 3;
  const std::vector<Tensor> results = autograd::apply<DoubledInPlace>({y});
  EXPECT_TRUE(results[0].is_same(y));
  EXPECT_FALSE(results[1].requires_grad());
  Tensor base = x * 1;
  autograd::apply<DoubledInPlace>({narrow(base, 0, 1, 2)});  // a view: its base follows
  (y * y).sum().backward();
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{72, 72, 72, 72}));
  Tensor(x).set_grad({});
  base.sum().backward();
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{1, 2, 2, 1}));
  EXPECT_THROW(autograd::apply<DoubledInPlace>({ones({2}).requires_grad_()}), AutogradError);
}

TEST(Checkpoint, HasSeveralResults) {
  Tensor x = linspace(-1, 1, 5, kFloat64).requires_grad_(), w = leaf(0.7);
  const auto block = [&](const std::vector<Tensor>& in) {
    return std::vector<Tensor>{tanh(in[0] * w), in[0], ones({2}, kInt64)};
  };
  std::vector<std::vector<double>> grads;
  for (const bool checkpointed : {false, true}) {
    x.set_grad({});
    w.set_grad({});
    const std::vector<Tensor> results = checkpointed ? checkpoint(block, {x}) : block({x});
    EXPECT_FALSE(results[2].requires_grad());
    (results[0] * results[0] + results[1] * 3).sum().backward();
    grads.push_back(x.grad().to_vector<double>());
    grads.push_back(w.grad().to_vector<double>());
  }
  EXPECT_EQ(grads[0], grads[2]);
  EXPECT_EQ(grads[1], grads[3]);
}

TEST(Checkpoint, SameGradientsLessMemory) {
  Tensor x = linspace(-1, 1, 1000, kFloat64).requires_grad_();
  Tensor w = leaf(0.7);
  const auto block = [&](const std::vector<Tensor>& in) {
    Tensor h = in[0];
    for (int i = 0; i < 10; ++i) h = tanh(h * w);
    return h;
  };
  const Tensor plain = block({x}).sum();
  plain.backward();
  const Tensor dx = clone(x.grad()), dw = clone(w.grad());
  x.set_grad({});
  w.set_grad({});
  const int64_t before = memory_stats().allocated_bytes;
  const Tensor y = checkpoint(block, {x});
  EXPECT_LT(memory_stats().allocated_bytes, before + 2 * 8192);
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector<double>(), dx.to_vector<double>());
  EXPECT_EQ(w.grad().item<double>(), dw.item<double>());
}

TEST(Checkpoint, ReplaysRandomNumbersAndWorksInGrad) {
  Tensor x = ones({100}, kFloat64).requires_grad_();
  Tensor w = leaf(2);
  const auto block = [&](const std::vector<Tensor>& in) {
    return in[0] * w * bernoulli(full({100}, 0.5, kFloat64));
  };
  const Tensor y = checkpoint(block, {x});
  const std::vector<Tensor> grads = grad({y.sum()}, {x, w});
  EXPECT_EQ(grads[0].to_vector<double>(), y.to_vector<double>());  // the mask, times 2 both times
  EXPECT_EQ(grads[1].item<double>(), y.sum().item<double>() / 2);
}

TEST(Autograd, PartsOfOneTensorAddUp) {
  Tensor x = linspace(1, 12, 12, kFloat64).requires_grad_();
  for (const bool retain : {false, true}) {
    x.set_grad({});
    const Tensor y = x.reshape({4, 3}) * 1;
    Tensor total = sum(square(narrow(y, 0, 1, 2))) + sum(slice(y, 1, 0, 3, 2)) * 10;
    for (int64_t i = 0; i < 4; ++i) total = total + sum(select(y, 0, i)) * (i + 1);
    total.backward({}, retain);
    EXPECT_EQ(x.grad().to_vector<double>(),
              (std::vector<double>{11, 1, 11, 20, 12, 24, 27, 19, 31, 14, 4, 14}));
  }
  EXPECT_TRUE(gradgradcheck(
      [](const std::vector<Tensor>& in) {
        const Tensor y = square(in[0]);
        return std::vector{select(y, 0, 0) * select(y, 0, 2) + select(y, 0, 1)};
      },
      {linspace(1, 3, 3, kFloat64).requires_grad_()}));
}

/// Elements further apart than e^x reaches in float32, slopes of either sign and zero.
TEST(Autograd, LogcumsumexpOfElementsFarApart) {
  const auto slopes = [](DType dtype, bool create_graph) {
    Tensor x = (linspace(-3, 4, 8, dtype) * 60 * linspace(-1, 1, 8, dtype)).requires_grad_();
    const Tensor weights = linspace(-2, 5, 8, dtype);
    const Tensor y = sum(logcumsumexp(x, 0) * weights);
    return grad({y}, {x}, {}, {.create_graph = create_graph})[0].to_vector<double>();
  };
  const std::vector<double> want = slopes(kFloat64, true), got = slopes(kFloat32, false),
                            exact = slopes(kFloat64, false);
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(exact[i], want[i], 1e-10) << i;
    EXPECT_NEAR(got[i], want[i], 2e-4) << i;
  }
}

TEST(Checkpoint, DifferentiatesTwice) {
  Tensor x = linspace(-1, 1, 4, kFloat64).requires_grad_();
  EXPECT_TRUE(gradgradcheck(
      [](const std::vector<Tensor>& in) {
        return std::vector{
            checkpoint([](const std::vector<Tensor>& v) { return tanh(v[0]) * v[0]; }, {in[0]})};
      },
      {x}));
}

}  // namespace
}  // namespace tenon
