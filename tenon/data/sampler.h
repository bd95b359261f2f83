#pragma once

#include <cstdint>
#include <vector>

#include "tenon/base/export.h"

namespace tenon::data {

/// The numbers 0 ... count - 1 in an order that depends on `seed` and `epoch` alone (Fisher-Yates
/// with Philox numbers): the same on every machine.
TENON_API std::vector<int64_t> shuffled_indices(int64_t count, uint64_t seed, int64_t epoch);

}  // namespace tenon::data
