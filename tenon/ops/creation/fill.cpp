#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/filled_internal.h"

namespace tenon::ops {
namespace {

void check_broadcasts_to(const Shape& sizes, const Shape& source) {
  bool fits = source.size() <= sizes.size();
  for (size_t i = 0; fits && i < source.size(); ++i) {
    const int64_t own = source[source.size() - 1 - i];
    fits = own == 1 || own == sizes[sizes.size() - 1 - i];
  }
  if (fits) return;
  fail<ShapeError>("copy", fmt::format("a source of sizes {} doesn't broadcast to {}",
                                       to_string(source), to_string(sizes)));
}

}  // namespace

void define_fill(OpDef& op) {
  op.doc(
        "A tensor of `x`'s sizes and dtype whose elements are all `value`; `x.fill_(value)` writes "
        "it into `x`. ValueError as full.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, Scalar) -> Spec {
        return {x.dtype(), x.sizes()};
      })
      .variant([](const Tensor& x, Scalar value) {
        return filled_variant("fill", x.sizes(), x.dtype(), value);
      })
      .tile([](TileBuilder& t, int variant) { store_filled(t, variant); })
      .vjp([](const Saved&, const Tensor&, Scalar) -> Grads { return {Tensor()}; })
      .samples([] { return unary_samples(-2, 2, {Attribute(Scalar(1.0))}); });
}

void define_copy(OpDef& op) {
  op.doc(
        "`source` broadcast to the sizes and converted to the dtype of `x`, whose values are not "
        "read; "
        "`x.copy_(source)` writes it into `x`. ShapeError where the sizes don't broadcast to x's.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kSecondInput)
      .shape([](const Tensor& x, const Tensor& source) -> Spec {
        check_broadcasts_to(x.sizes(), source.sizes());
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) { t.store(0, t.load(1)); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads {
        return {Tensor(), dy};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 4}), sample_tensor({3, 4}, -2, 2, 2)}, {}},
                                   {{sample_tensor({3, 4}), sample_tensor({4}, -2, 2, 2)}, {}},
                                   {{sample_tensor({5}), sample_tensor({}, -2, 2, 2)}, {}}};
      });
}

}  // namespace tenon::ops
