// Other sizes for the same elements in the same order: view, reshape, flatten, unflatten.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/shape/layout.h"

namespace tenon::ops {

void define_view(OpDef& op) {
  op.doc(
        "`x` with other sizes, the same elements in row-major order, sharing memory. One size may "
        "be -1: what is left over. ShapeError where the element counts differ or the strides of "
        "`x` don't allow it (reshape copies then).")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList sizes) -> ViewSpec {
        ViewSpec spec{resolve_sizes("view", x.numel(), sizes), {}, x.storage_offset()};
        if (!strides_of_view(x.sizes(), x.strides(), spec.sizes, spec.strides)) {
          fail<ShapeError>("view", fmt::format("a tensor of sizes {} and strides {} can't be seen "
                                               "as {} without a copy; use reshape()",
                                               to_string(x.sizes()), to_string(x.strides()),
                                               to_string(spec.sizes)));
        }
        return spec;
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {reshape(dy, saved.input_sizes(0))};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 6})}, {Attribute(Shape{3, 4})}},
                {{sample_tensor({2, 6})}, {Attribute(Shape{-1})}},
                {{sample_tensor({1, 4})}, {Attribute(Shape{2, 1, 2})}},
                {{sample_tensor({1})}, {Attribute(Shape{})}}};
      });
}

void define_reshape(OpDef& op) {
  op.doc(
        "`x` with other sizes, the same elements in row-major order: a view where the strides "
        "allow it, else a copy. One size may be -1: what is left over. ShapeError where the "
        "element counts differ.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList sizes) -> Tensor {
        const Shape wanted = resolve_sizes("reshape", x.numel(), sizes);
        Shape strides;
        if (strides_of_view(x.sizes(), x.strides(), wanted, strides)) return view(x, wanted);
        return view(clone(x), wanted);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 6})}, {Attribute(Shape{3, 4})}},
                {{sample_tensor({3, 2, 2})}, {Attribute(Shape{-1, 4})}},
                {{sample_tensor({})}, {Attribute(Shape{1, 1})}}};
      });
}

void define_flatten(OpDef& op) {
  op.doc("The dims from `start_dim` to `end_dim` become one; a view where the strides allow it.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t start_dim, int64_t end_dim) -> Tensor {
        const int64_t start = normalize_dim("flatten", start_dim, x.dim());
        const int64_t end = normalize_dim("flatten", end_dim, x.dim());
        if (start > end) {
          fail<ValueError>("flatten", fmt::format("start_dim {} comes after end_dim {}; swap them",
                                                  start_dim, end_dim));
        }
        if (x.dim() == 0) return reshape(x, {1});
        if (start == end) return x;
        Shape sizes;
        int64_t merged = 1;
        for (int64_t i = 0; i < x.dim(); ++i) {
          const int64_t size = x.sizes()[static_cast<size_t>(i)];
          if (i >= start && i <= end) {
            merged *= size;
            if (i == end) sizes.push_back(merged);
          } else {
            sizes.push_back(size);
          }
        }
        return reshape(x, sizes);
      })
      .samples([]() -> std::vector<Sample> {
        const Attribute zero(int64_t{0}), one(int64_t{1}), last(int64_t{-1});
        return {{{sample_tensor({2, 3, 2})}, {zero, last}},
                {{sample_tensor({2, 3, 2})}, {one, last}},
                {{sample_tensor({2, 3, 2})}, {zero, one}},
                {{sample_tensor({})}, {zero, last}}};
      });
}

void define_unflatten(OpDef& op) {
  op.doc("Dim `dim` becomes dims of `sizes`, of which one may be -1. ShapeError unless they fit.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t dim, IntList sizes) -> Tensor {
        const auto split = static_cast<size_t>(normalize_dim("unflatten", dim, x.dim()));
        if (x.dim() == 0) fail<ShapeError>("unflatten", "expected a tensor of rank 1 or more");
        Shape result;
        for (size_t i = 0; i < split; ++i) result.push_back(x.sizes()[i]);
        for (const int64_t size : resolve_sizes("unflatten", x.sizes()[split], sizes)) {
          result.push_back(size);
        }
        for (size_t i = split + 1; i < x.sizes().size(); ++i) result.push_back(x.sizes()[i]);
        return reshape(x, result);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 6})}, {Attribute(int64_t{1}), Attribute(Shape{2, -1})}},
                {{sample_tensor({4, 3})}, {Attribute(int64_t{-2}), Attribute(Shape{2, 2})}}};
      });
}

}  // namespace tenon::ops
