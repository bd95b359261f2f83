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

}  // namespace tenon::ops
