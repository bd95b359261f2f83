// Products of whole tensors: tensordot, kron, cross; and trace.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The dims that aren't in `dims`, in their order.
Shape other_dims(const Tensor& x, const Shape& dims) {
  Shape rest;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (std::find(dims.begin(), dims.end(), i) == dims.end()) rest.push_back(i);
  }
  return rest;
}

Shape joined(const Shape& a, const Shape& b) {
  Shape result = a;
  for (const int64_t value : b) result.push_back(value);
  return result;
}

Shape sizes_at(const Tensor& x, const Shape& dims) {
  Shape sizes;
  for (const int64_t dim : dims) sizes.push_back(x.sizes()[static_cast<size_t>(dim)]);
  return sizes;
}

Shape normalized_dims(const Tensor& x, IntList dims) {
  if (!dims.empty()) dim_mask("tensordot", dims, x.dim());
  Shape result(dims);
  for (int64_t& dim : result) dim = normalize_dim("tensordot", dim, x.dim());
  return result;
}

Tensor tensordot_of(const Tensor& a, const Tensor& b, IntList dims_a, IntList dims_b) {
  const Shape inner_a = normalized_dims(a, dims_a), inner_b = normalized_dims(b, dims_b);
  const Shape inner = sizes_at(a, inner_a);
  if (inner != sizes_at(b, inner_b)) {
    fail<ShapeError>("tensordot", fmt::format("dims {} of {} and dims {} of {} have other sizes",
                                              to_string(dims_a), to_string(a.sizes()),
                                              to_string(dims_b), to_string(b.sizes())));
  }
  const Shape rows = other_dims(a, inner_a), columns = other_dims(b, inner_b);
  const int64_t count = count_elements("tensordot", inner);
  const Shape row_sizes = sizes_at(a, rows), column_sizes = sizes_at(b, columns);
  const Tensor left =
      reshape(permute(a, joined(rows, inner_a)), {count_elements("tensordot", row_sizes), count});
  const Tensor right = reshape(permute(b, joined(inner_b, columns)),
                               {count, count_elements("tensordot", column_sizes)});
  return reshape(matmul(left, right), joined(row_sizes, column_sizes));
}

int64_t cross_dim(const Tensor& a, const Tensor& b, std::optional<int64_t> dim) {
  const Shape sizes = broadcast_shapes("cross", a.sizes(), b.sizes());
  const auto rank = static_cast<int64_t>(sizes.size());
  const auto three = std::find(sizes.begin(), sizes.end(), 3);
  if (!dim && three == sizes.end()) {
    fail<ShapeError>("cross", fmt::format("no dim of {} has size 3", to_string(sizes)));
  }
  const int64_t along = dim ? normalize_dim("cross", *dim, rank) : three - sizes.begin();
  if (rank == 0 || sizes[static_cast<size_t>(along)] != 3) {
    fail<ShapeError>("cross", fmt::format("expected size 3 along dim {}, got sizes {}", along,
                                          to_string(sizes)));
  }
  return along;
}

}  // namespace

void define_tensordot(OpDef& op) {
  op.doc(
        "Sums of products over dims dims_a[i] of `a` together with dims_b[i] of `b`; the result "
        "has the other dims of `a`, then those of `b`. ShapeError where the sizes differ.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b, IntList dims_a, IntList dims_b) -> Tensor {
        return tensordot_of(a, b, dims_a, dims_b);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 4}), sample_tensor({4, 3, 2}, -1, 1, 2)},
                 {Attribute(Shape{1, 2}), Attribute(Shape{1, 0})}},
                {{sample_tensor({2, 3}), sample_tensor({2, 4}, -1, 1, 2)},
                 {Attribute(Shape{0}), Attribute(Shape{0})}},
                {{sample_tensor({2}), sample_tensor({3}, -1, 1, 2)},
                 {Attribute(Shape{}), Attribute(Shape{})}}};
      });
}

void define_kron(OpDef& op) {
  op.doc(
        "Kronecker's product: each element of `a` times all of `b`, as blocks. Sizes multiply; the "
        "tensor of fewer dims gets dims of size 1 in front.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        const size_t rank = std::max(a.sizes().size(), b.sizes().size());
        Shape a_apart, b_apart, merged;
        for (size_t i = 0; i < rank; ++i) {
          const auto size_of_dim = [&](const Tensor& x) {
            const size_t missing = rank - x.sizes().size();
            return i < missing ? int64_t{1} : x.sizes()[i - missing];
          };
          for (const int64_t size : {size_of_dim(a), int64_t{1}}) a_apart.push_back(size);
          for (const int64_t size : {int64_t{1}, size_of_dim(b)}) b_apart.push_back(size);
          merged.push_back(count_elements("kron", {size_of_dim(a), size_of_dim(b)}));
        }
        return reshape(reshape(a, a_apart) * reshape(b, b_apart), merged);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3}), sample_tensor({3, 2}, -1, 1, 2)}, {}},
                {{sample_tensor({2}), sample_tensor({2, 2}, -1, 1, 2)}, {}}};
      });
}

void define_cross(OpDef& op) {
  op.doc(
        "The cross product of vectors along `dim`, which has size 3 (the first such dim unless "
        "given). Broadcasts.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b, std::optional<int64_t> dim) -> Tensor {
        const int64_t along = cross_dim(a, b, dim);
        const Shape sizes = broadcast_shapes("cross", a.sizes(), b.sizes());
        const Tensor x = expand(a, sizes), y = expand(b, sizes);
        const auto turned = [along](const Tensor& v, int64_t by) { return roll(v, {by}, {along}); };
        return turned(x, -1) * turned(y, -2) - turned(x, -2) * turned(y, -1);
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({4, 3}), sample_tensor({4, 3}, -1, 1, 2)}, {Attribute(int64_t{-1})}},
            {{sample_tensor({3, 2}), sample_tensor({3, 2}, -1, 1, 2)}, {Attribute()}}};
      });
}

void define_trace(OpDef& op) {
  op.doc("The sum of a matrix's main diagonal. ShapeError for other ranks.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x) -> Tensor {
        if (x.dim() != 2) {
          fail<ShapeError>("trace",
                           fmt::format("expected a matrix, got sizes {}", to_string(x.sizes())));
        }
        return sum(diagonal(x));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {}}, {{sample_tensor({3, 3})}, {}}};
      });
}

}  // namespace tenon::ops
