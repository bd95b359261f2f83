#pragma once

#include "tenon/core/tensor.h"

namespace tenon::ops {

enum class RecurrentKind { kTanh, kRelu, kGru, kLstm };

/// The op's name: of one step, or of sequences.
const char* kind_name(RecurrentKind kind, bool cell);
/// How many gates the rows of its weights hold.
int64_t gates_of(RecurrentKind kind);

/// What a step hands to the next; `cell` is LSTM's alone.
struct RecurrentState {
  Tensor hidden, cell;
};

/// One step; `from_input` is w_ih x + b_ih.
RecurrentState recurrent_step(RecurrentKind kind, const Tensor& from_input,
                              const RecurrentState& state, const Tensor& w_hh, const Tensor& b_hh);

}  // namespace tenon::ops
