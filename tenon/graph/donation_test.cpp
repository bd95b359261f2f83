// Inputs that nobody else holds lend a plan their memory: that it is used, and that nobody can
// tell.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/core/storage.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

constexpr int64_t kSide = 256;

Tensor large() { return randn({kSide, kSide}); }

std::vector<float> values_of(const Tensor& tensor) { return tensor.to_vector<float>(); }

/// What the call adds to the bytes in tensors, at most.
template <class Call>
int64_t peak_of(Call call) {
  reset_peak_memory_stats();
  const int64_t before = memory_stats().allocated_bytes;
  call();
  return memory_stats().peak_allocated_bytes - before;
}

TEST(Donation, WhatIsMovedInIsWrittenOver) {
  const auto next = [](const Tensor& x) { return tanh(x * 0.5 + 1); };
  auto f = compile(next);
  Tensor x = large(), want = x.clone();
  for (int call = 0; call < 6; ++call) {
    const float* const place = x.data<float>();
    x = f(std::move(x));
    want = next(want);
    EXPECT_EQ(x.data<float>(), place);
    EXPECT_EQ(values_of(x), values_of(want));
  }
  EXPECT_NE(f.explain().find("donated inputs: %0 (float32[256, 256], 256.0 KiB) to %"),
            std::string::npos)
      << f.explain();
}

TEST(Donation, LargeTensorsRunInPlace) {
  auto f = compile([](Tensor x) { return exp(x) - 1; });
  Tensor x = zeros({1 << 22});
  x = f(std::move(x));
  EXPECT_LT(peak_of([&] { x = f(std::move(x)); }), int64_t{1} << 20);
  EXPECT_EQ(x.slice(0, 0, 2).to_vector<float>(), std::vector<float>(2, 0));
}

/// The same function with and without somebody else who looks at its argument, in turns.
TEST(Donation, WhatOthersHoldStays) {
  const auto next = [](const Tensor& x) { return cumsum(x * 2, 0) + x; };
  auto f = compile(next);
  for (int call = 0; call < 12; ++call) {
    Tensor x = large();
    const Tensor before = x.clone();
    const Tensor same = call % 4 == 1 ? x : Tensor();
    const Tensor view = call % 4 == 2 ? x.slice(0, 3, 5) : Tensor();
    const Tensor detached = call % 4 == 3 ? x.detach() : Tensor();
    const Tensor got = call % 2 == 0 ? f(std::move(x)) : f(x);
    EXPECT_EQ(values_of(got), values_of(next(before)));
    if (same.defined()) {
      EXPECT_EQ(values_of(same), values_of(before));
    }
    if (view.defined()) {
      EXPECT_EQ(values_of(view), values_of(before.slice(0, 3, 5)));
    }
    if (detached.defined()) {
      EXPECT_EQ(values_of(detached), values_of(before));
    }
  }
}

/// The state's old value is dropped by the code while the op that reads it is still deferred.
TEST(Donation, StateThatIsReplaced) {
  const auto run = [](auto make) {
    manual_seed(3);
    Tensor state = large();
    auto step = make([&](const Tensor& x) {
      const Tensor moved = matmul(state, x);
      state = tanh(state + moved);
      return mean(state);
    });
    std::vector<float> all;
    for (int call = 0; call < 5; ++call) all.push_back(step(large()).template item<float>());
    for (const float value : values_of(state)) all.push_back(value);
    return all;
  };
  EXPECT_EQ(run([](auto f) { return compile(f); }), run([](auto f) { return f; }));
}

/// A result is looked at before the backward pass: its plan finds the activations, which go as it
/// reads them.
TEST(Donation, ActivationsOfAnEarlierPlanMakeRoom) {
  const Tensor x = large();
  const auto make = [&](std::vector<Tensor>& weights) {
    for (int i = 0; i < 6; ++i) {
      manual_seed(static_cast<uint64_t>(i));
      weights.push_back((randn({kSide, kSide}) * 0.06).requires_grad_());
    }
    return [&] {
      Tensor y = x;
      for (const Tensor& weight : weights) y = gelu(matmul(y, weight));
      const Tensor loss = mean(square(y));
      const float value = loss.item<float>();
      loss.backward();
      std::vector<float> all{value};
      for (Tensor& weight : weights) {
        all.push_back(sum(abs(weight.grad())).item<float>());
        weight.set_grad({});
      }
      return all;
    };
  };
  std::vector<Tensor> eager_weights, weights;
  auto eager = make(eager_weights);
  auto step = compile(make(weights));
  const std::vector<float> want = eager();
  for (int call = 0; call < 4; ++call) EXPECT_EQ(step(), want);
  EXPECT_NE(step.explain().find("intermediate results; %"), std::string::npos) << step.explain();
}

TEST(Donation, WhatTheTapeHoldsStays) {
  const auto product = [](const Tensor& x, const Tensor& w) { return exp(x) * w * x; };
  auto f = compile(product);
  for (int call = 0; call < 4; ++call) {
    Tensor x = large(), w = large().requires_grad_(), v = w.detach().clone().requires_grad_();
    const Tensor want = product(x, v);
    const Tensor got = f(std::move(x), w);
    sum(want).backward();
    sum(got).backward();
    EXPECT_EQ(values_of(got), values_of(want));
    EXPECT_EQ(values_of(w.grad()), values_of(v.grad()));
  }
}

/// The plan that fails in the middle has used what was moved in; all else is as eager leaves it.
TEST(Donation, AnErrorInTheMiddle) {
  const auto code = [](Tensor& sink, Tensor& source, Tensor x, const Tensor& index) {
    const Tensor y = cumsum(x, 0) * 2;
    x = Tensor();
    sink.add_(y);
    const Tensor z = index_select(source, 0, index);
    source.mul_(3);
    return cumsum(y, 1) + z;
  };
  for (const bool compiled : {false, true}) {
    manual_seed(9);
    Tensor sink = large(), source = large();
    Tensor want_sink = sink.clone(), want_source = source.clone();
    auto f = compile(code);
    for (int call = 0; call < 6; ++call) {
      Tensor x = large();
      const Tensor same = x.clone();
      const Tensor index = full({kSide}, call % 2 == 0 ? 1 : kSide + 1).to(kInt64);
      Tensor got, want;
      if (call % 2 == 0) {
        got = compiled ? f(sink, source, std::move(x), index)
                       : code(sink, source, std::move(x), index);
        want = code(want_sink, want_source, same, index);
        EXPECT_EQ(values_of(got), values_of(want));
      } else {
        EXPECT_THROW(f(sink, source, std::move(x), index), IndexError);
        EXPECT_THROW(code(want_sink, want_source, same, index), IndexError);
      }
      EXPECT_EQ(values_of(sink), values_of(want_sink));
      EXPECT_EQ(values_of(source), values_of(want_source));
    }
  }
}

TEST(Donation, PureFunctions) {
  const auto next = [](const Tensor& x, const Tensor& y) { return tanh(x + y); };
  auto f = compile(next, {.pure = true});
  const Tensor y = large(), kept = y.clone();
  Tensor x = large(), want = x.clone();
  for (int call = 0; call < 5; ++call) {
    const float* const place = x.data<float>();
    const Tensor other = call == 3 ? x : Tensor();
    const std::vector<float> before = values_of(x);
    x = f(std::move(x), y);
    want = next(want, y);
    EXPECT_EQ(values_of(x), values_of(want));
    EXPECT_EQ(x.data<float>() == place, call != 3);
    if (other.defined()) {
      EXPECT_EQ(values_of(other), before);
    }
  }
  EXPECT_EQ(values_of(y), values_of(kept));
  // One tensor as both arguments, one of them moved in.
  Tensor twice = y.clone();
  EXPECT_EQ(values_of(f(std::move(twice), Tensor(y))), values_of(next(y, y)));
}

/// An argument that is among the results isn't there to be used up.
TEST(Donation, PureFunctionsThatReturnAnArgument) {
  auto f = compile([](const Tensor& x) { return std::vector<Tensor>{x * 2, x}; }, {.pure = true});
  for (int call = 0; call < 4; ++call) {
    Tensor x = large();
    const std::vector<float> before = values_of(x);
    const std::vector<Tensor> got = f(std::move(x));
    EXPECT_EQ(values_of(got[1]), before);
    EXPECT_EQ(values_of(got[0] * 0.5), before);
  }
}

/// Several that are given, of several sizes, to results and to what lies in between.
TEST(Donation, ManySizesOverManyCalls) {
  const auto code = [](std::vector<Tensor> all) {
    Tensor sum = zeros({kSide});
    for (Tensor& each : all) {
      sum = sum + tenon::sum(cumsum(cumsum(each, 0), 1) * 1e-3, {0});
      each = matmul(each, each);
    }
    all.push_back(sum);
    return all;
  };
  auto f = compile(code);
  for (int call = 0; call < 10; ++call) {
    std::vector<Tensor> all, copies;
    for (int i = 0; i < 3; ++i) all.push_back(randn({kSide, kSide}));
    for (const Tensor& each : all) copies.push_back(each.clone());
    const Tensor held = call % 3 == 1 ? all[1] : Tensor();
    const std::vector<Tensor> got = f(std::move(all)), want = code(copies);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(values_of(got[i]), values_of(want[i]));
    if (held.defined()) {
      EXPECT_EQ(values_of(held), values_of(copies[1]));
    }
  }
}

}  // namespace
}  // namespace tenon
