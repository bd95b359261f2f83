#pragma once

#include <cmath>

#include "tenon/tile/builder.h"

namespace tenon::optim {

/// log(beta), of which 1 - beta^t is made with more digits than of beta itself; of 0, one low
/// enough.
inline double log_of(double beta) { return beta == 0 ? -1e4 : std::log(beta); }

/// 1 - beta^step.
inline tile::Value one_minus_power(tile::TileBuilder& t, tile::Value log_beta, tile::Value step) {
  return t.neg(t.expm1(t.mul(step, log_beta)));
}

}  // namespace tenon::optim
