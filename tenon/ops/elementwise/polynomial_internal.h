#pragma once

#include <span>

#include "tenon/ops/define.h"

namespace tenon::ops {

/// coefficients[0] + x (coefficients[1] + x (...)), by Horner's rule. There is at least one.
inline Value polynomial(TileBuilder& t, Value x, std::span<const double> coefficients) {
  Value sum = t.constant(coefficients.back());
  for (size_t i = coefficients.size() - 1; i-- > 0;) {
    sum = t.add(t.mul(sum, x), t.constant(coefficients[i]));
  }
  return sum;
}
inline Value polynomial(TileBuilder& t, Value x, std::initializer_list<double> coefficients) {
  return polynomial(t, x, std::span<const double>(coefficients.begin(), coefficients.size()));
}

/// The sum of coefficient k times T_k(x), by Clenshaw's recurrence.
inline Value chebyshev(TileBuilder& t, Value x, std::span<const double> coefficients) {
  const Value twice = t.add(x, x);
  Value next = t.constant(0), after = next;
  for (size_t k = coefficients.size() - 1; k > 0; --k) {
    const Value now = t.add(t.sub(t.mul(twice, next), after), t.constant(coefficients[k]));
    after = next;
    next = now;
  }
  return t.add(t.sub(t.mul(x, next), after), t.constant(coefficients[0]));
}

}  // namespace tenon::ops
