// Dims in another order: transpose, t, permute, movedim.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Shape permutation(std::string_view call, const Tensor& x, IntList dims) {
  if (static_cast<int64_t>(dims.size()) != x.dim()) {
    fail<ShapeError>(
        call, fmt::format("expected an order of all {} dims, got {}", x.dim(), to_string(dims)));
  }
  dim_mask(call, dims, x.dim());
  Shape order(dims);
  for (int64_t& dim : order) dim = normalize_dim(call, dim, x.dim());
  return order;
}

ViewSpec swapped(const Tensor& x, size_t a, size_t b) {
  ViewSpec spec{x.sizes(), x.strides(), x.storage_offset()};
  if (a != b) {
    std::swap(spec.sizes[a], spec.sizes[b]);
    std::swap(spec.strides[a], spec.strides[b]);
  }
  return spec;
}

}  // namespace

void define_transpose(OpDef& op) {
  op.doc("`x` with dims `dim0` and `dim1` exchanged, a view.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dim0, int64_t dim1) -> ViewSpec {
        const int64_t a = normalize_dim("transpose", dim0, x.dim());
        const int64_t b = normalize_dim("transpose", dim1, x.dim());
        return swapped(x, static_cast<size_t>(a), static_cast<size_t>(b));
      })
      .vjp([](const Saved&, const Tensor& dy, int64_t dim0, int64_t dim1) -> Grads {
        return {transpose(dy, dim0, dim1)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 4})}, {Attribute(int64_t{0}), Attribute(int64_t{2})}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{-1}), Attribute(int64_t{-2})}}};
      });
}

void define_t(OpDef& op) {
  op.doc("The transpose of a matrix, a view; tensors of rank 0 and 1 stay. ShapeError above.")
      .accepts(kAnySet)
      .view([](const Tensor& x) -> ViewSpec {
        if (x.dim() > 2) {
          fail<ShapeError>("t",
                           fmt::format("expected a tensor of rank 2 or less, got sizes {}; use "
                                       "transpose(dim0, dim1)",
                                       to_string(x.sizes())));
        }
        return swapped(x, 0, x.dim() == 2 ? 1 : 0);
      })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {t(dy)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {}}, {{sample_tensor({4})}, {}}};
      });
}

void define_permute(OpDef& op) {
  op.doc("`x` with its dims in the order `dims`, a view: size(i) of the result is x.size(dims[i]).")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList dims) -> ViewSpec {
        ViewSpec spec{{}, {}, x.storage_offset()};
        for (const int64_t dim : permutation("permute", x, dims)) {
          spec.sizes.push_back(x.sizes()[static_cast<size_t>(dim)]);
          spec.strides.push_back(x.strides()[static_cast<size_t>(dim)]);
        }
        return spec;
      })
      .vjp([](const Saved&, const Tensor& dy, IntList dims) -> Grads {
        const Shape order = permutation("permute", dy, dims);
        Shape inverse(order.size());
        for (size_t i = 0; i < order.size(); ++i) {
          inverse[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
        }
        return {permute(dy, inverse)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 4})}, {Attribute(Shape{2, 0, 1})}},
                {{sample_tensor({2, 3})}, {Attribute(Shape{-1, 0})}}};
      });
}

void define_movedim(OpDef& op) {
  op.doc(
        "`x` with dims source[i] moved to the places destination[i], the others in their order; a "
        "view.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList source, IntList destination) -> Tensor {
        if (source.size() != destination.size()) {
          fail<ShapeError>("movedim", fmt::format("{} dims can't go to {} places", source.size(),
                                                  destination.size()));
        }
        if (source.empty() || x.dim() == 0) return x;
        const uint64_t moved = dim_mask("movedim", source, x.dim());
        dim_mask("movedim", destination, x.dim());
        Shape order(x.sizes().size(), -1);
        for (size_t i = 0; i < source.size(); ++i) {
          const int64_t to = normalize_dim("movedim", destination[i], x.dim());
          order[static_cast<size_t>(to)] = normalize_dim("movedim", source[i], x.dim());
        }
        int64_t next = 0;
        for (int64_t& place : order) {
          if (place >= 0) continue;
          while (moved >> next & 1) ++next;
          place = next++;
        }
        return permute(x, order);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_tensor({2, 3, 4});
        return {{{x}, {Attribute(Shape{0}), Attribute(Shape{2})}},
                {{x}, {Attribute(Shape{-1}), Attribute(Shape{1})}},
                {{x}, {Attribute(Shape{0, 1}), Attribute(Shape{-1, 0})}}};
      });
}

}  // namespace tenon::ops
