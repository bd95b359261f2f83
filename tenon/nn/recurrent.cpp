#include "tenon/nn/recurrent.h"

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/nn/init.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {

Recurrent::Recurrent(std::string_view name, int64_t input_size, int64_t hidden_size, int64_t gates,
                     RecurrentOptions options)
    : input_size_(input_size), hidden_size_(hidden_size), options_(options) {
  if (input_size < 1 || hidden_size < 1 || options.num_layers < 1) {
    fail<ValueError>(name, fmt::format("expected at least one feature, one hidden unit and one "
                                       "layer, got {}, {} and {}",
                                       input_size, hidden_size, options.num_layers));
  }
  if (!(options.dropout >= 0 && options.dropout <= 1)) {
    fail<ValueError>(name, fmt::format("expected a dropout in [0, 1], got {}", options.dropout));
  }
  const double bound = 1 / std::sqrt(static_cast<double>(hidden_size));
  const auto add = [&](const std::string& weight, const Shape& sizes) {
    weights_.push_back(parameter(
        weight, init::uniform_(empty(sizes, options.dtype, options.device), -bound, bound)));
  };
  const int64_t rows = gates * hidden_size;
  for (int64_t layer = 0; layer < options.num_layers; ++layer) {
    const int64_t inputs = layer == 0 ? input_size : hidden_size * (options.bidirectional ? 2 : 1);
    for (const char* direction : {"", "_reverse"}) {
      if (*direction && !options.bidirectional) continue;
      const std::string place = fmt::format("_l{}{}", layer, direction);
      add("weight_ih" + place, {rows, inputs});
      add("weight_hh" + place, {rows, hidden_size});
      if (!options.bias) continue;
      add("bias_ih" + place, {rows});
      add("bias_hh" + place, {rows});
    }
  }
}

std::string Recurrent::description() const {
  std::string text = fmt::format("{} -> {}", input_size_, hidden_size_);
  if (options_.num_layers != 1) text += fmt::format(", layers={}", options_.num_layers);
  if (!options_.bias) text += ", bias=false";
  if (options_.batch_first) text += ", batch_first";
  if (options_.dropout != 0) text += fmt::format(", dropout={}", options_.dropout);
  if (options_.bidirectional) text += ", bidirectional";
  return text;
}

Recurrent::Batch Recurrent::batch_of(const Tensor& x, std::vector<Tensor> states) const {
  if ((x.dim() != 2 && x.dim() != 3) || x.size(-1) != input_size_) {
    fail<ShapeError>(type_name(),
                     fmt::format("expected sequences [{}, {}] or one [steps, {}], got {}",
                                 options_.batch_first ? "batch, steps" : "steps, batch",
                                 input_size_, input_size_, tenon::to_string(x.sizes())));
  }
  Batch batch{x, std::move(states), x.dim() == 2};
  if (batch.is_single) batch.x = unsqueeze(x, options_.batch_first ? 0 : 1);
  const int64_t count = batch.x.size(options_.batch_first ? 0 : 1);
  const Shape expected = {options_.num_layers * (options_.bidirectional ? 2 : 1), count,
                          hidden_size_};
  for (Tensor& state : batch.states) {
    if (!state.defined()) {
      state = zeros(expected, x.dtype(), x.device());
      continue;
    }
    const Tensor given = batch.is_single && state.dim() == 2 ? unsqueeze(state, 1) : state;
    if (given.sizes() != expected) {
      fail<ShapeError>(
          type_name(),
          fmt::format("expected a state {} for x {}, got {}", tenon::to_string(expected),
                      tenon::to_string(x.sizes()), tenon::to_string(state.sizes())));
    }
    state = given;
  }
  return batch;
}

void Recurrent::unbatch(const Batch& batch, Tensor& output, std::vector<Tensor*> states) const {
  if (!batch.is_single) return;
  output = squeeze(output, {options_.batch_first ? 0 : 1});
  for (Tensor* state : states) *state = squeeze(*state, {1});
}

std::vector<Tensor> Recurrent::weight_list() const { return {weights_.begin(), weights_.end()}; }

RNN::RNN(int64_t input_size, int64_t hidden_size, RNNOptions options)
    : Recurrent("RNN", input_size, hidden_size, 1, options), relu_(options.nonlinearity == "relu") {
  if (relu_ || options.nonlinearity == "tanh") return;
  fail<ValueError>("RNN", fmt::format("expected 'tanh' or 'relu', got '{}'", options.nonlinearity));
}

Tensor RNN::forward(const Tensor& x) { return std::get<0>(forward(x, {})); }

std::tuple<Tensor, Tensor> RNN::forward(const Tensor& x, const Tensor& h) {
  const Batch batch = batch_of(x, {h});
  const RecurrentOptions& o = options();
  auto [output, last] = (relu_ ? rnn_relu : rnn_tanh)(
      batch.x, batch.states[0], weight_list(), o.bias, o.num_layers, o.dropout, is_training(),
      o.bidirectional, o.batch_first, {}, nullptr);
  unbatch(batch, output, {&last});
  return {output, last};
}

GRU::GRU(int64_t input_size, int64_t hidden_size, RecurrentOptions options)
    : Recurrent("GRU", input_size, hidden_size, 3, options) {}

Tensor GRU::forward(const Tensor& x) { return std::get<0>(forward(x, {})); }

std::tuple<Tensor, Tensor> GRU::forward(const Tensor& x, const Tensor& h) {
  const Batch batch = batch_of(x, {h});
  const RecurrentOptions& o = options();
  auto [output, last] = gru(batch.x, batch.states[0], weight_list(), o.bias, o.num_layers,
                            o.dropout, is_training(), o.bidirectional, o.batch_first);
  unbatch(batch, output, {&last});
  return {output, last};
}

LSTM::LSTM(int64_t input_size, int64_t hidden_size, RecurrentOptions options)
    : Recurrent("LSTM", input_size, hidden_size, 4, options) {}

Tensor LSTM::forward(const Tensor& x) { return std::get<0>(forward(x, {}, {})); }

std::tuple<Tensor, Tensor, Tensor> LSTM::forward(const Tensor& x, const Tensor& h,
                                                 const Tensor& c) {
  const Batch batch = batch_of(x, {h, c});
  const RecurrentOptions& o = options();
  auto [output, last_h, last_c] =
      lstm(batch.x, batch.states[0], batch.states[1], weight_list(), o.bias, o.num_layers,
           o.dropout, is_training(), o.bidirectional, o.batch_first);
  unbatch(batch, output, {&last_h, &last_c});
  return {output, last_h, last_c};
}

}  // namespace tenon::nn
