// Elements in another order along their dims: flip, roll.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_flip(OpDef& op) {
  op.doc("`x` with the order along each dim of `dims` reversed, a copy.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, IntList dims) -> Spec {
        if (!dims.empty()) dim_mask("flip", dims, x.dim());
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .vjp([](const Saved&, const Tensor& dy, IntList dims) -> Grads { return {flip(dy, dims)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(Shape{0})}},
                {{sample_tensor({2, 3, 2})}, {Attribute(Shape{0, -1})}}};
      });
}

void define_roll(OpDef& op) {
  op.doc(
        "`x` with element i along dims[k] moved to i + shifts[k], around the end; a copy. Without "
        "`dims`, one shift of all elements in row-major order.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList shifts, IntList dims) -> Tensor {
        if (dims.empty() && shifts.size() == 1) {
          return reshape(roll(reshape(x, {-1}), shifts, {0}), x.sizes());
        }
        if (shifts.size() != dims.size() || dims.empty()) {
          fail<ValueError>("roll",
                           fmt::format("expected a shift per dim, got shifts {} and dims {}",
                                       to_string(shifts), to_string(dims)));
        }
        Tensor result = x;
        for (size_t i = 0; i < dims.size(); ++i) {
          const int64_t size = x.size(dims[i]);
          const int64_t shift = size == 0 ? 0 : ((shifts[i] % size) + size) % size;
          if (shift == 0) continue;
          result = cat({narrow(result, dims[i], size - shift, shift),
                        narrow(result, dims[i], 0, size - shift)},
                       dims[i]);
        }
        return result.is_same(x) ? clone(x) : result;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(Shape{1}), Attribute(Shape{0})}},
                {{sample_tensor({3, 4})}, {Attribute(Shape{-1, 2}), Attribute(Shape{0, 1})}},
                {{sample_tensor({2, 3})}, {Attribute(Shape{8}), Attribute(Shape{})}}};
      });
}

namespace {

void check_rank(std::string_view call, const Tensor& x, int64_t rank) {
  if (x.dim() < rank) {
    fail<ShapeError>(call, fmt::format("expected a tensor of rank {} or more, got sizes {}", rank,
                                       to_string(x.sizes())));
  }
}

}  // namespace

void define_fliplr(OpDef& op) {
  op.doc("`x` with its columns (dim 1) in reverse order. ShapeError of fewer than two dims.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        check_rank("fliplr", x, 2);
        return flip(x, {1});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {}}, {{sample_tensor({2, 3, 2})}, {}}};
      });
}

void define_flipud(OpDef& op) {
  op.doc("`x` with its rows (dim 0) in reverse order. ShapeError of a 0-d tensor.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        check_rank("flipud", x, 1);
        return flip(x, {0});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {}}, {{sample_tensor({4})}, {}}};
      });
}

void define_rot90(OpDef& op) {
  op.doc(
        "`x` turned `k` times by 90 degrees in the plane of the two `dims` (0 and 1 unless given), "
        "from the first towards the second.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t k, IntList dims) -> Tensor {
        check_rank("rot90", x, 2);
        const Shape plane = dims.empty() ? Shape{0, 1} : Shape(dims);
        if (plane.size() != 2) {
          fail<ValueError>("rot90", fmt::format("expected two dims, got {}", to_string(dims)));
        }
        dim_mask("rot90", plane, x.dim());
        const int64_t a = plane[0], b = plane[1];
        switch ((k % 4 + 4) % 4) {
          case 1:
            return transpose(flip(x, {b}), a, b);
          case 2:
            return flip(x, plane);
          case 3:
            return flip(transpose(x, a, b), {b});
          default:
            return clone(x);
        }
      })
      .samples([]() -> std::vector<Sample> {
        std::vector<Sample> samples;
        for (const int64_t k : {0, 1, 2, 3, -1}) {
          samples.push_back({{sample_tensor({2, 3})}, {Attribute(k), Attribute(Shape{})}});
        }
        samples.push_back(
            {{sample_tensor({2, 3, 2})}, {Attribute(int64_t{1}), Attribute(Shape{1, -1})}});
        return samples;
      });
}

}  // namespace tenon::ops
