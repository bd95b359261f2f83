#pragma once

#include <span>

#include "tenon/dispatch/backend.h"

namespace tenon::cpu {

/// `x`, or a row-major copy of it. Kernels that don't read strides use this on their inputs.
Tensor row_major(const Tensor& x);
/// `x` in `dtype`, itself where it is already.
Tensor converted(const Tensor& x, DType dtype);
/// The same; a conversion is kept in `holder`.
inline const Tensor& converted(const Tensor& x, DType dtype, Tensor& holder) {
  return x.dtype() == dtype ? x : holder = converted(x, dtype);
}
/// `x` as row-major memory of `dtype` that reads as `sizes`, to which it broadcasts.
Tensor spread(const Tensor& x, DType dtype, const Shape& sizes);
/// An index tensor as row-major int64.
Tensor index_values(const Tensor& index);

/// Memory read as an array; strides, in elements, may be 0 or negative.
struct StridedMemory {
  char* data = nullptr;
  Shape strides;
};

/// Copies `sizes` elements of `itemsize` bytes, on the pool. The two must not overlap.
void copy_strided(const Shape& sizes, const StridedMemory& from, const StridedMemory& to,
                  size_t itemsize);

/// The memory of a tensor, from its first element.
inline StridedMemory memory_of(const Tensor& x) {
  return {static_cast<char*>(x.impl()->data()), x.strides()};
}

/// Sizes of a row-major tensor around one dim: [outer, size, inner].
struct Around {
  int64_t outer = 1, size = 1, inner = 1;
};
Around around(const Shape& sizes, int64_t dim);

/// Calls `body` with the type that a kernel of floating tensors computes in: double for float64,
/// float for the others.
template <class Body>
void visit_wide(DType dtype, Body body) {
  if (dtype == kFloat64) return body(TypeTag<double>{});
  body(TypeTag<float>{});
}

/// Calls `visitor` with an unsigned type, or a pair of them, of `itemsize` bytes: for kernels that
/// move elements and don't look at them.
template <class Visitor>
void visit_size(size_t itemsize, Visitor&& visitor) {
  struct Sixteen {
    uint64_t low, high;
  };
  switch (itemsize) {
    case 1:
      return visitor(TypeTag<uint8_t>{});
    case 2:
      return visitor(TypeTag<uint16_t>{});
    case 4:
      return visitor(TypeTag<uint32_t>{});
    case 8:
      return visitor(TypeTag<uint64_t>{});
    default:
      return visitor(TypeTag<Sixteen>{});
  }
}

/// Calls `visitor` with the type of a floating dtype, and with the one to make sums in.
template <class Visitor>
void visit_floating(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case kFloat16:
      return visitor(TypeTag<Float16>{}, TypeTag<float>{});
    case kBFloat16:
      return visitor(TypeTag<BFloat16>{}, TypeTag<float>{});
    case kFloat64:
      return visitor(TypeTag<double>{}, TypeTag<double>{});
    default:
      return visitor(TypeTag<float>{}, TypeTag<float>{});
  }
}

/// Elements that a chunk of a parallel loop should touch at least.
inline constexpr int64_t kGrain = 1 << 15;
/// The grain of a loop over rows of `row` elements each.
inline int64_t rows_per_chunk(int64_t row) {
  const int64_t rows = kGrain / (row > 0 ? row : 1);
  return rows > 0 ? rows : 1;
}

}  // namespace tenon::cpu
