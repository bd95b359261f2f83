#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "tenon/core/philox.h"

// Philox words to numbers. Only additions, multiplications, divisions and square roots in a fixed
// order, no library call: the bits are the same on every instruction set and machine.
namespace tenon::cpu {

inline double uniform_of(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }
inline float uniform_of(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

/// sqrt(-2 ln u) for u in (0, 1]: fdlibm's logarithm (Sun Microsystems, 1993).
inline double gaussian_radius(double u) {
  const uint64_t bits = std::bit_cast<uint64_t>(u);
  const uint64_t exponent = (bits - 0x3fe6a09e667f3bcdu) >> 52;  // modulo 2^12: 0, or -k
  const int64_t e = static_cast<int64_t>(exponent) - (exponent > 0x7ff ? 0x1000 : 0);
  const double f = std::bit_cast<double>(bits - (static_cast<uint64_t>(e) << 52)) - 1.0;
  const double s = f / (2.0 + f), z = s * s, h = 0.5 * f * f;
  const double r =
      z * (6.666666666666735130e-01 +
           z * (3.999999999940941908e-01 +
                z * (2.857142874366239149e-01 +
                     z * (2.222219843214978396e-01 +
                          z * (1.818357216161805012e-01 +
                               z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))))));
  const double ln = static_cast<double>(e) * 0.69314718055994530942 - ((h - s * (h + r)) - f);
  return __builtin_sqrt(-2.0 * ln < 0.0 ? 0.0 : -2.0 * ln);
}

/// cos and sin of 2 pi u for u in [0, 1): fdlibm's kernels on an eighth of the circle.
inline std::pair<double, double> circle(double u) {
  const double eighths = u * 4.0 + 0.5;
  const int64_t quadrant = static_cast<int64_t>(eighths);
  const double x = (u - static_cast<double>(quadrant) * 0.25) * 6.28318530717958647692;
  const double z = x * x;
  const double sine =
      x + x * z *
              (-1.66666666666666324348e-01 +
               z * (8.33333333332248946124e-03 +
                    z * (-1.98412698298579493134e-04 +
                         z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 +
                                                                z * 1.58969099521155010221e-10)))));
  const double cosine =
      1.0 - 0.5 * z +
      z * z *
          (4.16666666666666019037e-02 +
           z * (-1.38888888888741095749e-03 +
                z * (2.48015872894767294178e-05 +
                     z * (-2.75573143513906633035e-07 +
                          z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  const bool swapped = quadrant & 1;
  const double c = swapped ? sine : cosine, s = swapped ? cosine : sine;
  return {((quadrant + 1) & 2) ? -c : c, (quadrant & 2) ? -s : s};
}

/// Two standard normal numbers: Box and Muller (1958). `u` in [0, 1) is turned round so that the
/// logarithm never sees 0.
inline std::pair<double, double> gaussian_pair(double u, double v) {
  const double radius = gaussian_radius(1.0 - u);
  const auto [c, s] = circle(v);
  return {radius * c, radius * s};
}

}  // namespace tenon::cpu
