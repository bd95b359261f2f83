#include <cmath>
#include <limits>

#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

enum Order { kTwo, kOne, kZero, kLargest, kSmallest, kOther };

int order_of(double p) {
  if (p == 2) return kTwo;
  if (p == 1) return kOne;
  if (p == 0) return kZero;
  if (std::isinf(p)) return p > 0 ? kLargest : kSmallest;
  return kOther;
}

Value norm_of_row(TileBuilder& t, Value x, int order) {
  switch (order) {
    case kTwo:
      return t.sqrt(t.row_sum(t.square(x)));
    case kOne:
      return t.row_sum(t.abs(x));
    case kZero:
      return t.row_sum(t.ne(x, t.constant(0)));
    case kLargest:
      return t.row_max(t.abs(x));
    case kSmallest:
      return t.row_min(t.abs(x));
    default: {
      const Value p = t.scalar(0);
      return t.pow(t.row_sum(t.pow(t.abs(x), p)), t.div(t.constant(1), p));
    }
  }
}

/// dy / slope where y isn't 0, else 0: also in its own derivatives.
Tensor over_slope(const Tensor& dy, const Tensor& y, const Tensor& slope) {
  const Tensor zero = y == 0;
  return where(zero, 0, dy) / where(zero, 1, slope);
}

Tensor norm_gradient(const Saved& saved, const Tensor& dy, double p, IntList dims, bool keepdim) {
  const Tensor& x = saved.input(0);
  const Tensor& y = saved.output();
  const auto wide = [&](const Tensor& row) { return spread(row, x.sizes(), dims, keepdim); };
  switch (order_of(p)) {
    case kTwo:
      return x * wide(over_slope(dy, y, y));
    case kOne:
      return direction(x) * wide(dy);
    case kZero:
      return {};
    case kLargest:
    case kSmallest:
      return direction(x) * share_among(wide(dy), abs(x), wide(y), dims);
    default: {
      const Tensor slope = where(x == 0, 0, direction(x) * pow(abs(x), p - 1));
      return slope * wide(over_slope(dy, y, pow(y, p - 1)));
    }
  }
}

}  // namespace

void define_norm(OpDef& op) {
  op.doc(
        "The p-norm over `dims` (none given: all), of the elements as one vector: "
        "sum(|x|^p)^(1/p). p = 0 counts the nonzero elements, inf and -inf give the largest and "
        "smallest |x| (a ValueError where there is no element). Integers become float32.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, double p, IntList dims, bool keepdim) -> Spec {
        if (std::isinf(p)) check_not_empty("norm", x, dims);
        return {real_of(computed_floating(x.dtype())), reduced_sizes("norm", x, dims, keepdim)};
      })
      .rows(rows_of_dims<1>)
      .variant([](const Tensor&, double p, IntList, bool) { return order_of(p); })
      .tile([](TileBuilder& t, int order) { t.store(0, norm_of_row(t, t.load(0), order)); })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, double p, IntList dims, bool keepdim) -> Grads {
        return {norm_gradient(saved, dy, p, dims, keepdim)};
      })
      .samples([] {
        std::vector<Sample> samples;
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        for (const double p : {2.0, 1.0, 0.0, kInfinity, -kInfinity, 3.0, 1.5}) {
          for (const auto& [low, high] : {std::pair(0.2, 2.0), {-2.0, -0.2}}) {
            samples.push_back({{sample_tensor({3, 5}, low, high)},
                               {Attribute(p), Attribute(IntList{1}), Attribute(false)}});
          }
          samples.push_back({{sample_tensor({2, 3, 2}, 0.2, 2)},
                             {Attribute(p), Attribute(IntList{0, 2}), Attribute(true)}});
        }
        samples.push_back({{sample_tensor({}, 0.5, 2)},
                           {Attribute(2.0), Attribute(IntList{}), Attribute(false)}});
        return samples;
      });
}

}  // namespace tenon::ops
