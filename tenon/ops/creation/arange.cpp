// Evenly spaced numbers: arange, linspace; and eye.

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/dispatch/host_numbers_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

int64_t arange_count(Scalar start, Scalar end, Scalar step) {
  if (start.is_complex() || end.is_complex() || step.is_complex()) {
    fail<DTypeError>("arange", "expected real numbers");
  }
  const double range = end.to_double() - start.to_double(), by = step.to_double();
  if (by == 0 || !std::isfinite(range) || !std::isfinite(by) ||
      (range != 0 && (range > 0) != (by > 0))) {
    fail<ValueError>("arange", fmt::format("no steps of {} lead from {} to {}", step.to_string(),
                                           start.to_string(), end.to_string()));
  }
  if (start.is_integer() && end.is_integer() && step.is_integer()) {
    const auto distance = static_cast<__int128>(end.to_int()) - start.to_int();
    const auto wide_step = static_cast<__int128>(step.to_int());
    const __int128 count = distance / wide_step + (distance % wide_step != 0 ? 1 : 0);
    return count > INT64_MAX ? INT64_MAX : static_cast<int64_t>(count);
  }
  return Scalar(std::ceil(range / by)).to_int();
}

void check_ends(Scalar start, Scalar end, DType dtype) {
  check_holds("linspace", start, dtype);
  check_holds("linspace", end, dtype);
  int64_t distance = 0;
  if (!__builtin_sub_overflow(end.to_int(), start.to_int(), &distance)) return;
  fail<ValueError>("linspace", fmt::format("64 bits don't hold the distance from {} to {}",
                                           start.to_string(), end.to_string()));
}

/// start + i (end - start) / parts cut to whole numbers, exactly: of the quotient's whole part and
/// its remainder, whose products with i fit.
Value whole_between(TileBuilder& t, Value start, Value end, Value parts) {
  const Value i = t.linear_index(), distance = t.sub(end, start), zero = t.constant(0);
  const Value step = t.floor_divide(distance, parts);
  const Value rest = t.mul(i, t.sub(distance, t.mul(step, parts)));
  const Value more = t.floor_divide(rest, parts);
  const Value below = t.add(t.add(start, t.mul(i, step)), more);
  const Value is_whole = t.eq(rest, t.mul(more, parts));
  return t.select(t.logical_or(is_whole, t.ge(below, zero)), below, t.add(below, t.constant(1)));
}

std::vector<Attribute> arange_sample(Scalar start, Scalar end, Scalar step) {
  return {Attribute(start), Attribute(end), Attribute(step), Attribute(), Attribute(kCpu)};
}

}  // namespace

void define_arange(OpDef& op) {
  op.doc(
        "[start, start + step, ...] up to but without `end`. dtype: int64 for whole numbers, else "
        "the default dtype, unless given. ValueError where the step doesn't lead from start to "
        "end.")
      .shape([](Scalar start, Scalar end, Scalar step, std::optional<DType> dtype, Device) -> Spec {
        const bool whole = start.is_integer() && end.is_integer() && step.is_integer();
        const DType result = dtype.value_or(whole ? kInt64 : default_dtype());
        if (!contains(kRealSet, result)) {
          fail<DTypeError>("arange", fmt::format("expected one of {}, got {}", to_string(kRealSet),
                                                 name_of(result)));
        }
        return {result, {arange_count(start, end, step)}};
      })
      .tile([](TileBuilder& t) {
        t.store(0, t.add(t.scalar(0), t.mul(t.linear_index(), t.scalar(2))));
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{}, arange_sample(0, 5, 1), false},
                {{}, arange_sample(1.0, 2.0, 0.3), false},
                {{}, arange_sample(5, -4, -2), false}};
      });
}

void define_linspace(OpDef& op) {
  op.doc(
        "`steps` evenly spaced numbers from `start` to `end`, both included. Of integer dtypes "
        "both are cut to whole numbers, and so is what lies between. DTypeError of bool and "
        "uint64, ValueError where integers don't hold `start` or `end`, or 64 bits not their "
        "distance.")
      .shape([](Scalar start, Scalar end, int64_t steps, DType dtype, Device) -> Spec {
        if (is_integer(dtype)) check_ends(start, end, dtype);
        if (!contains(kNumberSet, dtype) || dtype == kUInt64) {
          fail<DTypeError>("linspace", fmt::format("expected numbers other than uint64, got {}",
                                                   name_of(dtype)));
        }
        return {dtype, {steps}};
      })
      .variant(
          [](Scalar, Scalar, int64_t, DType dtype, Device) { return is_integer(dtype) ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        const Value start = t.scalar(0), end = t.scalar(1), steps = t.scalar(2);
        const Value one = t.constant(1), i = t.linear_index();
        const Value last = t.sub(steps, one);
        if (variant == 1) return t.store(0, whole_between(t, start, end, t.maximum(last, one)));
        const Value step = t.div(t.sub(end, start), t.maximum(last, one));
        // From both ends, so that the last number is exactly `end`.
        const Value up = t.add(start, t.mul(i, step));
        const Value down = t.sub(end, t.mul(t.sub(last, i), step));
        t.store(0, t.select(t.lt(i, t.mul(steps, t.constant(0.5))), up, down));
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](double start, double end, int64_t steps) {
          return std::vector<Attribute>{Attribute(Scalar(start)), Attribute(Scalar(end)),
                                        Attribute(steps), Attribute(kFloat64), Attribute(kCpu)};
        };
        return {{{}, of(0, 1, 5), false}, {{}, of(3, -2, 4), false}, {{}, of(2, 7, 1), false}};
      });
}

void define_eye(OpDef& op) {
  op.doc("[n, m] (m: n unless given) with 1 on the main diagonal and 0 elsewhere.")
      .compose([](int64_t n, std::optional<int64_t> m, DType dtype, Device device) -> Tensor {
        return diagonal_mask(n, m.value_or(n), 0, 0, device).to(dtype);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {
            {{}, {Attribute(int64_t{3}), Attribute(), Attribute(kFloat32), Attribute(kCpu)}, false},
            {{},
             {Attribute(int64_t{2}), Attribute(int64_t{4}), Attribute(kInt64), Attribute(kCpu)},
             false}};
      });
}

}  // namespace tenon::ops
