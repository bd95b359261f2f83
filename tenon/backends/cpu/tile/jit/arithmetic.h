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
  Lanes(const Mask& truth) : truth_(truth) {}

  bool empty() const { return !numbers_ && !truth_; }
  const Vec& numbers(Vectors& v);
  /// Not 0; NaN counts as true.
  const Mask& truth(Vectors& v);

 private:
  std::optional<Vec> numbers_;
  std::optional<Mask> truth_;
};

/// The result of an op that `can_compute`.
Lanes compute(Vectors& v, tile::Op op, std::span<Lanes* const> operands);

}  // namespace tenon::cpu::jit
