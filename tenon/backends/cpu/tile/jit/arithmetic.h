#pragma once

#include <optional>
#include <span>

#include "tenon/backends/cpu/tile/jit/vectors.h"

namespace tenon::cpu::jit {

/// A value of a program in one vector's worth of elements: numbers, or a truth that stands for 0
/// and 1 and becomes numbers only where they are asked for.
class Lanes {
 public:
  Lanes() = default;
  Lanes(const Vec& numbers) : numbers_(numbers) {}
  /// The same constant in all lanes.
  Lanes(const Vec& numbers, float constant) : numbers_(numbers), constant_(constant) {}
  Lanes(const Mask& truth) : truth_(truth) {}

  bool empty() const { return !numbers_ && !truth_; }
  const Vec& numbers(Vectors& v);
  /// Not 0; NaN counts as true.
  const Mask& truth(Vectors& v);
  /// Whether it is known to be no NaN.
  bool is_number() const { return constant_ && *constant_ == *constant_; }

 private:
  std::optional<Vec> numbers_;
  std::optional<Mask> truth_;
  std::optional<float> constant_;
};

/// The result of an op that `can_compute`.
Lanes compute(Vectors& v, tile::Op op, std::span<Lanes* const> operands);

}  // namespace tenon::cpu::jit
