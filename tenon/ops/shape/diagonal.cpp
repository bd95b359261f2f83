// Matrices by their diagonals: diag, diag_embed, diagflat; and copies of a tensor in which a part
// is another tensor's.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Tensor diag_embed_of(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  if (x.dim() == 0) fail<ShapeError>("diag_embed", "a 0-d tensor has no diagonal");
  constexpr int64_t kMost = int64_t{1} << 62;
  if (offset < -kMost || offset > kMost - x.size(-1)) {
    fail<ShapeError>("diag_embed", fmt::format("no tensor has a diagonal {}", offset));
  }
  const auto rank = static_cast<size_t>(x.dim()) + 1;
  const auto row = static_cast<size_t>(normalize_dim("diag_embed", dim1, x.dim() + 1));
  const auto column = static_cast<size_t>(normalize_dim("diag_embed", dim2, x.dim() + 1));
  if (row == column) {
    fail<ShapeError>("diag_embed", fmt::format("dims {} and {} are the same", dim1, dim2));
  }
  Shape sizes(rank, 0);
  sizes[row] = sizes[column] = x.size(-1) + std::abs(offset);
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i) {
    if (i != row && i != column) sizes[i] = x.sizes()[next++];
  }
  count_elements("diag_embed", sizes);  // refuses what strides could not reach
  const Shape strides = contiguous_strides(sizes);
  Shape view;
  for (size_t i = 0; i < rank; ++i) {
    if (i != row && i != column) view.push_back(strides[i]);
  }
  view.push_back(strides[row] + strides[column]);
  const int64_t start = offset < 0 ? -offset * strides[row] : offset * strides[column];
  if (x.dtype() != kBool) return view_backward(x, sizes, view, start);
  return view_backward(x.to(kUInt8), sizes, view, start).to(kBool);
}

Tensor checked_part(std::string_view call, const Tensor& part, const Tensor& src) {
  if (part.sizes() != src.sizes()) {
    fail<ShapeError>(call, fmt::format("expected src of sizes {}, got {}", to_string(part.sizes()),
                                       to_string(src.sizes())));
  }
  return part;
}

}  // namespace

void define_diag_embed(OpDef& op) {
  op.doc(
        "Zeros with the last dim of `x` on the `offset`-th diagonal of the matrices in the "
        "result's dims `dim1` and `dim2`: the inverse of diagonal.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) -> Tensor {
        return diag_embed_of(x, offset, dim1, dim2);
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({3})}, {at(0), at(-2), at(-1)}},
                {{sample_tensor({2, 3})}, {at(1), at(-2), at(-1)}},
                {{sample_tensor({2, 3})}, {at(-1), at(0), at(2)}}};
      });
}

void define_diag(OpDef& op) {
  op.doc(
        "Of a vector the matrix with it on the `diagonal`-th diagonal, of a matrix that diagonal, "
        "a "
        "view. ShapeError for other ranks.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t offset) -> Tensor {
        if (x.dim() != 1 && x.dim() != 2) {
          fail<ShapeError>("diag", fmt::format("expected a vector or a matrix, got sizes {}",
                                               to_string(x.sizes())));
        }
        return x.dim() == 1 ? diag_embed(x, offset) : diagonal(x, offset);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3})}, {Attribute(int64_t{0})}},
                {{sample_tensor({3})}, {Attribute(int64_t{-1})}},
                {{sample_tensor({3, 4})}, {Attribute(int64_t{1})}}};
      });
}

void define_diagflat(OpDef& op) {
  op.doc("The matrix with all elements of `x`, in row-major order, on the `offset`-th diagonal.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t offset) -> Tensor {
        return diag_embed(reshape(x, {-1}), offset);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 2})}, {Attribute(int64_t{0})}},
                {{sample_tensor({})}, {Attribute(int64_t{1})}}};
      });
}

void define_select_scatter(OpDef& op) {
  op.doc("A copy of `x` in which select(dim, index) is `src`.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& src, int64_t dim, int64_t index) -> Tensor {
        const Tensor y = clone(x);
        checked_part("select_scatter", y.select(dim, index), src).copy_(src);
        return y;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_tensor({4}, 0, 1, 2)},
                 {Attribute(int64_t{0}), Attribute(int64_t{1})}},
                {{sample_tensor({3, 4}), sample_tensor({3}, 0, 1, 2)},
                 {Attribute(int64_t{1}), Attribute(int64_t{-1})}},
                {{sample_tensor({3, 0}), sample_tensor({0})},
                 {Attribute(int64_t{0}), Attribute(int64_t{1})}}};
      });
}

void define_slice_scatter(OpDef& op) {
  op.doc("A copy of `x` in which slice(dim, start, end, step) is `src`.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& src, int64_t dim, std::optional<int64_t> start,
                  std::optional<int64_t> end, int64_t step) -> Tensor {
        const Tensor y = clone(x);
        checked_part("slice_scatter", y.slice(dim, start, end, step), src).copy_(src);
        return y;
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {
            {{sample_tensor({5, 2}), sample_tensor({2, 2}, 0, 1, 2)}, {at(0), at(1), at(3), at(1)}},
            {{sample_tensor({2, 5}), sample_tensor({2, 3}, 0, 1, 2)},
             {at(1), Attribute(), Attribute(), at(2)}}};
      });
}

void define_diagonal_scatter(OpDef& op) {
  op.doc("A copy of `x` in which diagonal(offset, dim1, dim2) is `src`.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& src, int64_t offset, int64_t dim1,
                  int64_t dim2) -> Tensor {
        const Tensor y = clone(x);
        checked_part("diagonal_scatter", y.diagonal(offset, dim1, dim2), src).copy_(src);
        return y;
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({3, 4}), sample_tensor({3}, 0, 1, 2)}, {at(0), at(0), at(1)}},
                {{sample_tensor({3, 3}), sample_tensor({2}, 0, 1, 2)}, {at(-1), at(0), at(1)}}};
      });
}

}  // namespace tenon::ops
