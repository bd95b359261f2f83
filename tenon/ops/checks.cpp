#include "tenon/ops/checks_internal.h"

#include <algorithm>

#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

template <class T>
bool all_in_unit_interval(const T* values, int64_t count) {
  return std::all_of(values, values + count, [](T value) { return value >= 0 && value <= 1; });
}

/// Of few numbers that are there: a look at them takes less time than two ops.
bool is_seen_in_unit_interval(const Tensor& x) {
  constexpr int64_t kFew = 256;
  const int64_t count = x.numel();
  if (modes().deferrer || !x.is_contiguous() || count > kFew) return false;
  const void* const data = x.const_raw_data();
  if (x.dtype() == kFloat64) return all_in_unit_interval(static_cast<const double*>(data), count);
  return x.dtype() == kFloat32 && all_in_unit_interval(static_cast<const float*>(data), count);
}

}  // namespace

void check_probabilities(std::string_view call, std::string_view expected, const Tensor& x) {
  if (x.device() != kCpu || is_seen_in_unit_interval(x)) return;
  const NoGrad no_grad;
  expect_none(outside_unit_interval(x), call, expected, false);
}

void check_labels_where_they_run(std::string_view call, const Tensor& labels, int64_t classes,
                                 int64_t ignore_index) {
  const NoGrad no_grad;
  const Tensor wide = labels.to(kInt64);
  const Tensor outside = logical_or(wide < 0, wide >= classes);
  expect_none(sum(logical_and(outside, wide != ignore_index)), call,
              "labels in [0, C), C the classes of the input, or ignore_index", true);
}

void define_outside_unit_interval(OpDef& op) {
  op.doc("How many elements are not in [0, 1]; NaN is not. int64, 0-d.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .shape([](const Tensor&) -> Spec {
        return {kInt64, {}};
      })
      .rows([](const Call&, const Shape&) { return ~uint64_t{0}; })
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), zero = t.constant(0), one = t.constant(1);
        const Value inside = t.logical_and(t.ge(x, zero), t.le(x, one));
        t.store(0, t.row_sum(t.select(inside, zero, one)));
      })
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples(-1, 2)); });
}

void define_expect_none(OpDef& op) {
  op.doc(
        "`count`, 0-d; where it isn't 0 an error of `caller` that says what was `expected`: an "
        "IndexError of indices, else a ValueError.")
      .accepts(set_of(kInt64))
      .shape([](const Tensor&, std::string_view, std::string_view, bool) -> Spec {
        return {kInt64, {}};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({}, 0, 1)},
                 {Attribute("check"), Attribute("numbers in [0, 1]"), Attribute(false)},
                 false}};
      });
}

}  // namespace tenon::ops
