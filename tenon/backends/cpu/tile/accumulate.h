#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tenon/backends/cpu/tile/kernels.h"

// The state of a reduction, its start, how two states join, and the value it ends with. A state has
// kStateFields fields; field f is an array of `capacity` words of 8 bytes, one per column:
//
//   sum, product     0: the accumulator (double for the floating classes, else uint64)
//   max, min         0: the extreme, in the compute class
//   argmax, argmin   0: the extreme, 1: its position as int64, -1 before the first element
//   moments          0: mean, 1: sum of squared deviations, 2: count, as doubles
namespace tenon::cpu {

/// Sums and products of integers wrap, which in C++ unsigned numbers do.
template <class T>
using Accumulator = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <class Word>
Word* state_field(void* state, size_t field, size_t capacity) {
  return reinterpret_cast<Word*>(static_cast<char*>(state) + field * capacity * 8);
}

/// Of columns of f32 a sum is two: field 0 has doubles, field 1 what the rows since they were last
/// added to came to in floats, and field 2 begins with how many rows these are.
template <class T>
inline constexpr bool kSumsInParts = std::is_same_v<T, float>;

/// The sum of one column so far.
template <class T>
Accumulator<T> sum_of_parts(void* state, size_t column, size_t capacity) {
  Accumulator<T> sum = state_field<Accumulator<T>>(state, 0, capacity)[column];
  if constexpr (kSumsInParts<T>) {
    sum += static_cast<Accumulator<T>>(state_field<T>(state, 1, capacity)[column]);
  }
  return sum;
}

/// Whether `x` takes the place of `best` as the extreme; NaN wins, and the first NaN stays.
template <bool kMax, class T>
bool beats(T x, T best) {
  return (kMax ? x > best : x < best) || (x != x && best == best);
}

template <bool kMax, class T>
constexpr T worst() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>) return kMax ? -Limits::infinity() : Limits::infinity();
  return kMax ? Limits::lowest() : Limits::max();
}

/// Joins the moments (mean, m2, count) of two sets: Chan, Golub, LeVeque (1979).
inline void join_moments(double& mean, double& m2, double& count, double mean_b, double m2_b,
                         double count_b) {
  const double total = count + count_b;
  if (total == 0) return;
  const double delta = mean_b - mean;
  mean += delta * (count_b / total);
  m2 += m2_b + delta * delta * (count * count_b / total);
  count = total;
}

void start_reduction(tile::Op op, tile::Compute compute, void* state, size_t columns,
                     size_t capacity);
/// Joins `other`, which comes later in the row, into `state`.
void join_reduction(tile::Op op, tile::Compute compute, void* state, const void* other,
                    size_t columns, size_t capacity);
/// Writes the value of kRowSum ... kRowMean, or kRowVariance, of each column: int64 for argmax and
/// argmin, else the compute class.
void finish_reduction(tile::Op op, tile::Compute compute, const void* state, void* out,
                      size_t columns, size_t capacity);

}  // namespace tenon::cpu
