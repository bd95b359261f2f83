// What plans keep of weights: the bits of eager code at every call, whoever writes to a weight, and
// however.

#include "tenon/graph/plan/kept_weights.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tenon/core/generator.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/profile.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

/// Whether a run casts something.
bool casts(const std::function<void()>& run) {
  start_profiling();
  run();
  const auto events = stop_profiling().list;
  return std::any_of(events.begin(), events.end(), [](const ProfileEvent& event) {
    return event.category == "step" && event.name.find("to_dtype") != std::string::npos;
  });
}

constexpr int kCalls = 5;  // the last ones read what is kept

class KeptWeightsTest : public testing::Test {
 protected:
  KeptWeightsTest() { manual_seed(3); }

  /// A linear layer in mixed precision.
  Tensor forward() const {
    const InferenceMode inference;
    const Autocast autocast(kBFloat16);
    return linear(to_dtype(x_, kBFloat16), w_, b_);
  }
  /// Calls give what eager code gives.
  template <class F>
  void expect_same(F& compiled, const char* what) {
    const std::vector<float> want = forward().to_vector<float>();
    for (int i = 0; i < kCalls; ++i) {
      EXPECT_EQ(compiled().template to_vector<float>(), want) << what << ", call " << i;
    }
  }

  Tensor x_ = randn({24, 320}), w_ = randn({192, 320}), b_ = randn({192});
};

TEST_F(KeptWeightsTest, AreMadeOnce) {
  const Tensor x = to_dtype(x_, kBFloat16);
  auto narrow = compile([&] {
    const InferenceMode inference;
    const Autocast autocast(kBFloat16);
    return linear(x, w_, b_);
  });
  EXPECT_TRUE(casts([&] { narrow(); }));
  const std::vector<float> want = narrow().to_vector<float>();
  for (int i = 0; i < kCalls; ++i) narrow();
  EXPECT_FALSE(casts([&] { narrow(); }));
  EXPECT_EQ(narrow().to_vector<float>(), want);
  EXPECT_NE(narrow.explain().find("keeping its weight"), std::string::npos) << narrow.explain();
  EXPECT_NE(narrow.explain().find("kept from run to run"), std::string::npos);
  w_.mul_(0.5);
  EXPECT_TRUE(casts([&] { narrow(); }));
}

TEST_F(KeptWeightsTest, NothingIsKeptOfProductsThatRunTogether) {
  const Tensor x = randn({12, 200}), a = randn({320, 200}), b = randn({320, 200});
  const auto is_kept = [](const std::function<Tensor()>& f) {
    auto compiled = compile(f);
    for (int i = 0; i < kCalls; ++i) compiled();
    return compiled.explain().find("kept from run to run") != std::string::npos;
  };
  const InferenceMode inference;
  EXPECT_TRUE(is_kept([&] { return linear(x, a); }));
  EXPECT_FALSE(is_kept([&] { return cat({linear(x, a), linear(x, b)}); }));
}

TEST_F(KeptWeightsTest, WritesShow) {
  auto compiled = compile([&] { return forward(); });
  expect_same(compiled, "as it was");
  w_.add_(1);
  expect_same(compiled, "in place");
  w_.select(0, 3).zero_();
  expect_same(compiled, "through a view");
  w_ = randn({192, 320});
  expect_same(compiled, "another tensor");
  w_.copy_(randn({192, 320}));
  expect_same(compiled, "copied into");
  float* const data = w_.data<float>();
  expect_same(compiled, "its address is known");
  for (int i = 0; i < 3; ++i) {
    data[5] += 2;
    EXPECT_EQ(compiled().to_vector<float>(), forward().to_vector<float>()) << "by address";
  }
}

TEST_F(KeptWeightsTest, WritesBetweenAnyTwoCallsShow) {
  auto compiled = compile([&] { return forward(); });
  for (int i = 0; i < 40; ++i) {
    if (i % 7 == 6 || i % 11 == 3) w_.mul_(0.9);
    EXPECT_EQ(compiled().to_vector<float>(), forward().to_vector<float>()) << i;
  }
}

TEST_F(KeptWeightsTest, MemoryOfOthersIsNeverKept) {
  std::vector<float> memory = w_.to_vector<float>();
  w_ = from_blob(memory.data(), {192, 320});
  auto compiled = compile([&] { return forward(); });
  expect_same(compiled, "as it was");
  memory[7] = 100;
  expect_same(compiled, "written by its owner");
}

TEST_F(KeptWeightsTest, PartsOfOneStorageAreToldApart) {
  const Tensor all = randn({3, 192, 320});
  auto compiled = compile([&] { return forward(); });
  for (int i = 0; i < 12; ++i) {
    w_ = all.select(0, i / 4);
    EXPECT_EQ(compiled().to_vector<float>(), forward().to_vector<float>()) << i;
  }
}

TEST_F(KeptWeightsTest, SizesMayChange) {
  auto compiled = compile([&] { return forward(); });
  for (const int64_t rows : {24, 1, 9, 24, 64, 65, 130, 24}) {
    x_ = randn({rows, 320});
    expect_same(compiled, "rows");
  }
}

TEST_F(KeptWeightsTest, ProductsGiveTheSameBitsAsWithoutThem) {
  for (const DType dtype : {kFloat32, kBFloat16, kFloat16}) {
    for (const int64_t rows : {9, 16, 33, 64, 128}) {
      for (const auto& [columns, depth] :
           {std::pair<int64_t, int64_t>{64, 1000}, {200, 3072}, {768, 768}, {1000, 100}}) {
        const auto random = [&](IntList sizes) { return to_dtype(randn(sizes), dtype); };
        const Tensor x = random({rows, depth}), w = random({columns, depth}), b = random({columns}),
                     v = random({depth, columns});
        const auto f = [&] { return cat({linear(x, w, b), matmul(x, v)}, 0); };
        const auto want = to_dtype(f(), kFloat32).to_vector<float>();
        auto compiled = compile(f);
        for (int i = 0; i < kCalls; ++i) {
          ASSERT_EQ(to_dtype(compiled(), kFloat32).to_vector<float>(), want)
              << name_of(dtype) << " " << rows << " " << columns << " " << depth << ", call " << i;
        }
      }
    }
  }
}

TEST_F(KeptWeightsTest, ProgramsKeepThem) {
  auto predict = compile(
      [&](const Tensor& x) {
        const NoGrad no_grad;
        return linear(x, to_dtype(w_, kBFloat16));
      },
      {.pure = true});
  const Tensor x = to_dtype(x_, kBFloat16);
  for (const bool is_new : {false, true}) {
    if (is_new) w_.add_(1);
    const auto want = linear(x, to_dtype(w_, kBFloat16)).to_vector<float>();
    for (int i = 0; i < kCalls; ++i) EXPECT_EQ(predict(x).to_vector<float>(), want) << i;
    EXPECT_FALSE(casts([&] { predict(x); }));
  }
}

TEST_F(KeptWeightsTest, ProgramsThatWriteTheirWeightsSeeIt) {
  auto step = compile(
      [&](const Tensor& x) {
        const NoGrad no_grad;
        const Tensor y = linear(x, to_dtype(w_, kBFloat16));
        w_.mul_(0.5);
        return y;
      },
      {.pure = true});
  const Tensor x = to_dtype(x_, kBFloat16);
  for (int i = 0; i < kCalls; ++i) {
    const auto want = linear(x, to_dtype(w_, kBFloat16)).to_vector<float>();
    EXPECT_EQ(step(x).to_vector<float>(), want) << i;
  }
}

}  // namespace
}  // namespace tenon
