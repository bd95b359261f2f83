#include "tenon/backends/cpu/linalg/dots.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/dots.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/linalg/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

template <class T>
using Vec = hn::Vec<Tag<T>>;

// Running sums of kMostRows x kColumns, a vector of each row and one of a column: what the
// registers hold.
constexpr int kColumns = 4;
constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 ? 6 : 3;

/// How elements of b become vectors of T: what is loaded at a time has kParts x lanes of them, of
/// which part i meets the same lanes of part i of a.
template <class T, class B>
struct Right {
  static constexpr int kParts = 1;
  static HWY_INLINE Vec<T> load(const B* from) { return hn::LoadU(Tag<T>(), from); }
  static HWY_INLINE Vec<T> part(Vec<T> loaded, int) { return loaded; }
};

/// A pair of these halves is a word: the later one is its upper bits as they are, the earlier one
/// needs a shift.
template <>
struct Right<float, BFloat16> {
  static constexpr int kParts = 2;
  static HWY_INLINE Vec<uint32_t> load(const BFloat16* from) {
    return hn::LoadU(Tag<uint32_t>(), reinterpret_cast<const uint32_t*>(from));
  }
  static HWY_INLINE Vec<float> part(Vec<uint32_t> pairs, int i) {
    const Tag<float> d;
    return hn::BitCast(d, i == 0 ? hn::ShiftLeft<16>(pairs)
                                 : hn::And(pairs, hn::Set(Tag<uint32_t>(), 0xFFFF0000u)));
  }
};

template <>
struct Right<float, Float16> {
  static constexpr int kParts = 1;
  static HWY_INLINE Vec<float> load(const Float16* from) {
    const Tag<float> d;
#if HWY_TARGET <= HWY_AVX2
    const hn::Rebind<hwy::float16_t, Tag<float>> halves;
    return hn::PromoteTo(d, hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(from)));
#else
    alignas(64) float wide[lanes<float>()];
    for (int64_t i = 0; i < lanes<float>(); ++i) wide[i] = from[i];
    return hn::Load(d, wide);
#endif
  }
  static HWY_INLINE Vec<float> part(Vec<float> loaded, int) { return loaded; }
};

/// to[c] = the sum of the lanes of sums[c], for four columns of float or two of double at a time.
template <class T>
HWY_INLINE void add_lanes(const Vec<T> (&sums)[kColumns], T* to) {
  const Tag<T> d;
#if HWY_TARGET == HWY_SCALAR
  for (int c = 0; c < kColumns; ++c) to[c] = hn::GetLane(hn::SumOfLanes(d, sums[c]));
#else
  const auto fold = [](auto self, auto tag, auto value) HWY_ATTR {
    if constexpr (hn::MaxLanes(tag) * sizeof(T) == 16) {
      return value;
    } else {
      const hn::Half<decltype(tag)> half;
      return self(self, half, hn::Add(hn::LowerHalf(half, value), hn::UpperHalf(half, value)));
    }
  };
  // Within blocks of 128 bits: a0 + a1, b0 + b1, a2 + a3, b2 + b3 become a0 + a2, b0 + b2, ...
  const auto pair = [&](auto tag, auto a, auto b) HWY_ATTR {
    const auto x = hn::BitCast(tag, a), y = hn::BitCast(tag, b);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(tag, x, y)),
                   hn::BitCast(d, hn::InterleaveUpper(tag, x, y)));
  };
  const hn::CappedTag<T, 16 / sizeof(T)> block;
  if constexpr (sizeof(T) == 4) {
    const Tag<double> doubles;
    const auto all = pair(doubles, pair(d, sums[0], sums[1]), pair(d, sums[2], sums[3]));
    hn::StoreU(fold(fold, d, all), block, to);
  } else {
    for (int c = 0; c < kColumns; c += 2) {
      hn::StoreU(fold(fold, d, pair(d, sums[c], sums[c + 1])), block, to + c);
    }
  }
#endif
}

/// Products of the kR rows from i on with the kC columns from j on.
template <class T, class B, int kR, int kC>
HWY_INLINE void compute_dots(const Gemm<T, B>& g, int64_t i, int64_t j) {
  const Tag<T> d;
  constexpr int kParts = Right<T, B>::kParts;
  // One row leaves the registers for sums of their own, which hide the latency of the multiply-add.
  constexpr int kSums = kR == 1 ? kParts : 1;
  constexpr int64_t kStep = kParts * lanes<T>();
  const T* a = g.a + i * g.a_row_stride;
  const B* b = g.b + j * g.b_col_stride;
  const int64_t a_part = g.a_row_stride / kParts;
  Vec<T> sum[kR][kSums][kColumns];
#pragma GCC unroll 8
  for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 8
    for (int s = 0; s < kSums * kColumns; ++s) sum[r][s / kColumns][s % kColumns] = hn::Zero(d);
  }
  const auto multiply_add = [&](auto load_left, auto load_right) HWY_ATTR {
#pragma GCC unroll 8
    for (int c = 0; c < kC; ++c) {
      const auto loaded = load_right(c);
#pragma GCC unroll 8
      for (int part = 0; part < kParts; ++part) {
        const auto right = Right<T, B>::part(loaded, part);
#pragma GCC unroll 8
        for (int r = 0; r < kR; ++r) {
          auto& to = sum[r][part % kSums][c];
          to = hn::MulAdd(load_left(a + r * g.a_row_stride + part * a_part), right, to);
        }
      }
    }
  };
  int64_t p = 0;
  for (; p + kStep <= g.k; p += kStep, a += lanes<T>(), b += kStep) {
    multiply_add([&](const T* from) HWY_ATTR { return hn::LoadU(d, from); },
                 [&](int c) HWY_ATTR { return Right<T, B>::load(b + c * g.b_col_stride); });
  }
  if (p < g.k) {
    const int64_t count = g.k - p;
    if constexpr (std::is_same_v<T, B>) {
      const auto mask = hn::FirstN(d, static_cast<size_t>(count));
      multiply_add([&](const T* from) HWY_ATTR { return load_first(from, mask, count); },
                   [&](int c) HWY_ATTR { return load_first(b + c * g.b_col_stride, mask, count); });
    } else {
      alignas(64) B rest[kColumns * kStep] = {};
      for (int c = 0; c < kC; ++c) {
        std::memcpy(rest + c * kStep, b + c * g.b_col_stride,
                    static_cast<size_t>(count) * sizeof(B));
      }
      multiply_add([&](const T* from) HWY_ATTR { return hn::LoadU(d, from); },
                   [&](int c) HWY_ATTR { return Right<T, B>::load(rest + c * kStep); });
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kR; ++r) {
    if constexpr (kSums == 2) {
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) sum[r][0][c] = hn::Add(sum[r][0][c], sum[r][1][c]);
    }
    alignas(64) T values[kColumns];
    add_lanes<T>(sum[r][0], values);
    T* to = g.c + (i + r) * g.c_row_stride + j;
#pragma GCC unroll 8
    for (int c = 0; c < kC; ++c) {
      if (g.bias) values[c] += g.bias[j + c];
      to[c] = g.accumulate ? to[c] + values[c] : values[c];
    }
  }
}

/// The products of kR rows with the columns [j, end).
template <class T, class B, int kR>
void row_group(const Gemm<T, B>& g, int64_t i, int64_t j, int64_t end) {
  for (; j + kColumns <= end; j += kColumns) compute_dots<T, B, kR, kColumns>(g, i, j);
  if (end - j == 3) compute_dots<T, B, kR, 3>(g, i, j);
  if (end - j == 2) compute_dots<T, B, kR, 2>(g, i, j);
  if (end - j == 1) compute_dots<T, B, kR, 1>(g, i, j);
}

template <class T, class B>
HWY_INLINE void all_dots(const Gemm<T, B>& g) {
  using Group = void (*)(const Gemm<T, B>&, int64_t, int64_t, int64_t);
  static constexpr Group kGroups[] = {
    &row_group<T, B, 1>,
    &row_group<T, B, 2>,
    &row_group<T, B, 3>,
#if HWY_TARGET <= HWY_AVX3
    &row_group<T, B, 4>,
    &row_group<T, B, 5>,
    &row_group<T, B, kMostRows>,
#endif
  };
  // Groups of rows of nearly equal height, so that none is left with one row.
  const int64_t groups = (g.m + kMostRows - 1) / kMostRows;
  // So many columns that they are still in the nearest cache for the next group of rows.
  constexpr int64_t kNearBytes = 16 * 1024;
  const int64_t near = kNearBytes / std::max<int64_t>(g.k * sizeof(B), 1) / kColumns * kColumns;
  const int64_t block = groups == 1 ? g.n : std::max<int64_t>(near, kColumns);
  for (int64_t j = 0; j < g.n; j += block) {
    const int64_t end = std::min(g.n, j + block);
    for (int64_t t = 0, i = 0; t < groups; ++t) {
      const int64_t rows = g.m / groups + (t < g.m % groups ? 1 : 0);
      kGroups[rows - 1](g, i, j, end);
      i += rows;
    }
  }
}

void dots_float(const Gemm<float>& g) { all_dots(g); }
void dots_double(const Gemm<double>& g) { all_dots(g); }
void dots_bfloat16(const Gemm<float, BFloat16>& g) { all_dots(g); }
void dots_float16(const Gemm<float, Float16>& g) { all_dots(g); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(dots_float);
HWY_EXPORT(dots_double);
HWY_EXPORT(dots_bfloat16);
HWY_EXPORT(dots_float16);

void gemm_dots(const Gemm<float>& gemm) { HWY_DYNAMIC_DISPATCH(dots_float)(gemm); }
void gemm_dots(const Gemm<double>& gemm) { HWY_DYNAMIC_DISPATCH(dots_double)(gemm); }
void gemm_dots(const Gemm<float, BFloat16>& gemm) { HWY_DYNAMIC_DISPATCH(dots_bfloat16)(gemm); }
void gemm_dots(const Gemm<float, Float16>& gemm) { HWY_DYNAMIC_DISPATCH(dots_float16)(gemm); }

}  // namespace tenon::cpu
#endif
