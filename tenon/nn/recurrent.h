#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "tenon/nn/module.h"

/// Recurrent networks over whole sequences, [steps, batch, features].
namespace tenon::nn {

struct RecurrentOptions {
  int64_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;    ///< sequences are [batch, steps, features]
  double dropout = 0;          ///< of what goes from a layer to the next, in training mode
  bool bidirectional = false;  ///< each layer goes both ways, and gives both results side by side
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// What recurrent networks have in common: weights of each layer and direction, by PyTorch's names
/// (`weight_ih_l0`, `weight_hh_l0_reverse`), uniform within 1 / sqrt(hidden_size) at first.
///
/// States are [num_layers (x 2 where bidirectional), batch, hidden_size]; an undefined one counts
/// as zeros. A single sequence [steps, features] has states without the batch.
class TENON_API Recurrent : public Module {
 public:
  std::string description() const override;

  /// Of each layer and direction weight_ih, weight_hh and, where there are biases, bias_ih,
  /// bias_hh.
  const std::vector<Parameter>& weights() const { return weights_; }

 protected:
  /// Throws ValueError for sizes below 1 and a dropout outside [0, 1]. `gates` is how many times
  /// hidden_size the weights have rows.
  Recurrent(std::string_view name, int64_t input_size, int64_t hidden_size, int64_t gates,
            RecurrentOptions options);

  /// A batch of sequences and of states.
  struct Batch {
    Tensor x;
    std::vector<Tensor> states;
    bool is_single;  ///< it was one sequence
  };
  /// Throws ShapeError where sizes don't fit the network.
  Batch batch_of(const Tensor& x, std::vector<Tensor> states) const;
  /// What was given for a single sequence: without the batch.
  void unbatch(const Batch& batch, Tensor& output, std::vector<Tensor*> states) const;
  std::vector<Tensor> weight_list() const;
  const RecurrentOptions& options() const { return options_; }

 private:
  int64_t input_size_, hidden_size_;
  RecurrentOptions options_;
  std::vector<Parameter> weights_;
};

struct RNNOptions : RecurrentOptions {
  std::string nonlinearity = "tanh";  ///< or "relu"
};

/// h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or with relu for tanh, in layers.
class TENON_API RNN : public Recurrent {
 public:
  /// Throws ValueError for another nonlinearity, too.
  RNN(int64_t input_size, int64_t hidden_size, RNNOptions options = {});
  /// The output of the last layer at each step.
  Tensor forward(const Tensor& x) override;
  /// (output, last state).
  std::tuple<Tensor, Tensor> forward(const Tensor& x, const Tensor& h);

 private:
  bool relu_;
};

/// Gated recurrent units in layers: Cho et al. 2014.
class TENON_API GRU : public Recurrent {
 public:
  GRU(int64_t input_size, int64_t hidden_size, RecurrentOptions options = {});
  /// The output of the last layer at each step.
  Tensor forward(const Tensor& x) override;
  /// (output, last state).
  std::tuple<Tensor, Tensor> forward(const Tensor& x, const Tensor& h);
};

/// Long short-term memory in layers: Hochreiter and Schmidhuber 1997.
class TENON_API LSTM : public Recurrent {
 public:
  LSTM(int64_t input_size, int64_t hidden_size, RecurrentOptions options = {});
  /// The output of the last layer at each step.
  Tensor forward(const Tensor& x) override;
  /// (output, last hidden state, last cell state).
  std::tuple<Tensor, Tensor, Tensor> forward(const Tensor& x, const Tensor& h, const Tensor& c);
};

}  // namespace tenon::nn
