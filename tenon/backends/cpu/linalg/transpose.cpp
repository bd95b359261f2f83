#include "tenon/backends/cpu/linalg/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/transpose.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Rows and columns that one block of vectors holds.
template <class T>
constexpr int64_t kBlock = 16 / sizeof(T);

#if HWY_TARGET != HWY_SCALAR

/// a, b -> the lower and the upper halves of both, interleaved as elements of `d`.
template <class D, class V>
HWY_INLINE void interleave(D d, V& a, V& b) {
  const hn::DFromV<V> stored;
  const auto x = hn::BitCast(d, a), y = hn::BitCast(d, b);
  a = hn::BitCast(stored, hn::InterleaveLower(d, x, y));
  b = hn::BitCast(stored, hn::InterleaveUpper(d, x, y));
}

HWY_INLINE void transpose_block(const uint16_t* from, int64_t from_stride, uint16_t* to,
                                int64_t to_stride) {
  const hn::Full128<uint16_t> d;
  const hn::Full128<uint32_t> pairs;
  const hn::Full128<uint64_t> quads;
  auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  auto c = hn::LoadU(d, from + 2 * from_stride), e = hn::LoadU(d, from + 3 * from_stride);
  auto f = hn::LoadU(d, from + 4 * from_stride), g = hn::LoadU(d, from + 5 * from_stride);
  auto h = hn::LoadU(d, from + 6 * from_stride), i = hn::LoadU(d, from + 7 * from_stride);
  interleave(d, a, b);  // a: columns 0 to 3 of rows 0 and 1, b: columns 4 to 7
  interleave(d, c, e);
  interleave(d, f, g);
  interleave(d, h, i);
  interleave(pairs, a, c);  // a: columns 0 and 1 of rows 0 to 3, c: columns 2 and 3
  interleave(pairs, b, e);
  interleave(pairs, f, h);
  interleave(pairs, g, i);
  interleave(quads, a, f);  // a: column 0, f: column 1
  interleave(quads, c, h);
  interleave(quads, b, g);
  interleave(quads, e, i);
  hn::StoreU(a, d, to);
  hn::StoreU(f, d, to + to_stride);
  hn::StoreU(c, d, to + 2 * to_stride);
  hn::StoreU(h, d, to + 3 * to_stride);
  hn::StoreU(b, d, to + 4 * to_stride);
  hn::StoreU(g, d, to + 5 * to_stride);
  hn::StoreU(e, d, to + 6 * to_stride);
  hn::StoreU(i, d, to + 7 * to_stride);
}

HWY_INLINE void transpose_block(const uint32_t* from, int64_t from_stride, uint32_t* to,
                                int64_t to_stride) {
  const hn::Full128<uint32_t> d;
  const hn::Full128<uint64_t> pairs;
  auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  auto c = hn::LoadU(d, from + 2 * from_stride), e = hn::LoadU(d, from + 3 * from_stride);
  interleave(d, a, b);  // a: columns 0 and 1 of rows 0 and 1, b: columns 2 and 3
  interleave(d, c, e);
  interleave(pairs, a, c);  // a: column 0, c: column 1
  interleave(pairs, b, e);
  hn::StoreU(a, d, to);
  hn::StoreU(c, d, to + to_stride);
  hn::StoreU(b, d, to + 2 * to_stride);
  hn::StoreU(e, d, to + 3 * to_stride);
}

/// At least one block in both directions: the last blocks reach back over what is there already.
template <class T>
void transpose_tile(const T* from, int64_t rows, int64_t cols, int64_t from_stride, T* to,
                    int64_t to_stride) {
  for (int64_t row = 0; row < rows; row += kBlock<T>) {
    const int64_t i = std::min(row, rows - kBlock<T>);
    for (int64_t col = 0; col < cols; col += kBlock<T>) {
      const int64_t j = std::min(col, cols - kBlock<T>);
      transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    }
  }
}

#endif

template <class T>
void transpose_plain(const T* from, int64_t rows, int64_t cols, int64_t from_stride, T* to,
                     int64_t to_stride) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; ++j) to[j * to_stride + i] = from[i * from_stride + j];
  }
}

/// In tiles of whole cache lines on both sides.
template <class T>
void transpose_all(const T* from, int64_t rows, int64_t cols, int64_t from_stride, T* to,
                   int64_t to_stride) {
  constexpr int64_t kTile = 32;
  for (int64_t i = 0; i < rows; i += kTile) {
    const int64_t height = std::min(kTile, rows - i);
    for (int64_t j = 0; j < cols; j += kTile) {
      const int64_t width = std::min(kTile, cols - j);
      const T* source = from + i * from_stride + j;
      T* destination = to + j * to_stride + i;
#if HWY_TARGET != HWY_SCALAR
      if (std::min(height, width) >= kBlock<T>) {
        transpose_tile(source, height, width, from_stride, destination, to_stride);
        continue;
      }
#endif
      transpose_plain(source, height, width, from_stride, destination, to_stride);
    }
  }
}

void transpose_halves(const uint16_t* from, int64_t rows, int64_t cols, int64_t from_stride,
                      uint16_t* to, int64_t to_stride) {
  transpose_all(from, rows, cols, from_stride, to, to_stride);
}

void transpose_words(const uint32_t* from, int64_t rows, int64_t cols, int64_t from_stride,
                     uint32_t* to, int64_t to_stride) {
  transpose_all(from, rows, cols, from_stride, to, to_stride);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(transpose_halves);
HWY_EXPORT(transpose_words);

void transpose(const uint16_t* from, int64_t rows, int64_t cols, int64_t from_stride, uint16_t* to,
               int64_t to_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_halves)(from, rows, cols, from_stride, to, to_stride);
}

void transpose(const uint32_t* from, int64_t rows, int64_t cols, int64_t from_stride, uint32_t* to,
               int64_t to_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_words)(from, rows, cols, from_stride, to, to_stride);
}

}  // namespace tenon::cpu
#endif
