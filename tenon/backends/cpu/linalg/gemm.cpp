#include "tenon/backends/cpu/linalg/gemm.h"

#include <algorithm>
#include <cstddef>

#include "tenon/backends/cpu/linalg/dots.h"
#include "tenon/backends/cpu/linalg/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/gemm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/linalg/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

// A register tile is kRows x kVectors vectors: twelve accumulators hide the latency of the
// multiply-add, and with two vectors of b and one of a they fill the sixteen registers of AVX2.
constexpr int kRows = 6;
constexpr int kVectors = 2;
// k is cut so that a panel of b (kDepth x one tile's columns) stays in the first-level cache.
constexpr int64_t kDepth = 256;
constexpr int64_t kBlockRows = 96;
constexpr int64_t kBlockCols = 512;

template <class T>
HWY_INLINE constexpr int64_t tile_cols() {
  return kVectors * lanes<T>();
}

/// What all tiles of one product share.
template <class T>
struct Tile {
  int64_t k;
  int64_t a_row_stride, a_col_stride, b_row_stride, c_row_stride;
  bool accumulate;
};

template <class T, int kR, int kV, bool kMasked>
HWY_INLINE void store_tile(const Tile<T>& tile, hn::Vec<Tag<T>> (&sum)[kR][kV], T* c, const T* bias,
                           int64_t tail) {
  const Tag<T> d;
  const auto mask = hn::FirstN(d, static_cast<size_t>(tail));
  const int64_t step = lanes<T>();
#pragma GCC unroll 8
  for (int v = 0; v < kV; ++v) {
    const bool masked = kMasked && v == kV - 1;
    if (bias) {
      const auto add =
          masked ? load_first(bias + v * step, mask, tail) : hn::LoadU(d, bias + v * step);
#pragma GCC unroll 8
      for (int i = 0; i < kR; ++i) sum[i][v] = hn::Add(sum[i][v], add);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kR; ++i) {
      T* to = c + i * tile.c_row_stride + v * step;
      if (masked) {
        if (tile.accumulate) sum[i][v] = hn::Add(sum[i][v], load_first<T>(to, mask, tail));
        store_first(sum[i][v], to, mask, tail);
      } else {
        if (tile.accumulate) sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, to));
        hn::StoreU(sum[i][v], d, to);
      }
    }
  }
}

/// c[kR, kV vectors] from a[kR, k] and b[k, kV vectors]; kMasked: only `tail` lanes of the last
/// vector exist.
template <class T, int kR, int kV, bool kMasked>
void compute_tile(const Tile<T>& tile, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                  T* HWY_RESTRICT c, const T* bias, int64_t tail) {
  const Tag<T> d;
  const auto mask = hn::FirstN(d, static_cast<size_t>(tail));
  const int64_t step = lanes<T>();
  hn::Vec<Tag<T>> sum[kR][kV];
#pragma GCC unroll 8
  for (int i = 0; i < kR; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) sum[i][v] = hn::Zero(d);
  }
  const int64_t rows = tile.a_row_stride;
  for (int64_t p = 0; p < tile.k; ++p) {
    hn::Vec<Tag<T>> right[kV];
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) {
      right[v] = kMasked && v == kV - 1 ? load_first(b + v * step, mask, tail)
                                        : hn::LoadU(d, b + v * step);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kR; ++i) {
      const auto left = hn::Set(d, a[i * rows]);
#pragma GCC unroll 8
      for (int v = 0; v < kV; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    a += tile.a_col_stride;
    b += tile.b_row_stride;
  }
  store_tile<T, kR, kV, kMasked>(tile, sum, c, bias, tail);
}

template <class T>
using TileFunction = void (*)(const Tile<T>&, const T*, const T*, T*, const T*, int64_t);

template <class T, int kV, bool kMasked>
constexpr TileFunction<T> kTileRows[kRows] = {
    &compute_tile<T, 1, kV, kMasked>, &compute_tile<T, 2, kV, kMasked>,
    &compute_tile<T, 3, kV, kMasked>, &compute_tile<T, 4, kV, kMasked>,
    &compute_tile<T, 5, kV, kMasked>, &compute_tile<T, 6, kV, kMasked>};

/// The tile functions (by number of rows) for `cols` columns, at most tile_cols.
template <class T>
HWY_INLINE const TileFunction<T>* tiles_for(int64_t cols) {
  const bool masked = cols % lanes<T>() != 0;
  if (cols > lanes<T>()) return masked ? kTileRows<T, 2, true> : kTileRows<T, 2, false>;
  return masked ? kTileRows<T, 1, true> : kTileRows<T, 1, false>;
}

/// to[p][j] = from[p + j * stride] for four (f32) or two (f64) of each.
HWY_INLINE void turn_block(const float* from, int64_t stride, float* to, int64_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (int p = 0; p < 4; ++p) {
    for (int j = 0; j < 4; ++j) to[p * to_stride + j] = from[p + j * stride];
  }
#else
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> pairs;
  const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + stride);
  const auto r2 = hn::LoadU(d, from + 2 * stride), r3 = hn::LoadU(d, from + 3 * stride);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + to_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * to_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * to_stride);
#endif
}

HWY_INLINE void turn_block(const double* from, int64_t stride, double* to, int64_t to_stride) {
  const double a = from[0], b = from[1], c = from[stride], d = from[stride + 1];
  to[0] = a;
  to[1] = c;
  to[to_stride] = b;
  to[to_stride + 1] = d;
}

/// panel[p][j] = b[p, j] for p < depth, j < cols, rows of `width` >= cols; the rest is zero.
template <class T>
void pack_panel(const T* b, int64_t row_stride, int64_t col_stride, int64_t depth, int64_t cols,
                T* HWY_RESTRICT panel, int64_t width) {
  constexpr int64_t kBlock = sizeof(T) == 4 ? 4 : 2;
  int64_t first = 0;  // columns before it are done
  if (row_stride == 1) {
    const int64_t whole_cols = cols / kBlock * kBlock, whole_depth = depth / kBlock * kBlock;
    for (; first < whole_cols; first += kBlock) {
      const T* from = b + first * col_stride;
      for (int64_t p = 0; p < whole_depth; p += kBlock) {
        turn_block(from + p, col_stride, panel + p * width + first, width);
      }
      for (int64_t p = whole_depth; p < depth; ++p) {
        for (int64_t j = 0; j < kBlock; ++j)
          panel[p * width + first + j] = from[p + j * col_stride];
      }
    }
  }
  for (int64_t p = 0; p < depth; ++p) {
    T* to = panel + p * width;
    const T* from = b + p * row_stride;
    if (col_stride == 1) {
      for (int64_t j = first; j < cols; ++j) to[j] = from[j];
    } else {
      for (int64_t j = first; j < cols; ++j) to[j] = from[j * col_stride];
    }
    for (int64_t j = cols; j < width; ++j) to[j] = T(0);
  }
}

/// Rows of one column panel: tiles of nearly equal height, so that no tile is left with one row.
template <class T>
HWY_INLINE void run_rows(const Tile<T>& tile, const TileFunction<T>* functions, int64_t m,
                         const T* a, const T* b, T* c, const T* bias, int64_t tail) {
  const int64_t count = (m + kRows - 1) / kRows;
  const int64_t small = m / count, larger = m % count;
  for (int64_t t = 0, i = 0; t < count; ++t) {
    const int64_t rows = small + (t < larger ? 1 : 0);
    functions[rows - 1](tile, a + i * tile.a_row_stride, b, c + i * tile.c_row_stride, bias, tail);
    i += rows;
  }
}

template <class T>
HWY_INLINE void direct(const Gemm<T>& g) {
  if (g.m <= 0) return;
  alignas(64) T panel[kDepth * tile_cols<T>()];
  const int64_t width = tile_cols<T>();
  const bool turned = g.b_col_stride != 1;
  Tile<T> tile{
      0,           g.a_row_stride, g.a_col_stride, turned ? width : g.b_row_stride, g.c_row_stride,
      g.accumulate};
  for (int64_t p = 0; p == 0 || p < g.k; p += kDepth) {
    tile.k = std::min(kDepth, g.k - p);
    if (p > 0) tile.accumulate = true;
    for (int64_t j = 0; j < g.n; j += width) {
      const int64_t cols = std::min(width, g.n - j);
      const T* b = g.b + p * g.b_row_stride + j * g.b_col_stride;
      if (turned) {
        pack_panel(b, g.b_row_stride, g.b_col_stride, tile.k, cols, panel, width);
        b = panel;
      }
      const T* bias = g.bias && p == 0 ? g.bias + j : nullptr;
      run_rows(tile, tiles_for<T>(cols), g.m, g.a + p * g.a_col_stride, b, g.c + j, bias,
               cols % lanes<T>());
    }
  }
}

/// packed[p][i] = a[i, p] for i < rows <= kRows, p < depth.
template <class T>
void pack_rows(const T* a, int64_t row_stride, int64_t col_stride, int64_t rows, int64_t depth,
               T* HWY_RESTRICT packed) {
  if (rows == kRows) {
    for (int64_t p = 0; p < depth; ++p) {
#pragma GCC unroll 8
      for (int i = 0; i < kRows; ++i) packed[p * kRows + i] = a[i * row_stride + p * col_stride];
    }
    return;
  }
  for (int64_t p = 0; p < depth; ++p) {
    for (int64_t i = 0; i < rows; ++i) packed[p * kRows + i] = a[i * row_stride + p * col_stride];
  }
}

/// The product of one packed block of a with one packed block of b.
template <class T>
void multiply_blocks(int64_t rows, int64_t cols, int64_t depth, const T* a, const T* b, T* c,
                     int64_t c_row_stride, const T* bias, bool accumulate) {
  const int64_t width = tile_cols<T>();
  const Tile<T> tile{depth, 1, kRows, width, c_row_stride, accumulate};
  for (int64_t j = 0; j < cols; j += width) {
    const int64_t valid = std::min(width, cols - j);
    const TileFunction<T>* functions = tiles_for<T>(valid);
    for (int64_t i = 0; i < rows; i += kRows) {
      functions[std::min<int64_t>(kRows, rows - i) - 1](
          tile, a + i * depth, b + j * depth, c + i * c_row_stride + j, bias ? bias + j : nullptr,
          valid % lanes<T>());
    }
  }
}

template <class T>
HWY_INLINE void packed(const Gemm<T>& g, Scratch& scratch) {
  const int64_t width = tile_cols<T>();
  const int64_t depth = std::min(kDepth, g.k);
  const int64_t a_size = kBlockRows * depth;
  const int64_t b_cols = (std::min(kBlockCols, g.n) + width - 1) / width * width;
  T* const a_pack = scratch.get_array<T>(static_cast<size_t>(a_size + b_cols * depth), "matmul");
  T* const b_pack = a_pack + a_size;
  for (int64_t jc = 0; jc < g.n; jc += kBlockCols) {
    const int64_t cols = std::min(kBlockCols, g.n - jc);
    for (int64_t pc = 0; pc < g.k; pc += kDepth) {
      const int64_t deep = std::min(kDepth, g.k - pc);
      for (int64_t j = 0; j < cols; j += width) {
        pack_panel(g.b + pc * g.b_row_stride + (jc + j) * g.b_col_stride, g.b_row_stride,
                   g.b_col_stride, deep, std::min(width, cols - j), b_pack + j * deep, width);
      }
      for (int64_t ic = 0; ic < g.m; ic += kBlockRows) {
        const int64_t rows = std::min(kBlockRows, g.m - ic);
        for (int64_t i = 0; i < rows; i += kRows) {
          pack_rows(g.a + (ic + i) * g.a_row_stride + pc * g.a_col_stride, g.a_row_stride,
                    g.a_col_stride, std::min<int64_t>(kRows, rows - i), deep, a_pack + i * deep);
        }
        multiply_blocks(rows, cols, deep, a_pack, b_pack, g.c + ic * g.c_row_stride + jc,
                        g.c_row_stride, g.bias && pc == 0 ? g.bias + jc : nullptr,
                        g.accumulate || pc > 0);
      }
    }
  }
}

/// Several rows, each as `row_times_matrix` has it: k isn't cut.
template <class T>
HWY_INLINE void rows_times_matrix(const Gemm<T>& g) {
  const Tile<T> tile{g.k,         g.a_row_stride, g.a_col_stride, g.b_row_stride, g.c_row_stride,
                     g.accumulate};
  for (int64_t j = 0; j < g.n; j += tile_cols<T>()) {
    const int64_t cols = std::min(tile_cols<T>(), g.n - j);
    run_rows(tile, tiles_for<T>(cols), g.m, g.a, g.b + j, g.c + j, g.bias ? g.bias + j : nullptr,
             cols % lanes<T>());
  }
}

template <class T>
HWY_INLINE void row_times_matrix(const Gemm<T>& g) {
  if (g.b_col_stride != 1) return direct(g);
  if (g.m != 1) return rows_times_matrix(g);
  // Wide tiles read long pieces of each row of b: fewer streams, and nothing is read twice.
  constexpr int kWide = 8;
  const int64_t width = kWide * lanes<T>();
  const Tile<T> tile{g.k,         g.a_row_stride, g.a_col_stride, g.b_row_stride, g.c_row_stride,
                     g.accumulate};
  int64_t j = 0;
  for (; j + width <= g.n; j += width) {
    compute_tile<T, 1, kWide, false>(tile, g.a, g.b + j, g.c + j, g.bias ? g.bias + j : nullptr, 0);
  }
  for (; j < g.n; j += tile_cols<T>()) {
    const int64_t cols = std::min(tile_cols<T>(), g.n - j);
    tiles_for<T>(cols)[0](tile, g.a, g.b + j, g.c + j, g.bias ? g.bias + j : nullptr,
                          cols % lanes<T>());
  }
}

void direct_float(const Gemm<float>& g) { direct(g); }
void direct_double(const Gemm<double>& g) { direct(g); }
void packed_float(const Gemm<float>& g, Scratch& scratch) { packed(g, scratch); }
void packed_double(const Gemm<double>& g, Scratch& scratch) { packed(g, scratch); }
void gemv_float(const Gemm<float>& g) { row_times_matrix(g); }
void gemv_double(const Gemm<double>& g) { row_times_matrix(g); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(direct_float);
HWY_EXPORT(direct_double);
HWY_EXPORT(packed_float);
HWY_EXPORT(packed_double);
HWY_EXPORT(gemv_float);
HWY_EXPORT(gemv_double);

namespace {
Scratch& pack_scratch() {
  static Scratch scratch;
  return scratch;
}
}  // namespace

void gemm_direct(const Gemm<float>& gemm) {
  if (gemm.k >= kLongDots && lies_along_depth(gemm)) return gemm_dots(gemm);
  HWY_DYNAMIC_DISPATCH(direct_float)(gemm);
}
void gemm_direct(const Gemm<double>& gemm) {
  if (gemm.k >= kLongDots && lies_along_depth(gemm)) return gemm_dots(gemm);
  HWY_DYNAMIC_DISPATCH(direct_double)(gemm);
}
void gemm_packed(const Gemm<float>& gemm) {
  HWY_DYNAMIC_DISPATCH(packed_float)(gemm, pack_scratch());
}
void gemm_packed(const Gemm<double>& gemm) {
  HWY_DYNAMIC_DISPATCH(packed_double)(gemm, pack_scratch());
}
void gemv(const Gemm<float>& gemm) {
  if (lies_along_depth(gemm)) return gemm_dots(gemm);
  HWY_DYNAMIC_DISPATCH(gemv_float)(gemm);
}
void gemv(const Gemm<double>& gemm) {
  if (lies_along_depth(gemm)) return gemm_dots(gemm);
  HWY_DYNAMIC_DISPATCH(gemv_double)(gemm);
}

}  // namespace tenon::cpu
#endif
