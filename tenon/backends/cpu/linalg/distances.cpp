#include "tenon/backends/cpu/linalg/distances.h"

#include <algorithm>
#include <cstddef>

#include "tenon/backends/cpu/linalg/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/distances.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/linalg/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

// So many terms are added in lanes before they go to a second sum: rounding grows with the length
// of a run and the number of runs, not with their product.
constexpr int64_t kRun = 128;
constexpr int64_t kVectors = 2;  // of a panel's rows
constexpr int kRows = 4;         // at once: eight sums hide the latency of the multiply-add

/// panel[p, j] = b_j[p] of `cols` rows of b; the rest of the panel's `width` columns is zeros.
template <class T>
void turn_rows(const T* b, int64_t k, int64_t cols, int64_t width, T* HWY_RESTRICT panel) {
  for (int64_t j = 0; j < cols; ++j) {
    for (int64_t p = 0; p < k; ++p) panel[p * width + j] = b[j * k + p];
  }
  for (int64_t j = cols; j < width; ++j) {
    for (int64_t p = 0; p < k; ++p) panel[p * width + j] = T(0);
  }
}

/// Distances of kR rows of a to the columns of a panel.
template <class T, int kR>
HWY_INLINE void distance_tile(int64_t k, const T* HWY_RESTRICT a, const T* HWY_RESTRICT panel,
                              int64_t cols, T* HWY_RESTRICT y, int64_t y_row_stride) {
  const Tag<T> d;
  const int64_t width = kVectors * lanes<T>();
  hn::Vec<Tag<T>> total[kR][kVectors], sum[kR][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kR; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) total[i][v] = sum[i][v] = hn::Zero(d);
  }
  for (int64_t first = 0; first < k; first += kRun) {
    const int64_t last = std::min(first + kRun, k);
    for (int64_t p = first; p < last; ++p) {
      hn::Vec<Tag<T>> right[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        right[v] = hn::LoadU(d, panel + p * width + v * lanes<T>());
      }
#pragma GCC unroll 8
      for (int i = 0; i < kR; ++i) {
        const auto left = hn::Set(d, a[i * k + p]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
          const auto difference = hn::Sub(left, right[v]);
          sum[i][v] = hn::MulAdd(difference, difference, sum[i][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kR; ++i) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        total[i][v] = hn::Add(total[i][v], sum[i][v]);
        sum[i][v] = hn::Zero(d);
      }
    }
  }
  alignas(64) T row[kVectors * lanes<T>()];
  for (int i = 0; i < kR; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(hn::Sqrt(total[i][v]), d, row + v * lanes<T>());
    }
    std::copy(row, row + cols, y + i * y_row_stride);
  }
}

template <class T>
HWY_INLINE void distances(const RowPairs<T>& rows, int64_t begin, int64_t end, T* panel, T* y) {
  const int64_t width = kVectors * lanes<T>(), k = rows.k, n = rows.n;
  for (int64_t j = 0; j < n; j += width) {
    const int64_t cols = std::min(width, n - j);
    turn_rows(rows.b + j * k, k, cols, width, panel);
    int64_t i = begin;
    for (; i + kRows <= end; i += kRows) {
      distance_tile<T, kRows>(k, rows.a + i * k, panel, cols, y + i * n + j, n);
    }
    for (; i < end; ++i) distance_tile<T, 1>(k, rows.a + i * k, panel, cols, y + i * n + j, n);
  }
}

/// `count` <= kVectors vectors' elements of one row, from element `at` on.
template <class T, bool kMasked>
HWY_INLINE void difference_vector(const RowPairs<T>& rows, const T* HWY_RESTRICT weights, int64_t i,
                                  int64_t at, int64_t count, T* y) {
  const Tag<T> d;
  const auto mask = hn::FirstN(d, static_cast<size_t>(count));
  const auto load = [&](const T* from) HWY_ATTR {
    return kMasked ? load_first(from, mask, count) : hn::LoadU(d, from);
  };
  const auto left = load(rows.a + i * rows.k + at);
  auto total = hn::Zero(d);
  for (int64_t first = 0; first < rows.n; first += kRun) {
    const int64_t last = std::min(first + kRun, rows.n);
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
    int64_t j = first;
    for (; j + 2 <= last; j += 2) {
      const T* right = rows.b + j * rows.k + at;
      sum0 = hn::MulAdd(hn::Set(d, weights[j]), hn::Sub(left, load(right)), sum0);
      sum1 = hn::MulAdd(hn::Set(d, weights[j + 1]), hn::Sub(left, load(right + rows.k)), sum1);
    }
    if (j < last) {
      const T* right = rows.b + j * rows.k + at;
      sum0 = hn::MulAdd(hn::Set(d, weights[j]), hn::Sub(left, load(right)), sum0);
    }
    total = hn::Add(total, hn::Add(sum0, sum1));
  }
  if (kMasked) {
    store_first(total, y + i * rows.k + at, mask, count);
  } else {
    hn::StoreU(total, d, y + i * rows.k + at);
  }
}

template <class T>
HWY_INLINE void differences(const RowPairs<T>& rows, const T* weights, int64_t begin, int64_t end,
                            T* y) {
  for (int64_t i = begin; i < end; ++i) {
    int64_t at = 0;
    for (; at + lanes<T>() <= rows.k; at += lanes<T>()) {
      difference_vector<T, false>(rows, weights + i * rows.n, i, at, lanes<T>(), y);
    }
    if (at < rows.k) {
      difference_vector<T, true>(rows, weights + i * rows.n, i, at, rows.k - at, y);
    }
  }
}

int64_t panel_width_float() { return kVectors * lanes<float>(); }
int64_t panel_width_double() { return kVectors * lanes<double>(); }
void distances_float(const RowPairs<float>& rows, int64_t begin, int64_t end, float* panel,
                     float* y) {
  distances(rows, begin, end, panel, y);
}
void distances_double(const RowPairs<double>& rows, int64_t begin, int64_t end, double* panel,
                      double* y) {
  distances(rows, begin, end, panel, y);
}
void differences_float(const RowPairs<float>& rows, const float* weights, int64_t begin,
                       int64_t end, float* y) {
  differences(rows, weights, begin, end, y);
}
void differences_double(const RowPairs<double>& rows, const double* weights, int64_t begin,
                        int64_t end, double* y) {
  differences(rows, weights, begin, end, y);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(panel_width_float);
HWY_EXPORT(panel_width_double);
HWY_EXPORT(distances_float);
HWY_EXPORT(distances_double);
HWY_EXPORT(differences_float);
HWY_EXPORT(differences_double);

namespace {

template <class T>
T* panel_for(int64_t width, int64_t k) {
  static Scratch scratch;
  return scratch.get_array<T>(static_cast<size_t>(width * k), "cdist");
}

}  // namespace

void euclidean_distances(const RowPairs<float>& rows, int64_t begin, int64_t end, float* y) {
  float* const panel = panel_for<float>(HWY_DYNAMIC_DISPATCH(panel_width_float)(), rows.k);
  HWY_DYNAMIC_DISPATCH(distances_float)(rows, begin, end, panel, y);
}
void euclidean_distances(const RowPairs<double>& rows, int64_t begin, int64_t end, double* y) {
  double* const panel = panel_for<double>(HWY_DYNAMIC_DISPATCH(panel_width_double)(), rows.k);
  HWY_DYNAMIC_DISPATCH(distances_double)(rows, begin, end, panel, y);
}
void weighted_differences(const RowPairs<float>& rows, const float* weights, int64_t begin,
                          int64_t end, float* y) {
  HWY_DYNAMIC_DISPATCH(differences_float)(rows, weights, begin, end, y);
}
void weighted_differences(const RowPairs<double>& rows, const double* weights, int64_t begin,
                          int64_t end, double* y) {
  HWY_DYNAMIC_DISPATCH(differences_double)(rows, weights, begin, end, y);
}

}  // namespace tenon::cpu
#endif
