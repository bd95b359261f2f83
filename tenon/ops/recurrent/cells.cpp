// One step of a recurrent network: rnn_tanh_cell, rnn_relu_cell, gru_cell, lstm_cell.

#include "tenon/ops/define.h"
#include "tenon/ops/recurrent/cells_internal.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon::ops {
namespace {

void check_cell(const char* call, const Tensor& x, const Tensor& hx, const Tensor& w_ih,
                const Tensor& w_hh, int64_t gates) {
  const bool fits = hx.dim() >= 1 && x.dim() == hx.dim() && w_ih.dim() == 2 && w_hh.dim() == 2 &&
                    w_ih.size(0) == gates * hx.size(-1) && w_ih.size(1) == x.size(-1) &&
                    w_hh.size(0) == gates * hx.size(-1) && w_hh.size(1) == hx.size(-1);
  if (fits) return;
  fail<ShapeError>(
      call, fmt::format("expected x [n, in], hx [n, hidden], w_ih [{0} hidden, in] and "
                        "w_hh [{0} hidden, hidden], got {1}, {2}, {3} and {4}",
                        gates, to_string(x.sizes()), to_string(hx.sizes()), to_string(w_ih.sizes()),
                        to_string(w_hh.sizes())));
}

/// Gate `k` of a row of several.
Tensor gate(const Tensor& gates, int64_t k, int64_t hidden) {
  return narrow(gates, -1, k * hidden, hidden);
}

std::vector<Sample> cell_samples(int64_t gates, bool has_cell) {
  std::vector<Sample> samples;
  for (const bool has_biases : {true, false}) {
    const auto bias = [&](uint64_t seed) {
      return has_biases ? sample_tensor({gates * 2}, -1, 1, seed) : Tensor();
    };
    Sample sample{{sample_tensor({3, 4}, -1, 1), sample_tensor({3, 2}, -1, 1, 2)}, {}};
    if (has_cell) sample.inputs.push_back(sample_tensor({3, 2}, -1, 1, 3));
    sample.inputs.push_back(sample_tensor({gates * 2, 4}, -1, 1, 4));
    sample.inputs.push_back(sample_tensor({gates * 2, 2}, -1, 1, 5));
    sample.inputs.push_back(bias(6));
    sample.inputs.push_back(bias(7));
    samples.push_back(sample);
  }
  return samples;
}

template <RecurrentKind K>
void define_plain_cell(OpDef& op) {
  op.accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                  const Tensor& b_ih, const Tensor& b_hh) -> Tensor {
        check_cell(kind_name(K, true), x, hx, w_ih, w_hh, gates_of(K));
        return recurrent_step(K, linear(x, w_ih, b_ih), {hx, {}}, w_hh, b_hh).hidden;
      })
      .samples([] { return cell_samples(gates_of(K), false); });
}

}  // namespace

const char* kind_name(RecurrentKind kind, bool cell) {
  switch (kind) {
    case RecurrentKind::kTanh:
      return cell ? "rnn_tanh_cell" : "rnn_tanh";
    case RecurrentKind::kRelu:
      return cell ? "rnn_relu_cell" : "rnn_relu";
    case RecurrentKind::kGru:
      return cell ? "gru_cell" : "gru";
    default:
      return cell ? "lstm_cell" : "lstm";
  }
}

int64_t gates_of(RecurrentKind kind) {
  return kind == RecurrentKind::kLstm ? 4 : kind == RecurrentKind::kGru ? 3 : 1;
}

RecurrentState recurrent_step(RecurrentKind kind, const Tensor& from_input,
                              const RecurrentState& state, const Tensor& w_hh, const Tensor& b_hh) {
  const Tensor from_state = linear(state.hidden, w_hh, b_hh);
  const int64_t hidden = state.hidden.size(-1);
  if (kind == RecurrentKind::kTanh) return {tanh(from_input + from_state), {}};
  if (kind == RecurrentKind::kRelu) return {relu(from_input + from_state), {}};
  if (kind == RecurrentKind::kGru) {
    const Tensor first = narrow(from_input, -1, 0, 2 * hidden);
    const Tensor gates = sigmoid(first + narrow(from_state, -1, 0, 2 * hidden));
    const Tensor reset = gate(gates, 0, hidden), update = gate(gates, 1, hidden);
    const Tensor news = tanh(gate(from_input, 2, hidden) + reset * gate(from_state, 2, hidden));
    return {news + update * (state.hidden - news), {}};
  }
  const Tensor gates = from_input + from_state;
  const Tensor input = sigmoid(gate(gates, 0, hidden)), forget = sigmoid(gate(gates, 1, hidden));
  const Tensor news = tanh(gate(gates, 2, hidden)), output = sigmoid(gate(gates, 3, hidden));
  const Tensor cell = forget * state.cell + input * news;
  return {output * tanh(cell), cell};
}

void define_rnn_tanh_cell(OpDef& op) {
  define_plain_cell<RecurrentKind::kTanh>(op);
  op.doc(
      "One step of an Elman network: tanh(w_ih x + b_ih + w_hh hx + b_hh), for `x` [n, in], `hx` "
      "[n, hidden], `w_ih` [hidden, in] and `w_hh` [hidden, hidden], or one `x` [in] and `hx` "
      "[hidden]. ShapeError where sizes don't go together.");
}

void define_rnn_relu_cell(OpDef& op) {
  define_plain_cell<RecurrentKind::kRelu>(op);
  op.doc("rnn_tanh_cell with max(y, 0) in the place of tanh(y).");
}

void define_gru_cell(OpDef& op) {
  define_plain_cell<RecurrentKind::kGru>(op);
  op.doc(
      "One step of a gated recurrent unit (Cho et al. 2014): h' = (1 - z) n + z hx, with r = "
      "sigmoid(W_ir x + b_ir + W_hr hx + b_hr), z likewise, and n = tanh(W_in x + b_in + r (W_hn "
      "hx "
      "+ b_hn)). `x` is [n, in], `hx` [n, hidden]; `w_ih` [3 hidden, in] and `w_hh` [3 hidden, "
      "hidden] hold the rows of r, z and n. ShapeError where sizes don't go together.");
}

void define_lstm_cell(OpDef& op) {
  op.doc(
        "One step of long short-term memory (Hochreiter and Schmidhuber 1997): c' = f c + i g and "
        "h' = o tanh(c'), with i, f, o = sigmoid(W x + b + W' hx + b') and g = tanh of the same. "
        "`x` is [n, in], `hx` and `cx` [n, hidden]; `w_ih` [4 hidden, in] and `w_hh` [4 hidden, "
        "hidden] hold the rows of i, f, g and o. ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& hx, const Tensor& cx, const Tensor& w_ih,
                  const Tensor& w_hh, const Tensor& b_ih,
                  const Tensor& b_hh) -> std::tuple<Tensor, Tensor> {
        check_cell("lstm_cell", x, hx, w_ih, w_hh, 4);
        if (cx.sizes() != hx.sizes()) {
          fail<ShapeError>("lstm_cell", fmt::format("expected hx and cx of the same sizes, got {} "
                                                    "and {}",
                                                    to_string(hx.sizes()), to_string(cx.sizes())));
        }
        const RecurrentState next =
            recurrent_step(RecurrentKind::kLstm, linear(x, w_ih, b_ih), {hx, cx}, w_hh, b_hh);
        return {next.hidden, next.cell};
      })
      .samples([] { return cell_samples(4, true); });
}

}  // namespace tenon::ops
