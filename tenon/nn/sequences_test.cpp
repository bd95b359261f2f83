// Recurrent networks and attention as modules, held against their definitions step by step and head
// by head.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

void expect_close(const Tensor& got, const Tensor& want) {
  ASSERT_EQ(got.sizes(), want.sizes());
  const std::vector<double> a = got.to_vector<double>(), b = want.to_vector<double>();
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5) << i;
}

std::vector<std::string> names_of(const nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.named_parameters()) names.push_back(name);
  return names;
}

TEST(LSTM, IsItsCellStepByStepInBothDirections) {
  manual_seed(1);
  nn::LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true});
  EXPECT_EQ(lstm.weights().size(), 16u);
  EXPECT_EQ(names_of(lstm)[4], "weight_ih_l0_reverse");
  EXPECT_EQ(lstm.weights()[8].sizes(), (Shape{16, 8}));  // the second layer reads both directions
  EXPECT_LE(amax(abs(lstm.weights()[0])).item<float>(), 0.5);
  const Tensor x = randn({5, 2, 3}), h = randn({4, 2, 4}), c = randn({4, 2, 4});
  const auto [output, last_h, last_c] = lstm.forward(x, h, c);
  Tensor inputs = x;
  for (int64_t layer = 0; layer < 2; ++layer) {
    std::vector<Tensor> ways;
    for (int64_t way = 0; way < 2; ++way) {
      const int64_t place = layer * 2 + way;
      const auto weight = [&](size_t k) -> Tensor {
        return lstm.weights()[static_cast<size_t>(place) * 4 + k];
      };
      Tensor hidden = h[place], cell = c[place];
      std::vector<Tensor> steps(5);
      for (int64_t i = 0; i < 5; ++i) {
        const int64_t step = way == 0 ? i : 4 - i;
        std::tie(hidden, cell) =
            lstm_cell(inputs[step], hidden, cell, weight(0), weight(1), weight(2), weight(3));
        steps[static_cast<size_t>(step)] = hidden;
      }
      expect_close(last_h[place], hidden);
      expect_close(last_c[place], cell);
      ways.push_back(stack(steps));
    }
    inputs = cat(ways, -1);
  }
  expect_close(output, inputs);
}

TEST(GRU, TakesBatchesFirstAndSingleSequences) {
  manual_seed(2);
  nn::GRU gru(3, 4, {.batch_first = true});
  const Tensor x = randn({2, 5, 3});
  const auto [output, last] = gru.forward(x, {});
  EXPECT_EQ(output.sizes(), (Shape{2, 5, 4}));
  Tensor hidden = zeros({2, 4});
  for (int64_t step = 0; step < 5; ++step) {
    hidden = gru_cell(x.select(1, step), hidden, gru.weights()[0], gru.weights()[1],
                      gru.weights()[2], gru.weights()[3]);
    expect_close(output.select(1, step), hidden);
  }
  expect_close(last[0], hidden);
  const auto [single, single_last] = gru.forward(x[1], {});
  expect_close(single, output[1]);
  expect_close(single_last, last.select(1, 1));
  expect_close(gru(x), output);
}

TEST(RNN, HasBothNonlinearitiesAndMayHaveNoBias) {
  manual_seed(3);
  nn::RNNOptions options;
  options.bias = false;
  options.nonlinearity = "relu";
  nn::RNN rnn(2, 3, options);
  EXPECT_EQ(names_of(rnn), (std::vector<std::string>{"weight_ih_l0", "weight_hh_l0"}));
  const Tensor x = randn({2, 1, 2}), h = randn({1, 1, 3});
  const auto [output, last] = rnn.forward(x, h);
  Tensor hidden = h[0];
  for (int64_t step = 0; step < 2; ++step) {
    hidden = relu(matmul(x[step], rnn.weights()[0].t()) + matmul(hidden, rnn.weights()[1].t()));
    expect_close(output[step], hidden);
  }
  options.nonlinearity = "sine";
  EXPECT_MESSAGE(ValueError, "[RNN] expected 'tanh' or 'relu', got 'sine'", nn::RNN(2, 3, options));
}

TEST(LSTM, TrainsAndClones) {
  manual_seed(4);
  nn::LSTM lstm(2, 3, {.num_layers = 2, .dropout = 0.5});
  const Tensor x = randn({4, 2, 2});
  sum(lstm(x)).backward();
  for (const Tensor& parameter : lstm.parameters()) EXPECT_TRUE(parameter.grad().defined());
  lstm.eval();
  nn::LSTM twin = lstm.clone();
  expect_close(twin(x), lstm(x));
  nn::init::zeros_(lstm.weights()[0]);
  EXPECT_GT(amax(abs(twin(x) - lstm(x))).item<float>(), 1e-3);
}

TEST(LSTM, SaysWhatDoesNotFit) {
  nn::LSTM lstm(3, 4);
  EXPECT_THROW(nn::LSTM(3, 0), ValueError);
  EXPECT_THROW(nn::LSTM(3, 4, {.dropout = 2}), ValueError);
  EXPECT_MESSAGE(ShapeError,
                 "[LSTM] expected sequences [steps, batch, 3] or one [steps, 3], got [5, 2, 4]",
                 lstm(zeros({5, 2, 4})));
  EXPECT_MESSAGE(ShapeError, "[LSTM] expected a state [1, 2, 4] for x [5, 2, 3], got [1, 1, 4]",
                 lstm.forward(zeros({5, 2, 3}), zeros({1, 1, 4}), {}));
}

/// Attention head by head, of [steps, features], with weights as PyTorch lays them out.
Tensor attention_of(const nn::MultiheadAttention& layer, const Tensor& x, int64_t heads,
                    const Tensor& mask) {
  const int64_t size = x.size(1) / heads;
  std::vector<Tensor> results;
  for (int64_t head = 0; head < heads; ++head) {
    const auto part = [&](int64_t which) {
      const int64_t first = which * x.size(1) + head * size;
      return matmul(x, narrow(layer.in_proj_weight, 0, first, size).t()) +
             narrow(layer.in_proj_bias, 0, first, size);
    };
    const Tensor scores = matmul(part(0), part(1).t()) * (1 / std::sqrt(static_cast<double>(size)));
    results.push_back(matmul(softmax(scores + mask, -1), part(2)));
  }
  return layer.out_proj(cat(results, -1));
}

TEST(MultiheadAttention, IsItsHeadsSideBySide) {
  manual_seed(5);
  nn::MultiheadAttention layer(6, 2);
  nn::init::constant_(layer.in_proj_bias, 0.1);
  EXPECT_EQ(names_of(layer)[0], "in_proj_weight");
  const Tensor x = randn({4, 3, 6});
  const Tensor causal = triu(ones({4, 4}), 1) > 0;
  const Tensor padding = tensor(
      {{false, false, false, false}, {false, true, false, false}, {false, false, false, true}});
  const nn::AttentionMasks masks = {causal, padding};
  const Tensor y = layer.forward(x, x, x, masks);
  const auto [same, weights] = layer.forward_with_weights(x, x, x, masks);
  expect_close(same, y);
  expect_close(sum(weights, {-1}), ones({3, 2, 4}));
  const double infinity = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < 3; ++i) {
    const Tensor mask = where(logical_or(causal, padding[i]), full({}, -infinity), 0);
    expect_close(y.select(1, i), attention_of(layer, x.select(1, i), 2, mask));
  }
  nn::MultiheadAttention batched(6, 2, {.batch_first = true});
  batched.load_state_dict(layer.state_dict());
  expect_close(batched(transpose(x, 0, 1)), transpose(layer(x), 0, 1));
}

TEST(MultiheadAttention, TakesKeysAndValuesOfOtherSizes) {
  manual_seed(6);
  nn::MultiheadAttention layer(4, 2, {.bias = false, .kdim = 3, .vdim = 5});
  EXPECT_EQ(layer.k_proj_weight.sizes(), (Shape{4, 3}));
  EXPECT_EQ(layer.forward(randn({2, 1, 4}), randn({7, 1, 3}), randn({7, 1, 5})).sizes(),
            (Shape{2, 1, 4}));
  EXPECT_MESSAGE(
      ShapeError,
      "[MultiheadAttention] expected an attn_mask [2, 7] or [2, 2, 7], got "
      "[7, 2]",
      layer.forward(randn({2, 1, 4}), randn({7, 1, 3}), randn({7, 1, 5}), {zeros({7, 2}), {}}));
  EXPECT_MESSAGE(ShapeError, "[MultiheadAttention] expected 4 features, got [2, 1, 3]",
                 layer(randn({2, 1, 3})));
  EXPECT_THROW(nn::MultiheadAttention(6, 4), ValueError);
  EXPECT_THROW(nn::MultiheadAttention(0, 1), ValueError);
}

TEST(TransformerEncoderLayer, AddsAttentionAndAFeedForwardPart) {
  manual_seed(7);
  for (const bool norm_first : {false, true}) {
    nn::TransformerEncoderLayer layer(
        6, 2, {.dim_feedforward = 10, .activation = "gelu", .norm_first = norm_first});
    layer.eval();
    const Tensor x = randn({4, 3, 6});
    const auto feed = [&](const Tensor& t) { return layer.linear2(gelu(layer.linear1(t))); };
    Tensor want;
    if (norm_first) {
      const Tensor y = x + layer.self_attn(layer.norm1(x));
      want = y + feed(layer.norm2(y));
    } else {
      const Tensor y = layer.norm1(x + layer.self_attn(x));
      want = layer.norm2(y + feed(y));
    }
    expect_close(layer(x), want);
    layer.train();
    EXPECT_GT(amax(abs(layer(x) - want)).item<float>(), 1e-3);  // dropout
    sum(layer(x)).backward();
    for (const Tensor& parameter : layer.parameters()) EXPECT_TRUE(parameter.grad().defined());
  }
  EXPECT_EQ(names_of(nn::TransformerEncoderLayer(4, 2))[0], "self_attn.in_proj_weight");
  EXPECT_MESSAGE(ValueError, "[TransformerEncoderLayer] expected 'relu' or 'gelu', got 'tanh'",
                 nn::TransformerEncoderLayer(4, 2, {.activation = "tanh"}));
}

}  // namespace
}  // namespace tenon
