// Recurrent networks over whole sequences: rnn_tanh, rnn_relu, gru, lstm. The products of all time
// steps' inputs are one product; the rest goes step by step.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/recurrent/cells_internal.h"

namespace tenon::ops {
namespace {

struct Options {
  RecurrentKind kind;
  bool has_biases;
  int64_t layers;
  double dropout;
  bool training, bidirectional, batch_first;
  IntList batch_sizes;
  Generator* generator;

  const char* call() const { return kind_name(kind, false); }
  int64_t directions() const { return bidirectional ? 2 : 1; }
  bool packed() const { return !batch_sizes.empty(); }
};

/// Of one layer and direction.
struct Weights {
  const Tensor &w_ih, &w_hh;
  Tensor b_ih, b_hh;
};

Weights weights_of(const Options& options, TensorList weights, int64_t number) {
  const size_t each = options.has_biases ? 4 : 2, first = static_cast<size_t>(number) * each;
  Weights result{weights[first], weights[first + 1], {}, {}};
  if (options.has_biases) {
    result.b_ih = weights[first + 2];
    result.b_hh = weights[first + 3];
  }
  return result;
}

void check_batch_sizes(const Options& options, const Tensor& x) {
  const IntList sizes = options.batch_sizes;
  const bool falls = std::is_sorted(sizes.begin(), sizes.end(), std::greater<>());
  int64_t total = 0;
  for (const int64_t size : sizes) total += std::clamp<int64_t>(size, 0, x.size(0) + 1);
  if (falls && sizes[sizes.size() - 1] >= 1 && total == x.size(0)) return;
  fail<ValueError>(options.call(), fmt::format("expected batch_sizes that fall from step to step, "
                                               "are at least 1 and add up to the {} rows of x, got "
                                               "{}",
                                               x.size(0), to_string(sizes)));
}

void check_weights(const Options& options, const Tensor& x, const Tensor& hx, TensorList weights) {
  const int64_t count = options.layers * options.directions() * (options.has_biases ? 4 : 2);
  if (options.layers < 1 || static_cast<int64_t>(weights.size()) != count) {
    fail<ValueError>(options.call(),
                     fmt::format("{} layers in {} directions take {} weights, got {}",
                                 options.layers, options.directions(), count, weights.size()));
  }
  const int64_t hidden = hx.size(-1), rows = gates_of(options.kind) * hidden;
  for (int64_t k = 0; k < options.layers * options.directions(); ++k) {
    const Weights w = weights_of(options, weights, k);
    const int64_t in = k < options.directions() ? x.size(-1) : hidden * options.directions();
    if (w.w_ih.sizes() == Shape{rows, in} && w.w_hh.sizes() == Shape{rows, hidden}) continue;
    fail<ShapeError>(options.call(),
                     fmt::format("expected w_ih {} and w_hh {} for layer {}, got {} and {}",
                                 to_string(Shape{rows, in}), to_string(Shape{rows, hidden}),
                                 k / options.directions(), to_string(w.w_ih.sizes()),
                                 to_string(w.w_hh.sizes())));
  }
}

/// `state` is hx or cx: [layers directions, n, hidden].
void check_state(const Options& options, const char* name, const Tensor& state, const Tensor& x) {
  const int64_t n = options.packed() ? options.batch_sizes[0] : x.size(1);
  const int64_t stacked = options.layers * options.directions();
  if (state.dim() == 3 && state.size(0) == stacked && state.size(1) == n) return;
  fail<ShapeError>(options.call(), fmt::format("expected {} of [{}, {}, hidden], got {}", name,
                                               stacked, n, to_string(state.sizes())));
}

RecurrentState rows_of(const RecurrentState& state, int64_t begin, int64_t end) {
  const auto cut = [&](const Tensor& t) {
    return t.defined() ? narrow(t, 0, begin, end - begin) : Tensor();
  };
  return {cut(state.hidden), cut(state.cell)};
}

RecurrentState joined(const std::vector<RecurrentState>& parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<Tensor> hidden, cell;
  for (const RecurrentState& part : parts) {
    hidden.push_back(part.hidden);
    if (part.cell.defined()) cell.push_back(part.cell);
  }
  return {cat(hidden, 0), cell.empty() ? Tensor() : cat(cell, 0)};
}

/// The steps of one layer in one direction. Of packed sequences, step t has those that are longer
/// than t, the longest first.
class Steps {
 public:
  Steps(const Options& options, const Weights& weights, const Tensor& x)
      : options_(options),
        weights_(weights),
        from_inputs_(linear(x, weights.w_ih, weights.b_ih)),
        count_(options.packed() ? static_cast<int64_t>(options.batch_sizes.size()) : x.size(0)) {}

  /// Leaves the last state of each sequence in `state`; the results of all steps.
  Tensor run(RecurrentState& state, bool reverse) {
    std::vector<Tensor> outputs(static_cast<size_t>(count_));
    if (options_.packed()) {
      reverse ? run_packed_backward(state, outputs) : run_packed(state, outputs);
      return cat(outputs, 0);
    }
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t t = reverse ? count_ - 1 - i : i;
      state = step(select(from_inputs_, 0, t), state);
      outputs[static_cast<size_t>(t)] = state.hidden;
    }
    return stack(outputs, 0);
  }

 private:
  RecurrentState step(const Tensor& from_input, const RecurrentState& state) const {
    return recurrent_step(options_.kind, from_input, state, weights_.w_hh, weights_.b_hh);
  }
  int64_t rows(int64_t t) const { return options_.batch_sizes[static_cast<size_t>(t)]; }

  void run_packed(RecurrentState& state, std::vector<Tensor>& outputs) const {
    std::vector<RecurrentState> finished;
    int64_t first = 0;
    for (int64_t t = 0; t < count_; ++t) {
      if (t > 0 && rows(t) < rows(t - 1)) {
        finished.insert(finished.begin(), rows_of(state, rows(t), rows(t - 1)));
        state = rows_of(state, 0, rows(t));
      }
      state = step(narrow(from_inputs_, 0, first, rows(t)), state);
      outputs[static_cast<size_t>(t)] = state.hidden;
      first += rows(t);
    }
    finished.insert(finished.begin(), state);
    state = joined(finished);
  }

  void run_packed_backward(RecurrentState& state, std::vector<Tensor>& outputs) const {
    const RecurrentState initial = state;
    int64_t first = from_inputs_.size(0), running = 0;
    for (int64_t t = count_ - 1; t >= 0; --t) {
      if (rows(t) > running) {
        const RecurrentState begun = rows_of(initial, running, rows(t));
        state = running == 0 ? begun : joined({state, begun});
        running = rows(t);
      }
      first -= running;
      state = step(narrow(from_inputs_, 0, first, running), state);
      outputs[static_cast<size_t>(t)] = state.hidden;
    }
  }

  const Options& options_;
  const Weights& weights_;
  Tensor from_inputs_;
  int64_t count_;
};

struct Result {
  Tensor output;
  RecurrentState last;
};

/// `x` is [length, n, in], or [rows, in] of packed sequences.
Result run_layers(const Options& options, Tensor x, const RecurrentState& first,
                  TensorList weights) {
  std::vector<Tensor> hidden, cell;
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    std::vector<Tensor> outputs;
    for (int64_t direction = 0; direction < options.directions(); ++direction) {
      const int64_t number = layer * options.directions() + direction;
      const Weights own = weights_of(options, weights, number);
      RecurrentState state{select(first.hidden, 0, number),
                           first.cell.defined() ? select(first.cell, 0, number) : Tensor()};
      outputs.push_back(Steps(options, own, x).run(state, direction == 1));
      hidden.push_back(state.hidden);
      if (state.cell.defined()) cell.push_back(state.cell);
    }
    x = outputs.size() == 1 ? outputs[0] : cat(outputs, -1);
    if (options.dropout > 0 && layer + 1 < options.layers) {
      x = dropout(x, options.dropout, options.training, options.generator);
    }
  }
  return {x, {stack(hidden, 0), cell.empty() ? Tensor() : stack(cell, 0)}};
}

Result run(const Options& options, const Tensor& x, const Tensor& hx, const Tensor& cx,
           TensorList weights) {
  const bool one = !options.packed() && x.dim() == 2;
  const int64_t expected = options.packed() ? 2 : 3;
  if (x.dim() != expected && !one) {
    fail<ShapeError>(options.call(),
                     fmt::format("expected x [length, n, in], one sequence [length, in], or rows "
                                 "[rows, in] with batch_sizes, got {}",
                                 to_string(x.sizes())));
  }
  if (one) {
    const auto of_one = [](const Tensor& state) {
      return state.defined() && state.dim() == 2 ? unsqueeze(state, 1) : state;
    };
    Options plain = options;
    plain.batch_first = false;
    Result result = run(plain, unsqueeze(x, 1), of_one(hx), of_one(cx), weights);
    const auto squeezed = [](const Tensor& t) { return t.defined() ? squeeze(t, {1}) : t; };
    return {squeezed(result.output), {squeezed(result.last.hidden), squeezed(result.last.cell)}};
  }
  const bool turned = options.batch_first && !options.packed();
  const Tensor steps = turned ? transpose(x, 0, 1) : x;
  if (options.packed()) check_batch_sizes(options, x);
  if (!options.packed() && steps.size(0) == 0) {
    fail<ShapeError>(options.call(), "expected sequences of at least one step");
  }
  check_state(options, "hx", hx, steps);
  if (cx.defined() && cx.sizes() != hx.sizes()) {
    fail<ShapeError>(options.call(), fmt::format("expected hx and cx of the same sizes, got {} and "
                                                 "{}",
                                                 to_string(hx.sizes()), to_string(cx.sizes())));
  }
  check_weights(options, steps, hx, weights);
  Result result = run_layers(options, steps, {hx, cx}, weights);
  if (turned) result.output = transpose(result.output, 0, 1);
  return result;
}

template <RecurrentKind K>
void define_plain(OpDef& op) {
  op.accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& hx, TensorList weights, bool has_biases,
                  int64_t num_layers, double dropout, bool training, bool bidirectional,
                  bool batch_first, IntList batch_sizes,
                  Generator* generator) -> std::tuple<Tensor, Tensor> {
        const Options options{K,           has_biases,  num_layers,
                              dropout,     training,    bidirectional,
                              batch_first, batch_sizes, generator};
        Result result = run(options, x, hx, {}, weights);
        return {result.output, result.last.hidden};
      });
}

/// Sequences of 3 numbers for networks of 2 units: two layers of both directions, batch first; one
/// layer of packed sequences; one sequence by itself.
std::vector<Sample> sequence_samples(RecurrentKind kind) {
  const int64_t rows = gates_of(kind) * 2;
  const auto sample = [&](Shape x, Shape state, int64_t layers, bool both, bool batch_first,
                          Shape batch_sizes, bool has_biases) {
    Sample result{{sample_tensor(x, -1, 1), sample_tensor(state, -1, 1, 2)}, {}};
    if (kind == RecurrentKind::kLstm) result.inputs.push_back(sample_tensor(state, -1, 1, 3));
    const int64_t directions = both ? 2 : 1;
    for (int64_t k = 0; k < layers * directions; ++k) {
      const auto seed = static_cast<uint64_t>(10 + 4 * k);
      const int64_t in = k < directions ? 3 : 2 * directions;
      result.inputs.push_back(sample_tensor({rows, in}, -1, 1, seed));
      result.inputs.push_back(sample_tensor({rows, 2}, -1, 1, seed + 1));
      if (!has_biases) continue;
      result.inputs.push_back(sample_tensor({rows}, -1, 1, seed + 2));
      result.inputs.push_back(sample_tensor({rows}, -1, 1, seed + 3));
    }
    result.attributes = {Attribute(has_biases),  Attribute(layers), Attribute(0.0),
                         Attribute(true),        Attribute(both),   Attribute(batch_first),
                         Attribute(batch_sizes), Attribute()};
    return result;
  };
  return {sample({2, 4, 3}, {4, 2, 2}, 2, true, true, {}, true),
          sample({6, 3}, {2, 3, 2}, 1, true, false, {3, 2, 1}, true),
          sample({4, 3}, {1, 2}, 1, false, false, {}, false)};
}

}  // namespace

void define_rnn_tanh(OpDef& op) {
  define_plain<RecurrentKind::kTanh>(op);
  op.doc(
        "rnn_tanh_cell over sequences: (output, h) of `x` [length, n, in] ([n, length, in] with "
        "`batch_first`, or one sequence [length, in]) and the first state `hx` [num_layers "
        "directions, n, hidden]. `weights` holds w_ih, w_hh and, with `has_biases`, b_ih, b_hh of "
        "each layer and direction in turn. `output` [length, n, directions hidden] is the last "
        "layer's state at all steps, `h` the last state of each layer and direction. With "
        "`bidirectional` each layer also goes from the end, and its results lie side by side. "
        "Between layers, elements are dropped with probability `dropout` when training. Packed "
        "sequences, the longest first, are rows [rows, in] with the number of them at each step in "
        "`batch_sizes`. ShapeError and ValueError where arguments don't go together.")
      .samples([] { return sequence_samples(RecurrentKind::kTanh); });
}

void define_rnn_relu(OpDef& op) {
  define_plain<RecurrentKind::kRelu>(op);
  op.doc("rnn_relu_cell over sequences; see rnn_tanh.").samples([] {
    return sequence_samples(RecurrentKind::kRelu);
  });
}

void define_gru(OpDef& op) {
  define_plain<RecurrentKind::kGru>(op);
  op.doc("gru_cell over sequences; see rnn_tanh.").samples([] {
    return sequence_samples(RecurrentKind::kGru);
  });
}

void define_lstm(OpDef& op) {
  op.doc(
        "lstm_cell over sequences: (output, h, c); see rnn_tanh. `cx` has the sizes of `hx`, and "
        "`c` those of `h`.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& hx, const Tensor& cx, TensorList weights,
                  bool has_biases, int64_t num_layers, double dropout, bool training,
                  bool bidirectional, bool batch_first, IntList batch_sizes,
                  Generator* generator) -> std::tuple<Tensor, Tensor, Tensor> {
        const Options options{RecurrentKind::kLstm, has_biases,  num_layers,  dropout,  training,
                              bidirectional,        batch_first, batch_sizes, generator};
        Result result = run(options, x, hx, cx, weights);
        return {result.output, result.last.hidden, result.last.cell};
      })
      .samples([] { return sequence_samples(RecurrentKind::kLstm); });
}

}  // namespace tenon::ops
