#pragma once

#include <cstdint>

namespace tenon {

/// `a / b`, rounded up; both positive, or `a` 0.
constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace tenon
