#include "tenon/ops/define.h"

namespace tenon::ops {

void define_minimum(OpDef& op) {
  op.doc(
        "The smaller of the elements. Broadcasts. NaN wins. Where a = b, each gets half of the "
        "gradient.")
      .tile([](TileBuilder& t) { t.store(0, t.minimum(t.load(0), t.load(1))); })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& a = saved.input(0);
        const Tensor& b = saved.input(1);
        return {saved.needs(0) ? where_greater(dy, b, a) : Tensor(),
                saved.needs(1) ? where_greater(dy, a, b) : Tensor()};
      })
      .samples([] { return binary_samples(-1.93, 2.04); });
}

void define_maximum(OpDef& op) {
  op.doc(
        "The larger of the elements. Broadcasts. NaN wins. Where a = b, each gets half of the "
        "gradient.")
      .tile([](TileBuilder& t) { t.store(0, t.maximum(t.load(0), t.load(1))); })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& a = saved.input(0);
        const Tensor& b = saved.input(1);
        return {saved.needs(0) ? where_greater(dy, a, b) : Tensor(),
                saved.needs(1) ? where_greater(dy, b, a) : Tensor()};
      })
      .samples([] { return binary_samples(-1.93, 2.04); });
}

namespace {

/// Of a number and a NaN the number.
void define_without_nan(OpDef& op, std::string_view documentation, bool largest) {
  op.doc(documentation).samples([] { return binary_samples(-1.93, 2.04); });
  if (largest) {
    op.compose([](const Tensor& a, const Tensor& b) -> Tensor {
      return where(isnan(b), a, where(isnan(a), b, maximum(a, b)));
    });
  } else {
    op.compose([](const Tensor& a, const Tensor& b) -> Tensor {
      return where(isnan(b), a, where(isnan(a), b, minimum(a, b)));
    });
  }
}

}  // namespace

void define_fmin(OpDef& op) {
  define_without_nan(op, "minimum, but of a number and a NaN the number. Broadcasts.", false);
}

void define_fmax(OpDef& op) {
  define_without_nan(op, "maximum, but of a number and a NaN the number. Broadcasts.", true);
}

void define_where_greater(OpDef& op) {
  op.doc(
        "`dy` where a > b and beside NaN, half of it where a = b, else 0: the gradient of maximum "
        "and minimum.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value dy = t.load(0), a = t.load(1), b = t.load(2);
        // No product with 0: dy may be infinite where it goes to the other one alone.
        const Value whole = t.select(t.lt(a, b), t.constant(0), dy);
        t.store(0, t.select(t.eq(a, b), t.mul(dy, t.constant(0.5)), whole));
      })
      .saves_input(1, 2)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        return {where_greater(v, saved.input(1), saved.input(2)), Tensor(), Tensor()};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples(-1.93, 2.04);
        for (Sample& sample : samples) {
          sample.inputs.insert(sample.inputs.begin(),
                               sample_tensor(sample.inputs[0].sizes(), -1, 1, 3));
        }
        return samples;
      });
}

namespace {

/// 0: no bound, 1: min, 2: max, 3: both.
int bounds(const Tensor&, std::optional<Scalar> min, std::optional<Scalar> max) {
  return (min ? 1 : 0) | (max ? 2 : 0);
}

Spec clamp_spec(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  DType dtype = x.dtype();
  if (min) dtype = min->promoted_with(dtype);
  if (max) dtype = max->promoted_with(dtype);
  return {dtype, x.sizes()};
}

}  // namespace

void define_clamp(OpDef& op) {
  op.doc(
        "Each element limited to [min, max]: y = minimum(maximum(x, min), max). Either bound may "
        "be "
        "left out. NaN stays. The gradient flows where min < x < max.")
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) -> Spec {
        return clamp_spec(x, min, max);
      })
      .variant([](const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
        return bounds(x, min, max);
      })
      .tile([](TileBuilder& t, int variant) {
        Value y = t.load(0);
        int scalar = 0;
        if (variant & 1) y = t.maximum(y, t.scalar(scalar++));
        if (variant & 2) y = t.minimum(y, t.scalar(scalar));
        t.store(0, y);
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, std::optional<Scalar> min,
              std::optional<Scalar> max) -> Grads {
        return {clamp_backward(dy, saved.input(0), min, max)};
      })
      .samples([] {
        std::vector<Sample> samples;
        const Attribute low(Scalar(-0.75)), high(Scalar(1.25)), none;
        for (const auto& [min, max] : {std::pair(low, high), {low, none}, {none, high}}) {
          samples.push_back({{sample_tensor({3, 5})}, {min, max}});
        }
        samples.push_back({{sample_tensor({})}, {low, high}});
        return samples;
      });
}

void define_clamp_backward(OpDef& op) {
  op.doc("`dy` where min < x < max, else 0.")
      .accepts(kFloatSet)
      .variant([](const Tensor&, const Tensor& x, std::optional<Scalar> min,
                  std::optional<Scalar> max) { return bounds(x, min, max); })
      .tile([](TileBuilder& t, int variant) {
        Value dy = t.load(0);
        const Value x = t.load(1);
        int scalar = 0;
        if (variant & 1) dy = t.select(t.le(x, t.scalar(scalar++)), t.constant(0), dy);
        if (variant & 2) dy = t.select(t.ge(x, t.scalar(scalar)), t.constant(0), dy);
        t.store(0, dy);
      })
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& v, std::optional<Scalar> min,
              std::optional<Scalar> max) -> Grads {
        return {clamp_backward(v, saved.input(1), min, max), Tensor()};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 5}), sample_tensor({3, 5}, -2, 2, 2)},
                                    {Attribute(Scalar(-0.75)), Attribute(Scalar(1.25))}}};
      });
}

namespace {

template <class Bound>
void define_one_bound(OpDef& op, std::string_view documentation, Bound) {
  op.doc(documentation)
      .tile([](TileBuilder& t) { t.store(0, Bound::limit(t, t.load(0), t.load(1))); })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &x = saved.input(0), &bound = saved.input(1);
        // As clamp, whose bounds are numbers; of two tensors equal ones share, as in maximum.
        if (bound.impl()->is_number) return {masked_fill(dy, Bound::reaches(x, bound), 0)};
        return {saved.needs(0) ? Bound::where_first(dy, x, bound) : Tensor(),
                saved.needs(1) ? Bound::where_first(dy, bound, x) : Tensor()};
      })
      .samples([] { return binary_samples(-1.93, 2.04); });
}

struct LowerBound {
  static Value limit(TileBuilder& t, Value x, Value bound) { return t.maximum(x, bound); }
  static Tensor reaches(const Tensor& x, const Tensor& bound) { return x <= bound; }
  /// The part of `dy` that belongs to `a`, where the result is the larger of `a` and `b`.
  static Tensor where_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    return where_greater(dy, a, b);
  }
};
struct UpperBound {
  static Value limit(TileBuilder& t, Value x, Value bound) { return t.minimum(x, bound); }
  static Tensor reaches(const Tensor& x, const Tensor& bound) { return x >= bound; }
  static Tensor where_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    return where_greater(dy, b, a);
  }
};

}  // namespace

void define_clamp_min(OpDef& op) {
  define_one_bound(op,
                   "Each element, but at least `min`, which may be a tensor; broadcasts. NaN "
                   "wins. The gradient flows where x > min, where x < min to a tensor `min`, and "
                   "where x equals that, half of it to each.",
                   LowerBound());
}

void define_clamp_max(OpDef& op) {
  define_one_bound(op,
                   "Each element, but at most `max`, which may be a tensor; broadcasts. NaN wins. "
                   "The gradient flows where x < max, where x > max to a tensor `max`, and where x "
                   "equals that, half of it to each.",
                   UpperBound());
}

}  // namespace tenon::ops
