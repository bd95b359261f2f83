// What plans say about their memory, and what happens when there is too little.

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

constexpr int64_t kHuge = int64_t{1} << 41;  // elements

TEST(PlanMemory, ExplainNamesThePeakAndWhatMakesIt) {
  auto f = compile([](const Tensor& x) {
    Tensor y = matmul(x, x);
    return sum(matmul(matmul(y, y), x));
  });
  f(ones({64, 64}));
  const std::string text = f.explain();
  EXPECT_NE(text.find("memory: 32.0 KiB for intermediate results, 4 B for what is kept"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("of matmul, float32[64, 64], 16.0 KiB"), std::string::npos) << text;
}

TEST(PlanMemory, AChainIsWrittenInPlace) {
  // Steps that can't become one program: each sorts along another dim.
  auto f = compile(
      [](const Tensor& x) { return sum(cumsum(cumsum(cumsum(x * 2, 0), 1), 0)).to(kFloat64); });
  f(ones({64, 64}));
  EXPECT_NE(f.explain().find("memory: 16.0 KiB"), std::string::npos) << f.explain();
}

/// w is k itself, which a kernel copies when it writes w, maybe after it wrote g.
TEST(PlanMemory, NothingLiesOnWhatIsHandedOn) {
  const auto f = [](const Tensor& x, const Tensor& y) {
    const Tensor k = cumsum(y, 0);
    const Tensor g = sigmoid(x) * y;
    const Tensor w = ones_like(x) * k;
    return std::vector<Tensor>{cumsum(g, 0), cumsum(w, 0), sum(g * w, {-1})};
  };
  auto compiled = compile(f);
  for (const int64_t rows : {16, 3000}) {
    const Tensor x = randn({rows, 1}), y = randn({rows, 1});
    const std::vector<Tensor> want = f(x, y), got = compiled(x, y);
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_EQ(got[i].to_vector<double>(), want[i].to_vector<double>()) << "result " << i;
  }
}

/// Large steps that wait for nothing of each other run one by one, each chain to its end, so that
/// one buffer does for both.
TEST(PlanMemory, LargeChainsTakeTurns) {
  const auto chain = [](const Tensor& x) { return sum(cumsum(cumsum(x, 0), 1)); };
  auto f = compile([&](const Tensor& x) {
    return std::vector<Tensor>{chain(x * 2), chain(x * 3)};
  });
  const Tensor x = randn({512, 600});
  const std::vector<Tensor> got = f(x);
  EXPECT_EQ(got[0].item<float>(), chain(x * 2).item<float>());
  EXPECT_EQ(got[1].item<float>(), chain(x * 3).item<float>());
  EXPECT_NE(f.explain().find("memory: 1.2 MiB"), std::string::npos) << f.explain();
}

/// A limit has values made again, random ones too, to the same bits.
TEST(PlanMemory, ALimitIsMetByMakingValuesAgain) {
  const auto train = [](const CompileOptions& options, std::string& text) {
    manual_seed(5);
    const Tensor x = randn({256, 512});
    Tensor w = randn({512, 1024}) * 0.04, v = randn({1024, 512}) * 0.04;
    for (Tensor* weight : {&w, &v}) weight->requires_grad_();
    auto step = compile(
        [&] {
          for (Tensor* weight : {&w, &v}) weight->set_grad({});
          Tensor y = x;
          for (int i = 0; i < 3; ++i) {
            y = matmul(dropout(gelu(matmul(y, w)), 0.3, true), v);
          }
          const Tensor loss = mean(square(y));
          loss.backward();
          return loss;
        },
        options);
    std::vector<float> values;
    for (int i = 0; i < 2; ++i) values.push_back(step().item<float>());
    for (const Tensor* weight : {&w, &v}) {
      const std::vector<float> gradient = weight->grad().to_vector<float>();
      values.insert(values.end(), gradient.begin(), gradient.end());
    }
    text = step.explain();
    return values;
  };
  std::string free, limited;
  const std::vector<float> want = train({}, free);
  EXPECT_EQ(train({.memory_limit = size_t{12} << 20}, limited), want);
  EXPECT_EQ(free.find("made again"), std::string::npos);
  EXPECT_NE(limited.find("memory limit 12.0 MiB"), std::string::npos) << limited;
  EXPECT_NE(limited.find("made again: %"), std::string::npos) << limited;
}

/// As eager: what came before the op that gets no memory is done, and the error names that op.
TEST(PlanMemory, TooLittleShowsAtTheOpThatEagerFailsAt) {
  const Tensor one = ones({1});
  Tensor before = zeros({3}), after = zeros({3});
  auto f = compile([&] {
    before.add_(1);
    Tensor huge = exp(one.expand({kHuge}));
    after.add_(1);
    return huge;
  });
  for (int i = 1; i <= 2; ++i) {
    std::string message;
    try {
      f();
    } catch (const OutOfMemoryError& error) {
      message = error.what();
    }
    EXPECT_NE(message.find("[exp]"), std::string::npos) << message;
    EXPECT_NE(message.find("largest buffers: %"), std::string::npos) << message;
    EXPECT_NE(message.find("float32[2199023255552], 8192.0 GiB"), std::string::npos) << message;
    EXPECT_EQ(before.to_vector<float>(), std::vector<float>(3, static_cast<float>(i)));
    EXPECT_EQ(after.to_vector<float>(), std::vector<float>(3, 0));
  }
}

}  // namespace
}  // namespace tenon
