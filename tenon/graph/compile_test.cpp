// Compiled functions against the same code run eagerly, over many calls: control flow, state,
// views, writes.

#include "tenon/graph/compile.h"

#include <gtest/gtest.h>

#include <thread>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/graph/compile_test_internal.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(Compile, TheSameOpsMakeOnePlan) {
  const CompileCounters counters = expect_same([] {
    return [](int) {
      const Tensor x = randn({4, 5}), y = randn({5});
      return numbers_of({x * y + x});
    };
  });
  EXPECT_EQ(counters.plans, 1);
  EXPECT_EQ(counters.calls, 12);
}

TEST(Compile, BranchesOnData) {
  const CompileCounters counters = expect_same([] {
    return [](int i) {
      Tensor x = full({3}, static_cast<double>(i % 3) - 1);
      if (sum(x).item<float>() > 0) {
        x = x * 2;
      } else if (x.index({0}).item<float>() < 0) {
        x = exp(x);
      }
      return numbers_of({x, x + 1});
    };
  });
  EXPECT_LE(counters.plans, 8);
}

TEST(Compile, LoopsThatReadDontGrowTheTree) {
  auto collatz = [](int i) {
    Tensor x = full({}, static_cast<double>(i + 1));
    int steps = 0;
    while (x.item<double>() != 1) {
      x = remainder(x, 2.0).item<double>() == 0 ? x / 2 : x * 3 + 1;
      ++steps;
    }
    return Numbers{static_cast<double>(steps)};
  };
  const CompileCounters counters = expect_same([&] { return collatz; }, 40);
  EXPECT_LE(counters.plans, 12);
}

TEST(Compile, ClosuresAndHyperParametersThatChange) {
  const CompileCounters counters = expect_same([] {
    return [rate = 1.0, offset = Tensor(Scalar(0.5))](int i) mutable {
      rate *= 0.9;
      if (i == 5) offset = full({2}, 3.0);
      return numbers_of({ones({2}) * rate + offset, clamp(ones({2}) * 10, 0.0, 5.0 + i)});
    };
  });
  // A number, a tensor made in the call, a tensor of an earlier call.
  EXPECT_LE(counters.plans, 3);
}

TEST(Compile, StateKeptBetweenCalls) {
  expect_same([] {
    return [state = zeros({3}), previous = Tensor()](int i) mutable {
      state.add_(full({3}, 1.0 + i));
      Tensor result = previous.defined() ? previous + state : state * 2;
      previous = result;
      return i % 4 == 3 ? numbers_of({state, previous}) : Numbers{};
    };
  });
}

TEST(Compile, WritesThroughViews) {
  expect_same([] {
    return [](int i) {
      Tensor x = arange(0.0, 12.0).reshape({3, 4}) * (i + 1);
      Tensor row = x[1], column = x.index({Slice(), 2}), before = x + 0;
      row.mul_(10);
      column.add_(row.sum());
      x.t().index({0}).fill_(-1);
      return numbers_of({x, row, column, before, x.t().reshape({2, 6})});
    };
  });
}

TEST(Compile, IndicesWithoutDimsAreNumbers) {
  expect_same([] {
    return [](int i) {
      const Tensor x = arange(24).reshape({2, 3, 4}) * 1.0, place = remainder(tensor(i), 3);
      x.index({Slice(), place}).mul_(-1);  // a view, of a place that was deferred
      x.index_put_({0, place + 0}, full({1, 1, 4}, 9.0));
      x.index_put_({tensor(1), Slice(1, 3), argmin(place)}, tensor({5.0, 6.0}));
      return numbers_of({x, x.index({-1, place - 3, tensor({0, 2})})});
    };
  });
}

TEST(Compile, ViewsOfArgumentsAreWritten) {
  expect_same([] {
    return [x = arange(0.0, 6.0)](int i) mutable {
      const Tensor half = x.index({Slice(0, 3)}), other = x.index({Slice(3, 6)});
      half.add_(other);
      other.mul_(0.5);
      return i % 2 ? numbers_of({x}) : numbers_of({half});
    };
  });
}

TEST(Compile, WhereAWriteGoesIsPartOfTheStream) {
  expect_same([] {
    return [a = zeros({3}), b = zeros({3})](int i) mutable {
      a.add_(1.0);
      b.add_(1.0);
      (i % 2 ? a : b).fill_(5.0 + i);
      a.add_(b);
      return numbers_of({a, b});
    };
  });
}

TEST(Compile, ResultsInTheSizesOfAnyInput) {
  expect_same([] {
    return [](int i) {
      const Tensor x = arange(0.0, 6.0).reshape({2, 3}), one = full({}, 2.0 + i);
      const Tensor column = x.t()[1], empty = zeros({0, 3});
      return numbers_of({one * x, x * one + one, column * column, one * column, x.t() * one,
                         full({1, 1}, 3.0) * full({1}, 2.0), full({1}, 3.0) * full({1, 1}, 2.0),
                         empty * one, column.to(kFloat64) * one, x.to(kInt32) * one});
    };
  });
}

TEST(Compile, ViewsOfArgumentsThatHaveMoreDims) {
  const auto f = [](const Tensor& row) { return row * 2 + exp(row); };
  auto compiled = compile(f);
  for (const Tensor& base : {arange(6.0), ones({2, 3, 2}), arange(6.0), ones({2, 1, 3, 2})}) {
    Tensor row = base;
    while (row.dim() > 1) row = row[0];
    EXPECT_EQ(numbers_of({compiled(row)}), numbers_of({f(row)}));
  }
}

TEST(Compile, OverlappingViewsOfOneArgument) {
  expect_same([] {
    return [](int) {
      const Tensor base = arange(0.0, 8.0);
      const auto shift = [](const Tensor& a, const Tensor& b) { a.add_(b * 2); };
      shift(base.index({Slice(0, 7)}), base.index({Slice(1, 8)}));
      shift(base, base);
      return numbers_of({base});
    };
  });
}

TEST(Compile, ViewsThatOutliveTheCall) {
  Tensor kept;
  auto make = compile([&](double value) { kept = full({4, 2}, value).t()[1]; });
  make(3);
  EXPECT_EQ(kept.to_vector<double>(), (Numbers{3, 3, 3, 3}));
  const Tensor first = kept;
  make(4);
  EXPECT_EQ(first.to_vector<double>(), (Numbers{3, 3, 3, 3}));
  EXPECT_EQ(kept.to_vector<double>(), (Numbers{4, 4, 4, 4}));
}

TEST(Compile, AnArgumentIsTheResult) {
  auto same = compile([](const Tensor& x) { return x; });
  const Tensor x = ones({2});
  EXPECT_TRUE(same(x).is_same(x));
  auto passes = compile([](const Tensor& a, const Tensor& b) { return a * b; });
  EXPECT_EQ(passes(x, x).to_vector<double>(), (Numbers{1, 1}));
  EXPECT_EQ(passes(x, full({2}, 3.0)).to_vector<double>(), (Numbers{3, 3}));
}

TEST(Compile, RandomNumbersAndReseeding) {
  expect_same([] {
    return [](int i) {
      Tensor x = rand({3});
      if (i % 4 == 2) manual_seed(static_cast<uint64_t>(i));
      return numbers_of({x, randn({2}), dropout(ones({8}), 0.5), randint(0, 100, {4})});
    };
  });
}

TEST(Compile, Gradients) {
  const CompileCounters counters = expect_same([] {
    return
        [w = full({3, 2}, 0.5).requires_grad_(), b = zeros({2}).requires_grad_()](int i) mutable {
          const Tensor x = randn({5, 3}), y = randn({5, 2});
          const Tensor loss = mean(square(tanh(matmul(x, w) + b) - y));
          loss.backward();
          Numbers result = i % 3 == 0 ? numbers_of({loss}) : Numbers{};
          NoGrad no_grad;
          if (i % 2) {
            w.sub_(w.grad() * (0.1 / (i + 1)));
            b.sub_(b.grad() * 0.1);
            w.set_grad({});
            b.set_grad({});
          }
          return numbers_of({w, b});
        };
  });
  EXPECT_LE(counters.plans, 8);
}

TEST(Compile, SecondGradientsHooksAndCustomModes) {
  expect_same([] {
    return [x = full({3}, 0.7).requires_grad_()](int i) mutable {
      const Tensor y = sum(exp(x) * x);
      if (i % 2) {
        const int64_t hook = x.register_hook([](const Tensor& g) { return g * 2; });
        y.backward();
        x.remove_hook(hook);
        const Tensor grad = x.grad();
        x.set_grad({});
        return numbers_of({grad});
      }
      const std::vector<Tensor> first = grad({y}, {x}, {}, {.create_graph = true});
      const std::vector<Tensor> second = grad({sum(first[0] * first[0])}, {x});
      return numbers_of({first[0], second[0]});
    };
  });
}

TEST(Compile, ValuesThatChangePlaces) {
  expect_same([] {
    return [a = arange(0.0, 3.0), b = ones({3})](int) mutable {
      const Tensor old_a = a.clone();
      a.copy_(b);
      b.copy_(old_a);
      return numbers_of({a, b});
    };
  });
}

TEST(Compile, ACopyOfWhatIsOverwrittenAfterwards) {
  expect_same([] {
    return [a = arange(1.0, 4.0)](int) mutable {
      const Tensor old = a.clone();
      a.add_(old);
      return numbers_of({old.slice(0, 0, 3).clone(), a, old});  // the copy is made last
    };
  });
}

TEST(Compile, AValueThatIsFusedAndReadLaterOn) {
  expect_same([] {
    return [x = arange(0.0, 12.0).reshape({4, 3})](int) {
      const Tensor same = full({4, 3}, 2.0);
      const Tensor rows = sum(x * same, {1});
      return numbers_of({rows, matmul(same, x.t())});
    };
  });
}

TEST(Compile, ShapesThatChange) {
  const CompileCounters counters = expect_same(
      [] {
        return [](int i) {
          const Tensor x = ones({i + 2, 3}) * 2, y = ones({3, i + 2});
          return numbers_of({sum(matmul(x, y)), x.reshape({-1}), softmax(y, 0)});
        };
      },
      40);
  EXPECT_LE(counters.plans, 3);
}

TEST(Compile, SizesThatBecomeOneOrZero) {
  expect_same([] {
    return [](int i) {
      const Tensor x = ones({i % 4, 3}), row = arange(0.0, 3.0).reshape({1, 3});
      return numbers_of({x + row, sum(x, {0}), sum(x * row), row.expand({i % 4, 3}) * 2});
    };
  });
}

TEST(Compile, DTypesAndLayoutsThatChange) {
  expect_same([] {
    return [](int i) {
      Tensor x = arange(0.0, 6.0).reshape({2, 3}).to(i % 3 == 0   ? kFloat64
                                                     : i % 3 == 1 ? kFloat32
                                                                  : kInt32);
      if (i % 2) x = x.t();
      return numbers_of({x * 2, x.reshape({6}), sum(x, {0}), x.to(kFloat16) + 1});
    };
  });
}

TEST(Compile, SizesThatDependOnData) {
  expect_same([] {
    return [](int i) {
      const Tensor x = arange(0.0, 6.0) - i % 4;
      const Tensor positive = masked_select(x, x > 0);
      return numbers_of({positive * 2, nonzero(x)});
    };
  });
}

TEST(Compile, OneInsideAnother) {
  expect_same([] {
    auto inner = std::make_shared<Compiled<Tensor (*)(const Tensor&)>>(
        +[](const Tensor& x) { return x * 2 + 1; });
    return [inner](int i) {
      const Tensor x = full({2}, static_cast<double>(i));
      return numbers_of({(*inner)((*inner)(x)) - x});
    };
  });
}

TEST(Compile, Recursion) {
  struct Program {
    static Tensor power(const Tensor& x, int n) {
      return n == 0 ? ones_like(x) : n % 2 ? x * power(x, n - 1) : square(power(x, n / 2));
    }
  };
  expect_same([] { return [](int i) { return numbers_of({Program::power(full({2}, 1.1), i)}); }; });
}

TEST(Compile, SeveralThreadsAtOnce) {
  auto f = compile([](const Tensor& x) { return sum(exp(x) * x); });
  std::vector<std::thread> threads;
  std::vector<double> got(4);
  for (size_t t = 0; t < got.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) got[t] = f(full({3}, static_cast<double>(t))).item<double>();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < got.size(); ++t) {
    const Tensor x = full({3}, static_cast<double>(t));
    EXPECT_EQ(got[t], sum(exp(x) * x).item<double>());
  }
}

TEST(Compile, AThreadThatEndsDropsWhatItWasGiven) {
  auto f = compile([](const Tensor& x) {
    Tensor y = x + 1;
    std::thread([z = y] {}).join();
    std::thread([z = x * 3] {}).join();
    return y;
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f(ones({2})).to_vector<double>(), (Numbers{2, 2}));
}

TEST(Compile, DataPointersSeeWhatWasDeferred) {
  auto f = compile([](const Tensor& x) {
    const Tensor y = x + 1;
    const float seen = *y.data<float>();
    x.data<float>()[0] = 100;
    return y * seen + x;
  });
  EXPECT_EQ(f(ones({1})).item<float>(), 104);
  EXPECT_EQ(f(ones({1})).item<float>(), 104);
}

TEST(Compile, AFunctionThatIsAlwaysNewRunsEagerly) {
  const CompileCounters counters = expect_same(
      [] {
        return [](int i) {
          Tensor x = ones({2});
          for (int k = 0; k < 20; ++k) x = (7919 * i >> k) % 2 ? x * 0.5 : x + 1.0;
          return numbers_of({x});
        };
      },
      100);
  EXPECT_EQ(counters.calls, 100);
  EXPECT_GT(counters.eager_calls, 30);
}

TEST(Compile, AnotherThreadsTensorsAreRefusedWhileTheyHaveNoData) {
  auto f = compile([](const Tensor& x) {
    const Tensor pending = x + 1;
    int refused = 0;
    std::thread([&] {
      try {
        pending + pending;
      } catch (const ValueError&) {
        ++refused;
      }
      try {
        matmul(pending, pending);
      } catch (const ValueError&) {
        ++refused;
      }
      try {
        x.add_(pending);
      } catch (const ValueError&) {
        ++refused;
      }
      try {
        compile([&] { return sum(pending); })();
      } catch (const ValueError&) {
        ++refused;
      }
    }).join();
    return refused;
  });
  EXPECT_EQ(f(ones({2, 2})), 4);
  EXPECT_EQ(f(ones({2, 2})), 4);
}

TEST(Compile, ManyShapesAreBounded) {
  auto f = compile([](const Tensor& x) { return sum(x * 2); });
  for (int64_t i = 1; i < 3000; ++i) EXPECT_EQ(f(ones({i})).item<double>(), 2.0 * i);
  EXPECT_LE(f.counters().plans, 2);
}

TEST(Compile, LongStreamsWithoutReads) {
  expect_same(
      [] {
        return [](int i) {
          Tensor x = ones({3});
          for (int k = 0; k < 3000 * (i + 1); ++k) x = x + 0.5;
          return numbers_of({x});
        };
      },
      4);
}

/// Slices of one tensor at other places are other numbers, not other sizes.
TEST(Compile, OffsetsMoveFromCallToCall) {
  const CompileCounters counters = expect_same(
      [] {
        const Tensor all = randn({200, 6}), w = randn({6, 3});
        return [all, w, sum = zeros({8, 3})](int i) {
          const Tensor part = all.narrow(0, 2 * i, 8), columns = all.narrow(1, i % 3, 3);
          sum.add_(matmul(part, w));
          all.narrow(0, 3 * i, 2).mul_(0.5);
          return numbers_of({exp(part), sum, cumsum(part, 0), mean(columns, {0}), all});
        };
      },
      60);
  EXPECT_EQ(counters.plans, 1);
}

TEST(Compile, ExplainsRunsAndMisses) {
  Tensor x = ones({3, 2});
  const Tensor w = ones({2});
  bool negative = false;
  auto f = compile([&](const Tensor& bias) {
    Tensor y = negative ? neg(x) : exp(x);
    if (sum(y).item<float>() > 1e6f) return y;
    return y * w + bias;
  });
  const auto miss = [&](const Tensor& bias) {
    f(bias);
    const std::string text = f.explain();
    const size_t at = text.find("last miss: ");
    return at == text.npos ? "" : text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(miss(zeros({2})), "");
  EXPECT_EQ(miss(zeros({2})), "");
  EXPECT_GT(f.counters().compile_ms, 0);
  EXPECT_NE(f.explain().find("2 plans made in "), std::string::npos) << f.explain();
  EXPECT_NE(f.explain().find("after sum, because of a tensor that is read: plan of 2 ops"),
            std::string::npos)
      << f.explain();
  EXPECT_NE(f.explain().find("after add, because of the end of the call: plan of 2 ops"),
            std::string::npos);
  EXPECT_EQ(miss(zeros({2}, kFloat64)),
            "last miss: call 3, run 2, op 2: add's input 1 is float64, it was float32");
  f(zeros({2}));
  negative = true;
  EXPECT_EQ(miss(zeros({2})), "last miss: call 5, run 1, op 1: neg came, it was exp");
  x = ones({2});
  EXPECT_EQ(miss(zeros({2})), "last miss: call 6, run 1, op 1: neg's input 0 has 1 dims, it had 2");
}

/// Bindings know the lines of their language.
TEST(Compile, ExplainsWhereCallsComeFrom) {
  graph::set_caller_place([] { return std::string("a.py:3"); });
  auto f = compile([](const Tensor& x) { return sum(x * x); });
  for (int i = 0; i < 2; ++i) f(ones({2}));
  f(ones({2}, kFloat64));
  graph::set_caller_place(nullptr);
  EXPECT_NE(f.explain().find("because of the end of the call at a.py:3: plan"), std::string::npos);
  EXPECT_NE(f.explain().find("last miss: call 3, run 1, op 1, a.py:3: mul's input 0 is float64"),
            std::string::npos)
      << f.explain();
}

}  // namespace
}  // namespace tenon
