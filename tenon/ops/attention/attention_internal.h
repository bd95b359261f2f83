#pragma once

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Of query [..., L, e], key [..., S, e] and value [..., S, ev]; ShapeError where they don't go
/// together.
void check_attention_operands(const Tensor& query, const Tensor& key, const Tensor& value);

/// [L, S], true where query i may look at key j: j <= i.
Tensor causal_mask(const Tensor& query, const Tensor& key);

}  // namespace tenon::ops
