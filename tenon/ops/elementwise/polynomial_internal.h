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

}  // namespace tenon::ops
