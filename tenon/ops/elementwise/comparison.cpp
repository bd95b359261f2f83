#include <cmath>

#include "tenon/core/promotion.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

template <class Compare>
void define_comparison(OpDef& op, std::string_view documentation, DTypeSet accepted, Compare) {
  op.doc(documentation)
      .accepts(accepted)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, Compare{}(t, t.load(0), t.load(1))); })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = binary_samples();
        samples.push_back(
            {{sample_integers({4, 5}, -2, 2, 1), sample_integers({5}, -2, 2, 2)}, {}});
        return not_differentiable(std::move(samples));
      });
}

constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

/// Whether |a - b| <= atol + rtol |b|. Differences of integers are taken in 64 bits, the smaller
/// from the larger one; one that is too large for these comes out negative, and isn't near.
Tensor is_near(const Tensor& a, const Tensor& b, double rtol, double atol) {
  const Tensor* const both[] = {&a, &b};
  const DType dtype = result_type(both);
  const Tensor tolerance = abs(b * rtol) + atol;
  if (is_floating(dtype) || is_complex(dtype)) return abs(a - b) <= tolerance;
  const DType wide = dtype == kUInt64 ? kUInt64 : kInt64;
  const Tensor x = a.to(wide), y = b.to(wide);
  const Tensor distance = maximum(x, y) - minimum(x, y);
  return (distance >= 0) & (distance <= tolerance);
}

std::vector<Sample> closeness_samples() {
  const Tensor a = from_vector<double>({1, 2, 3, NAN, INFINITY, -INFINITY, 100});
  const Tensor b = from_vector<double>({1, 2.25, 3.5, NAN, INFINITY, INFINITY, 100.5});
  std::vector<Sample> samples;
  for (const bool equal_nan : {false, true}) {
    samples.push_back({{a, b}, {Attribute(0.03125), Attribute(0.25), Attribute(equal_nan)}, false});
  }
  samples.push_back({{sample_tensor({3, 4}), sample_tensor({4})},
                     {Attribute(0.5), Attribute(0.5), Attribute(false)},
                     false});
  return samples;
}

}  // namespace

void define_eq(OpDef& op) {
  define_comparison(op, "Whether a = b, as bool. Broadcasts. NaN equals nothing.", kAnySet,
                    [](TileBuilder& t, Value a, Value b) { return t.eq(a, b); });
}

void define_ne(OpDef& op) {
  define_comparison(op, "Whether a and b differ, as bool. Broadcasts. NaN differs from all.",
                    kAnySet, [](TileBuilder& t, Value a, Value b) { return t.ne(a, b); });
}

void define_lt(OpDef& op) {
  define_comparison(op, "Whether a < b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.lt(a, b); });
}

void define_le(OpDef& op) {
  define_comparison(op, "Whether a <= b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.le(a, b); });
}

void define_gt(OpDef& op) {
  define_comparison(op, "Whether a > b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.gt(a, b); });
}

void define_ge(OpDef& op) {
  define_comparison(op, "Whether a >= b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.ge(a, b); });
}

void define_isclose(OpDef& op) {
  op.doc(
        "Whether |a - b| <= atol + rtol |b|, as bool. Broadcasts. Equal infinities are close; NaN "
        "is close to NaN with `equal_nan` only.")
      .compose(
          [](const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) -> Tensor {
            const Tensor near = isfinite(b) & is_near(a, b, rtol, atol);
            const Tensor close = (a == b) | near;
            return equal_nan ? close | (isnan(a) & isnan(b)) : close;
          })
      .accepts(kAnySet)
      .not_differentiable()
      .samples([] { return closeness_samples(); });
}

void define_allclose(OpDef& op) {
  op.doc("Whether all elements are close, after isclose: 0-d bool.")
      .compose([](const Tensor& a, const Tensor& b, double rtol, double atol,
                  bool equal_nan) -> Tensor { return all(isclose(a, b, rtol, atol, equal_nan)); })
      .accepts(kAnySet)
      .not_differentiable()
      .samples([] { return closeness_samples(); });
}

void define_equal(OpDef& op) {
  op.doc("Whether both have the same sizes and elements: 0-d bool. NaN equals nothing.")
      .accepts(kAnySet)
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        if (a.sizes() != b.sizes()) return full({}, false, kBool, a.device());
        return all(a == b);
      })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = not_differentiable(binary_samples());
        samples.push_back({{sample_tensor({3, 4}), sample_tensor({3, 4})}, {}, false});
        return samples;
      });
}

}  // namespace tenon::ops
