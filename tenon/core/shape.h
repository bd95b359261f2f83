#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/base/export.h"
#include "tenon/base/inline_vector.h"

namespace tenon {

/// Sizes of a tensor, outermost first; inline up to rank 6.
using Shape = InlineVector<int64_t, 6>;

/// A borrowed list of integers (sizes, dims): binds to braces, vectors, shapes and spans for the
/// length of a call.
class IntList {
 public:
  IntList() = default;
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Winit-list-lifetime"  // lives to the end of the call, as meant
#endif
  IntList(std::initializer_list<int64_t> values) : data_(values.begin()), size_(values.size()) {}
#pragma GCC diagnostic pop
  IntList(const std::vector<int64_t>& values) : data_(values.data()), size_(values.size()) {}
  IntList(const Shape& values) : data_(values.data()), size_(values.size()) {}
  IntList(std::span<const int64_t> values) : data_(values.data()), size_(values.size()) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const int64_t* data() const { return data_; }
  int64_t operator[](size_t i) const { return data_[i]; }
  const int64_t* begin() const { return data_; }
  const int64_t* end() const { return data_ + size_; }
  operator std::span<const int64_t>() const { return {data_, size_}; }

 private:
  const int64_t* data_ = nullptr;
  size_t size_ = 0;
};

/// "[2, 3]"
TENON_API std::string to_string(IntList sizes);

/// The most dims that a tensor has: sets of them are bits of a word.
inline constexpr size_t kMostTensorDims = 63;
/// Throws ShapeError: `rank` is beyond kMostTensorDims.
[[noreturn]] TENON_API void fail_dim_count(std::string_view call, size_t rank);
/// Throws ShapeError (naming `call`) when there are more than kMostTensorDims.
inline void check_dim_count(std::string_view call, size_t rank) {
  if (rank > kMostTensorDims) [[unlikely]]
    fail_dim_count(call, rank);
}
/// The product of the sizes. Throws ShapeError (naming `call`) when a size is negative, there are
/// more than `kMostTensorDims`, or the product of those that aren't 0 is beyond 2^62, so that
/// strides never overflow.
TENON_API int64_t count_elements(std::string_view call, IntList sizes);

/// Strides, in elements, of a row-major tensor of these sizes.
TENON_API Shape contiguous_strides(IntList sizes);
/// Whether the strides are the row-major ones (dims of size 1 don't count).
TENON_API bool is_contiguous(IntList sizes, IntList strides);

/// The sizes that both broadcast to (NumPy's rule). Throws ShapeError naming `call` and both
/// shapes.
TENON_API Shape broadcast_shapes(std::string_view call, IntList a, IntList b);
/// Strides with which a tensor reads as `target`: 0 in broadcast dims. Throws ShapeError.
TENON_API Shape broadcast_strides(std::string_view call, IntList sizes, IntList strides,
                                  IntList target);

/// `dim` in [0, rank), negative ones counted from the end; a 0-d tensor takes 0 and -1. Throws
/// IndexError.
TENON_API int64_t normalize_dim(std::string_view call, int64_t dim, int64_t rank);
/// Bit i set: dim i is named. An empty list names all dims. Throws IndexError on a dim that is out
/// of range or named twice.
TENON_API uint64_t dim_mask(std::string_view call, IntList dims, int64_t rank);

}  // namespace tenon
