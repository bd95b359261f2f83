// Elements chosen by a mask: masked_fill, masked_select, nonzero.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_mask(std::string_view call, const Tensor& mask) {
  if (mask.dtype() != kBool) {
    fail<DTypeError>(call, fmt::format("expected a mask of bool, got {}; compare it with 0",
                                       name_of(mask.dtype())));
  }
}

/// Bools are computed with as whole numbers, which would make half a one false.
void check_held(std::string_view call, DType dtype, DType value) {
  if ((is_complex(value) && !is_complex(dtype)) || (is_floating(value) && dtype == kBool)) {
    fail<DTypeError>(call, fmt::format("a tensor of {} holds no values of {}; convert them with "
                                       "to(k...)",
                                       name_of(dtype), name_of(value)));
  }
}

}  // namespace

void define_masked_fill(OpDef& op) {
  op.doc(
        "`value` where `mask` (bool) is true, else x; of x's dtype, which values are converted to. "
        "All three broadcast. DTypeError where `x` can't hold such values: complex ones in real "
        "numbers, a tensor of floating ones in bools. ValueError where the dtype's range doesn't "
        "cover a number: 300 in uint8, 1e9 in float16; infinity is a floating number.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, const Tensor& mask, const Tensor& value) -> Spec {
        check_mask("masked_fill", mask);
        const Shape sizes = broadcast_shapes("masked_fill", x.sizes(), mask.sizes());
        check_held("masked_fill", x.dtype(), value.dtype());
        return {x.dtype(), broadcast_shapes("masked_fill", sizes, value.sizes())};
      })
      .tile([](TileBuilder& t) { t.store(0, t.select(t.load(1), t.load(2), t.load(0))); })
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& mask = saved.input(1);
        return {saved.needs(0) ? masked_fill(dy, mask, 0) : Tensor(), Tensor(),
                saved.needs(2) ? masked_fill(dy, logical_not(mask), 0) : Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_mask({3, 4}), sample_tensor({}, 5, 6)}, {}},
                {{sample_tensor({3, 4}), sample_mask({4}), sample_tensor({}, 5, 6)}, {}},
                {{sample_tensor({4}), sample_mask({3, 1}), sample_tensor({3, 4}, 5, 6)}, {}}};
      });
}

void define_masked_select(OpDef& op) {
  op.doc(
        "The elements of `x` where `mask` (bool) is true, in row-major order, 1-d. The two "
        "broadcast.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& mask) -> Tensor {
        check_mask("masked_select", mask);
        const Shape sizes = broadcast_shapes("masked_select", x.sizes(), mask.sizes());
        const Tensor chosen = nonzero(reshape(expand(mask, sizes), {-1}));
        return index_select(reshape(expand(x, sizes), {-1}), 0, reshape(chosen, {-1}));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_mask({3, 4})}, {}},
                {{sample_tensor({3, 4}), sample_mask({4})}, {}}};
      });
}

void define_nonzero(OpDef& op) {
  op.doc(
        "The places of the elements that are not 0, in row-major order: int64 [count, rank]. NaN "
        "counts.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_mask({3, 4})}, {}, false},
                {{sample_integers({5}, -1, 2)}, {}, false},
                {{sample_mask({2, 2, 2})}, {}, false}};
      });
}

}  // namespace tenon::ops
