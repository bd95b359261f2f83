// Networks of convolutions compute the same eager and compiled, with and without the passes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tenon/graph/compile.h"
#include "tenon/tenon.h"

namespace tenon {
namespace {

/// The sizes of a network of convolutions.
struct Network {
  int64_t n, first, second, third, size, stride = 1, padding = 0;
  bool pool_first = false;
};

/// The loss and all gradients of a step, one after the other.
struct NetworkStep {
  Network s;
  bool half = false;
  Tensor x, w1, b1, w2, b2, w3, weights;

  explicit NetworkStep(const Network& sizes, bool in_halves) : s(sizes), half(in_halves) {
    manual_seed(11);
    x = randn({s.n, s.first, s.size, s.size});
    w1 = randn({s.second, s.first, 3, 3}) * 0.3;
    b1 = randn({s.second});
    w2 = randn({s.third, s.second, 3, 3}) * 0.1;
    b2 = randn({s.third});
    w3 = randn({s.third, s.third, 1, 1}) * 0.1;
    for (Tensor* tensor : {&w1, &b1, &w2, &b2, &w3}) *tensor = tensor->detach();
    for (Tensor* tensor : {&x, &w1, &b1, &w2, &b2, &w3}) tensor->requires_grad_();
  }

  std::vector<Tensor> operator()() const {
    Tensor y;
    {
      const Autocast autocast(kBFloat16, half);
      y = relu(conv2d(x, w1, b1, {s.stride}, {s.padding}));
      if (s.pool_first) y = max_pool2d(y, {2}, {2});
      y = relu(conv2d(y, w2, b2, {1}, {1}));
      y = max_pool2d(relu(conv2d(y, w3)), {2}, {2});
    }
    const Tensor loss = mean(square(y.to(kFloat32)));
    std::vector<Tensor> results = grad({loss}, {x, w1, b1, w2, b2, w3});
    results.push_back(loss.detach());
    return results;
  }
};

void expect_close(const std::vector<Tensor>& got, const std::vector<Tensor>& want,
                  double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double most = amax(abs(want[i])).item<double>();
    EXPECT_GT(most, 0) << "tensor " << i;
    EXPECT_LE(amax(abs(got[i] - want[i])).item<double>(), tolerance * most) << "tensor " << i;
  }
}

std::vector<std::vector<std::string>> choices_of_passes() {
  std::vector<std::vector<std::string>> without = {{}, {"convolutions"}, compile_passes()};
  without.push_back(compile_passes());
  std::erase(without.back(), "convolutions");
  return without;
}

template <class Compiled>
std::string graph_texts(const Compiled& compiled) {
  std::string text;
  for (const graph::Graph& graph : compiled.graphs()) text += graph.to_text();
  return text;
}

void check_network(const Network& network) {
  SCOPED_TRACE(testing::Message() << network.n << " images, " << network.first << ", "
                                  << network.second << ", " << network.third << " channels");
  for (const bool half : {false, true}) {
    const NetworkStep step(network, half);
    const std::vector<Tensor> want = step();
    for (const std::vector<std::string>& without : choices_of_passes()) {
      auto compiled = compile(step, {.without_passes = without});
      // Halves are rounded in other places: relu and pooling join a convolution before its result
      // is stored, but what is stored is the same; sums of gradients differ by their order.
      for (int i = 0; i < 2; ++i) expect_close(compiled(), want, half ? 0.03 : 1e-4);
      const bool joins = std::find(without.begin(), without.end(), "convolutions") == without.end();
      const std::string text = graph_texts(compiled);
      for (const char* title : {"conv2d_block(", "conv2d_block_pool(",
                                "conv2d_block_backward_input(", "conv2d_block_backward_weight("}) {
        EXPECT_EQ(text.find(title) != std::string::npos, joins) << title;
      }
    }
  }
}

TEST(CompiledConvolutions, AgreeWithEager) {
  check_network({4, 1, 32, 64, 14});
  check_network({17, 3, 16, 32, 9, 1, 1});
  check_network({2, 16, 16, 16, 12, 2, 1});
  check_network({3, 2, 5, 7, 10});                // no whole blocks
  check_network({6, 1, 16, 16, 15, 1, 0, true});  // a pooled first convolution
  check_network({1, 32, 48, 32, 26});
}

/// Convolutions with batch norm in eval mode, whose numbers change from call to call.
TEST(CompiledConvolutions, FoldBatchNormInInference) {
  manual_seed(4);
  nn::Sequential model{nn::Conv2d(3, 16, 3), nn::BatchNorm2d(16),
                       nn::ReLU(),           nn::Conv2d(16, 32, 3, {.bias = false}),
                       nn::BatchNorm2d(32),  nn::ReLU(),
                       nn::MaxPool2d(2),     nn::Conv2d(32, 8, 1),
                       nn::BatchNorm2d(8)};
  const Tensor x = randn({5, 3, 14, 13});
  model(x);  // moves the running statistics
  model.eval();
  double eps = 1e-5;
  // Filters with their channels last, as Keras has them.
  const Tensor filters = permute(randn({3, 3, 3, 4}), {3, 2, 0, 1}), mean = randn({4}),
               variance = rand({4});
  const auto f = [&] {
    const InferenceMode inference;
    const Tensor plain = conv2d(x, filters);
    return std::vector<Tensor>{model(x),
                               batch_norm(plain, mean, variance, {}, {}, false, 0.1, eps)};
  };
  auto compiled = compile(f), without = compile(f, {.without_passes = {"convolutions"}});
  // What is folded is kept from the third call with the same numbers on.
  for (int i = 0; i < 15; ++i) {
    const std::vector<Tensor> want = f();
    expect_close(compiled(), want, 1e-5);
    expect_close(without(), want, 1e-5);
    if (i == 6) eps *= 100;
    if (i != 2 && i != 11) continue;
    const NoGrad no_grad;
    for (Tensor buffer : model.buffers()) {
      if (is_floating(buffer.dtype())) buffer.mul_(1.5);
    }
  }
  EXPECT_NE(compiled.explain().find("kept from run to run"), std::string::npos);
  const std::string text = graph_texts(compiled);
  EXPECT_EQ(text.find("batch_norm_inference"), std::string::npos) << text;
  EXPECT_NE(text.find("conv2d_block_pool("), std::string::npos) << text;
}

/// Images and filters with channels last, as Keras has them, through layers that want them first.
struct ChannelsLast {
  Tensor w1, w2, w3;

  ChannelsLast() {
    manual_seed(6);
    w1 = (randn({3, 3, 2, 16}) * 0.3).detach().requires_grad_();
    w2 = (randn({3, 3, 16, 32}) * 0.1).detach().requires_grad_();
    w3 = (randn({32, 5}) * 0.1).detach().requires_grad_();
  }

  static Tensor first(const Tensor& x) { return permute(x, {0, 3, 1, 2}); }
  static Tensor last(const Tensor& x) { return permute(x, {0, 2, 3, 1}); }

  std::vector<Tensor> operator()(const Tensor& x) const {
    Tensor y = relu(last(conv2d(first(x), permute(w1, {3, 2, 0, 1}), {}, {1}, {1})));
    y = last(max_pool2d(first(y), {2}, {2}));
    y = relu(last(conv2d(first(y), permute(w2, {3, 2, 0, 1}), {}, {1}, {1})));
    const Tensor branch = last(conv2d(first(y), ones({32, 32, 1, 1})));
    y = last(max_pool2d(first(relu(y + branch)), {2}, {2}));
    y = matmul(reshape(y, {-1, 32}), w3);
    const Tensor loss = tenon::mean(square(y));
    std::vector<Tensor> results = grad({loss}, {w1, w2, w3});
    results.push_back(loss.detach());
    return results;
  }
};

TEST(CompiledConvolutions, LeaveImagesAsTheyLieWithChannelsLast) {
  const ChannelsLast step;
  auto compiled = compile(step), without = compile(step, {.without_passes = {"dim-order"}});
  // One image, and images of one place, have dims whose strides say nothing.
  for (const auto& [n, size] : {std::pair(5, 12), std::pair(1, 12), std::pair(5, 4),
                                std::pair(1, 4), std::pair(7, 13), std::pair(5, 12)}) {
    SCOPED_TRACE(testing::Message() << n << " images of " << size);
    const Tensor x = randn({n, size, size, 2});
    const std::vector<Tensor> want = step(x);
    expect_close(compiled(x), want, 1e-4);
    expect_close(without(x), want, 1e-4);
  }
  EXPECT_NE(graph_texts(compiled).find("conv2d_block_pool("), std::string::npos);
  EXPECT_EQ(graph_texts(without).find("conv2d_block_pool("), std::string::npos);
}

/// A residual network's block with batch norm over the batch, and one that halves the images.
TEST(CompiledConvolutions, TrainResidualBlocks) {
  manual_seed(8);
  const auto block_of = [](int64_t in, int64_t out, int64_t stride) {
    return nn::Sequential{
        nn::Conv2d(in, out, 3, {.stride = {stride}, .padding = {1}, .bias = false}),
        nn::BatchNorm2d(out), nn::ReLU(), nn::Conv2d(out, out, 3, {.padding = {1}, .bias = false}),
        nn::BatchNorm2d(out)};
  };
  nn::Sequential first = block_of(32, 32, 1), second = block_of(32, 160, 2),
                 down{nn::Conv2d(32, 160, 1, {.stride = {2}, .bias = false}), nn::BatchNorm2d(160)};
  std::vector<Tensor> parameters;
  for (nn::Module* module : {&first, &second, &down}) {
    for (const Tensor& parameter : module->parameters()) parameters.push_back(parameter);
  }
  const Tensor x = randn({4, 32, 9, 8});
  const auto step = [&] {
    Tensor y = relu(first(x) + x);
    y = relu(second(y) + down(y));
    const Tensor loss = tenon::mean(square(y));
    std::vector<Tensor> results = grad({loss}, parameters);
    results.push_back(loss.detach());
    return results;
  };
  const std::vector<Tensor> want = step();
  for (const std::vector<std::string>& without : choices_of_passes()) {
    auto compiled = compile(step, {.without_passes = without});
    for (int i = 0; i < 2; ++i) expect_close(compiled(), want, 1e-4);
  }
}

TEST(CompiledConvolutions, PlanAnewWhereTheOrderOfDimsChanges) {
  manual_seed(2);
  const Tensor x = randn({3, 4, 5, 5});
  std::vector<int64_t> there = {0, 2, 3, 1}, back = {0, 3, 1, 2};
  const auto f = [&] { return exp(permute(relu(permute(square(x) - 1, there)), back)); };
  auto compiled = compile(f);
  for (int i = 0; i < 4; ++i) {
    const Tensor want = f();
    EXPECT_TRUE(all(eq(compiled(), want)).item<bool>());
    // The same sizes in another order of strides.
    there = i % 2 == 0 ? std::vector<int64_t>{0, 3, 2, 1} : std::vector<int64_t>{0, 2, 3, 1};
    back = i % 2 == 0 ? std::vector<int64_t>{0, 3, 2, 1} : std::vector<int64_t>{0, 3, 1, 2};
  }
}

TEST(CompiledConvolutions, PlanAnewWhereTheWindowOfAPoolingChanges) {
  manual_seed(2);
  const Tensor x = randn({4, 16, 9, 9}), w = randn({16, 16, 3, 3});
  int64_t kernel = 2;
  const auto f = [&] { return max_pool2d(relu(conv2d(x, w)), {kernel}, {2}, {kernel / 3}); };
  auto compiled = compile(f);
  for (const int64_t now : {2, 3, 2, 3}) {
    kernel = now;
    const Tensor want = f(), got = compiled();
    ASSERT_EQ(got.sizes(), want.sizes());
    EXPECT_LE(amax(abs(got - want)).item<float>(), 1e-4f);
  }
}

TEST(CompiledConvolutions, KeepNaN) {
  manual_seed(2);
  Tensor x = randn({4, 16, 8, 8});
  const Tensor w = randn({16, 16, 3, 3});
  x.data<float>()[100] = std::nanf("");
  const auto f = [&] { return max_pool2d(relu(conv2d(x, w)), {2}, {2}); };
  const Tensor want = f();
  auto compiled = compile(f);
  const Tensor got = compiled();
  EXPECT_GT(sum(isnan(want)).item<int64_t>(), 0);
  EXPECT_TRUE(all(eq(isnan(want), isnan(got))).item<bool>());
}

}  // namespace
}  // namespace tenon
