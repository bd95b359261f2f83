#pragma once

#include <cmath>
#include <cstdint>

#include "tenon/backends/cpu/factor/rotations.h"

namespace tenon::cpu {

/// Rows and columns `first` to `last` of a matrix that has a diagonal and what stands beside it,
/// numbered from the end whose element is larger: QR steps make small values first, and those
/// should come out at the other end.
struct Stretch {
  double *diagonal, *beside;
  int64_t first = -1, last = -1;
  bool upwards = false;  ///< numbered from the last row

  /// While the stretch only loses its ends, the numbers go on in the same direction.
  void move_to(int64_t new_first, int64_t new_last) {
    if (new_first > last || new_last < first) {
      upwards = std::abs(diagonal[new_first]) < std::abs(diagonal[new_last]);
    }
    first = new_first;
    last = new_last;
  }
  int64_t count() const { return last - first + 1; }
  double& d(int64_t i) const { return diagonal[upwards ? last - i : first + i]; }
  double& e(int64_t i) const { return beside[upwards ? last - i - 1 : first + i]; }

  void begin_sweep(Rotations& rows) const { rows.begin_sweep(upwards); }
  /// Of rows i and i + 1 of the stretch.
  void turn(Rotations& rows, int64_t i, const PlaneRotation& r) const {
    upwards ? rows.add(last - i - 1, r.cosine, -r.sine) : rows.add(first + i, r.cosine, r.sine);
  }
};

}  // namespace tenon::cpu
