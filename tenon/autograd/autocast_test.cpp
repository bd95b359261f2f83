#include "tenon/dispatch/autocast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

Tensor numbers(const Shape& sizes, uint64_t seed) {
  Generator generator(seed);
  return randn(sizes, kFloat32, kCpu, &generator);
}

Tensor parameter(const Shape& sizes, uint64_t seed) {
  return numbers(sizes, seed).requires_grad_();
}

/// |got - want| / |want|, as Euclidean lengths.
double relative_error(const Tensor& got, const Tensor& want) {
  const Tensor g = got.to(kFloat64), w = want.to(kFloat64);
  return norm(g - w).item<double>() / norm(w).item<double>();
}

TEST(Autocast, DTypesByPolicy) {
  const Tensor x = numbers({4, 8}, 1), w = numbers({3, 8}, 2), half = x.to(kBFloat16);
  const Autocast autocast(kBFloat16);
  EXPECT_EQ(matmul(x, w.t()).dtype(), kBFloat16);
  EXPECT_EQ(linear(x, w).dtype(), kBFloat16);
  EXPECT_EQ(conv1d(numbers({2, 3, 9}, 3), numbers({4, 3, 2}, 4)).dtype(), kBFloat16);
  EXPECT_EQ(conv2d(numbers({1, 1, 5, 5}, 3), numbers({2, 1, 3, 3}, 4)).dtype(), kBFloat16);
  EXPECT_EQ(exp(half).dtype(), kFloat32);
  EXPECT_EQ(sum(half).dtype(), kFloat32);
  EXPECT_EQ(softmax(half, 1).dtype(), kFloat32);
  EXPECT_EQ(mse_loss(half, x).dtype(), kFloat32);
  EXPECT_EQ(relu(half).dtype(), kBFloat16);
  EXPECT_EQ(relu(x).dtype(), kFloat32);
  EXPECT_EQ((half + half).dtype(), kBFloat16);
  EXPECT_EQ((half + x).dtype(), kFloat32);
  // Nothing is cast where digits would be lost that were asked for, and no integer.
  EXPECT_EQ(matmul(x.to(kFloat64), w.t()).dtype(), kFloat64);
  EXPECT_EQ(matmul(x.to(kInt64), w.t().to(kInt64)).dtype(), kInt64);
  EXPECT_EQ(matmul(complex(x, x), w.t()).dtype(), kComplex64);
}

TEST(Autocast, SumsOfProductsAreAsLargeAsFloat32) {
  // 300 * 300 is beyond float16, and a sum of 2^12 ones stops at 2^8 in bfloat16.
  const Autocast autocast(kFloat16);
  EXPECT_EQ(exp(full({1}, 10.5f, kFloat16)).dtype(), kFloat32);
  EXPECT_TRUE(std::isfinite(pow(full({1}, 300.f, kFloat16), 2).item<float>()));
  EXPECT_EQ(sum(ones({1 << 17}, kFloat16)).item<float>(), 1 << 17);
}

TEST(Autocast, WritingInPlaceKeepsTheDType) {
  Tensor half = ones({4}, kBFloat16), wide = ones({4});
  const Autocast autocast(kBFloat16);
  half.exp_();
  wide.add_(half);
  EXPECT_EQ(half.dtype(), kBFloat16);
  EXPECT_EQ(wide.dtype(), kFloat32);
}

TEST(Autocast, GradientsOfParametersAreFloat32AndNearThose) {
  const Tensor x = numbers({32, 64}, 1);
  const auto gradients = [&](bool enabled) {
    Tensor w1 = parameter({48, 64}, 2), b1 = parameter({48}, 3), w2 = parameter({10, 48}, 4);
    Tensor loss;
    {
      const Autocast autocast(kBFloat16, enabled);
      loss = log_softmax(linear(relu(linear(x, w1, b1)), w2), 1).mean();
    }
    loss.backward();
    return std::vector<Tensor>{w1.grad(), b1.grad(), w2.grad()};
  };
  const std::vector<Tensor> low = gradients(true), full = gradients(false);
  for (size_t i = 0; i < low.size(); ++i) {
    EXPECT_EQ(low[i].dtype(), kFloat32);
    const double error = relative_error(low[i], full[i]);
    EXPECT_LT(error, 0.03) << i;
    EXPECT_GT(error, 1e-5) << i << ": as exact as float32, so nothing ran in bfloat16";
  }
}

TEST(Autocast, BackwardRunsInTheDTypesOfForwardWhereverItIsCalled) {
  const Tensor x = numbers({8, 8}, 1);
  const auto gradient = [&](bool inside) {
    Tensor w = parameter({8, 8}, 2);
    auto autocast = std::make_unique<Autocast>(kBFloat16);
    const Tensor loss = sum(square(exp(linear(x, w) * 0.1)));
    if (!inside) autocast.reset();
    loss.backward();
    return w.grad().to_vector<float>();
  };
  EXPECT_EQ(gradient(true), gradient(false));
}

TEST(Autocast, NestsAndIsRestoredByExceptions) {
  EXPECT_FALSE(is_autocast_enabled());
  const Tensor x = ones({2, 2});
  {
    const Autocast outer(kBFloat16);
    {
      const Autocast inner(kFloat16);
      EXPECT_EQ(matmul(x, x).dtype(), kFloat16);
      const Autocast off(kFloat16, false);
      EXPECT_FALSE(is_autocast_enabled());
      EXPECT_EQ(matmul(x, x).dtype(), kFloat32);
    }
    EXPECT_EQ(matmul(x, x).dtype(), kBFloat16);
    EXPECT_THROW(matmul(x, ones({3})), ShapeError);  // within an op
    EXPECT_EQ(matmul(x, x).dtype(), kBFloat16);
    try {
      const Autocast off(kBFloat16, false);
      throw std::runtime_error("a user's");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(matmul(x, x).dtype(), kBFloat16);
    std::thread([&] { EXPECT_EQ(matmul(x, x).dtype(), kFloat32); }).join();
  }
  EXPECT_EQ(matmul(x, x).dtype(), kFloat32);
  EXPECT_MESSAGE(DTypeError, "[Autocast] expected bfloat16 or float16, got float32",
                 Autocast(kFloat32));
  EXPECT_FALSE(is_autocast_enabled());
}

TEST(Autocast, AParameterIsCastOnceForEachOfItsVersions) {
  Tensor w = full({2, 2}, 1.f).requires_grad_();
  const Tensor x = ones({2, 2});
  const Autocast autocast(kBFloat16);
  Tensor first = matmul(x, w);
  EXPECT_EQ(first.to_vector<float>(), std::vector<float>(4, 2));
  {
    const NoGrad no_grad;
    w.fill_(3);
  }
  EXPECT_EQ(matmul(x, w).to_vector<float>(), std::vector<float>(4, 6));
  {
    const Autocast other(kFloat16);
    EXPECT_EQ(matmul(x, w).dtype(), kFloat16);
  }
  // A value that was cast without recording, or in inference mode, is recorded where it is wanted.
  Tensor v = full({2, 2}, 1.f).requires_grad_();
  {
    const NoGrad no_grad;
    EXPECT_FALSE(matmul(x, v).requires_grad());
  }
  sum(matmul(x, v)).backward();
  EXPECT_EQ(v.grad().to_vector<float>(), std::vector<float>(4, 2));
  Tensor u = full({2, 2}, 1.f).requires_grad_();
  {
    const InferenceMode inference;
    matmul(x, u);
  }
  sum(matmul(x, u)).backward();
  EXPECT_EQ(u.grad().to_vector<float>(), std::vector<float>(4, 2));
}

TEST(Autocast, UsesOfOneParameterAddUpOverSeveralBackwards) {
  Tensor w = full({4, 4}, 0.25f).requires_grad_();
  const Autocast autocast(kBFloat16);
  const Tensor x = ones({1, 4});
  for (int pass = 1; pass <= 3; ++pass) {  // one region, so the same cast
    sum(matmul(matmul(x, w), w)).backward();
    EXPECT_EQ(w.grad().to_vector<float>(), std::vector<float>(16, 2.f * pass));
  }
}

TEST(Autocast, SecondGradients) {
  Tensor x = numbers({3, 4}, 1).requires_grad_(), w = parameter({4, 4}, 2);
  const Autocast autocast(kBFloat16);
  const Tensor loss = sum(square(matmul(x, w)));
  const std::vector<Tensor> first = grad({loss}, {x}, {}, {.create_graph = true});
  EXPECT_EQ(first[0].dtype(), kFloat32);
  sum(square(first[0])).backward();
  EXPECT_EQ(w.grad().dtype(), kFloat32);
  EXPECT_TRUE(std::isfinite(sum(w.grad()).item<float>()));
}

TEST(Autocast, CheckpointsRecomputeAsTheForwardCallDid) {
  const auto gradient = [&](bool checkpointed) {
    Tensor x = numbers({4, 8}, 1).requires_grad_(), w = parameter({8, 8}, 2);
    const auto layer = [&](const std::vector<Tensor>& inputs) {
      return sum(exp(matmul(inputs[0], inputs[1]) * 0.1));
    };
    Tensor loss;
    {
      const Autocast autocast(kBFloat16);
      const std::vector<Tensor> inputs{x, w};
      loss = checkpointed ? checkpoint(layer, inputs) : layer(inputs);
    }
    loss.backward();
    return w.grad().to_vector<float>();
  };
  EXPECT_EQ(gradient(true), gradient(false));
}

TEST(Autocast, OnMetaGivesTheSameDTypes) {
  const Tensor x = zeros({4, 8}, kFloat32, kMeta), w = zeros({8, 2}, kFloat32, kMeta);
  const Autocast autocast(kBFloat16);
  EXPECT_EQ(matmul(x, w).dtype(), kBFloat16);
  EXPECT_EQ(softmax(matmul(x, w), 1).dtype(), kFloat32);
}

}  // namespace
}  // namespace tenon
