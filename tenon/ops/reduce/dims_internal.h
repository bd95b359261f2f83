#pragma once

#include <string_view>

#include "tenon/core/shape.h"
#include "tenon/dispatch/call.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::ops {

/// Sizes of `x` reduced over `dims` (none: all).
Shape reduced_sizes(std::string_view call, const Tensor& x, IntList dims, bool keepdim);
/// As above, over one dim or, without one, all.
Shape reduced_sizes(std::string_view call, const Tensor& x, std::optional<int64_t> dim,
                    bool keepdim);
/// The number of elements that go into one result.
int64_t reduced_count(std::string_view call, const Tensor& x, IntList dims);
/// Throws ValueError when a reduced dim is empty: an extreme of nothing doesn't exist.
void check_not_empty(std::string_view call, const Tensor& x, IntList dims);
/// The dtype that sums and products are made in: int64 for bool and integers (uint64 stays).
DType accumulation_dtype(DType dtype);

/// `x` [..., n] as [..., n, n], where row k is x with 1 in the place of x_k. Products along these
/// rows have gradients of any order that hold where elements are zero, for n times the memory.
Tensor without_each(const Tensor& x);
/// Whether gradients of a product need `without_each`: they are recorded, so that they can be
/// differentiated again, and there are zeros, by which they can't be divided.
bool needs_exact_products(const Tensor& x);

/// Row dims of ops whose `A`-th attribute is a `Dims`.
template <size_t A>
uint64_t rows_of_dims(const Call& call, const Shape& space) {
  return dim_mask(call.op.name, call.get<IntList>(A), static_cast<int64_t>(space.size()));
}
/// Row dims of ops whose `A`-th attribute is a `Dim`, or `Dim?` that may be left out for all dims.
template <size_t A>
uint64_t rows_of_dim(const Call& call, const Shape& space) {
  if (!call.attribute(A).has_value()) return ~uint64_t{0};
  return uint64_t{1} << normalize_dim(call.op.name, call.get<int64_t>(A),
                                      static_cast<int64_t>(space.size()));
}

/// Samples over several shapes and dims; `make(dims, keepdim)` gives the attributes.
std::vector<Sample> reduction_samples(std::vector<Attribute> (*make)(IntList dims, bool keepdim),
                                      double low = -2, double high = 2);
/// Samples of ops whose only attribute is a dim.
std::vector<Sample> dim_samples(double low = -2, double high = 2);

}  // namespace tenon::ops
