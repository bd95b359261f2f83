#pragma once

#include "tenon/ops/define.h"

namespace tenon::ops {

/// Which program fills a tensor of `dtype` with `value`. Bools are computed with as whole numbers,
/// of which a fraction would be 0: they have programs of their own, 1 for false and 2 for true.
inline int filled_variant(DType dtype, const Scalar& value) {
  return dtype != kBool ? 0 : value.to_bool() ? 2 : 1;
}

/// The program of `filled_variant`; the op's only number is the value.
inline void store_filled(TileBuilder& t, int variant) {
  t.store(0, variant == 0 ? t.scalar(0) : t.constant(variant - 1));
}

}  // namespace tenon::ops
