#pragma once

#include <algorithm>

#include "tenon/dispatch/host_numbers_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

/// Which program fills a tensor of `dtype` with `value`, which it must hold. Bools are computed
/// with as whole numbers, of which a fraction would be 0: they have programs of their own, 1 for
/// false and 2 for true.
inline int filled_variant(std::string_view call, IntList sizes, DType dtype, const Scalar& value) {
  // A real number by itself rounds, to infinity too, as everywhere; a tensor full of what its dtype
  // can't hold is a mistake.
  const bool rounds = std::ranges::count(sizes, 1) == std::ssize(sizes) &&
                      is_differentiable(dtype) && !value.is_complex();
  if (!rounds) check_holds(call, value, dtype);
  return dtype != kBool ? 0 : value.to_bool() ? 2 : 1;
}

/// The program of `filled_variant`; the op's only number is the value.
inline void store_filled(TileBuilder& t, int variant) {
  t.store(0, variant == 0 ? t.scalar(0) : t.constant(variant - 1));
}

}  // namespace tenon::ops
