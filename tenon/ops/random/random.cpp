// Random numbers: number i of a draw depends on the generator's seed and offset and on i alone.

#include <fmt/format.h>

#include <complex>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/ops/checks_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Spec drawn(std::string_view call, DType dtype, const Shape& sizes) {
  if (!is_differentiable(dtype)) {
    fail<DTypeError>(call, fmt::format("expected one of {}, got {}",
                                       to_string(kFloatSet | kComplexSet), name_of(dtype)));
  }
  return {dtype, sizes};
}

void check_uniform(double from, double to) {
  if (from <= to) return;
  fail<ValueError>("uniform", fmt::format("expected from <= to, got {} and {}", from, to));
}

void check_bernoulli(double p) {
  if (p >= 0 && p <= 1) return;
  fail<ValueError>("bernoulli", fmt::format("expected a probability in [0, 1], got {}", p));
}

void check_normal(double std) {
  if (std >= 0) return;
  fail<ValueError>("normal", fmt::format("expected a std of at least 0, got {}", std));
}

/// Programs differ in how many bits of a uniform number the dtype can hold without rounding to 1.
int uniform_variant(DType dtype) { return dtype == kFloat16 ? 1 : dtype == kBFloat16 ? 2 : 0; }

Value uniform_value(TileBuilder& t, int variant) {
  const Value u = t.random_uniform();
  if (variant == 0) return u;
  const double steps = variant == 1 ? 0x1p11 : 0x1p8;
  return t.mul(t.floor(t.mul(u, t.constant(steps))), t.constant(1 / steps));
}

std::vector<Sample> creation_samples(DType dtype) {
  std::vector<Sample> samples;
  for (const Shape& sizes : {Shape{2, 3}, Shape{7}, Shape{}}) {
    samples.push_back(
        {{}, {Attribute(sizes), Attribute(dtype), Attribute(kCpu), Attribute()}, false});
  }
  return samples;
}

std::vector<Sample> like_samples() {
  return not_differentiable(unary_samples(-2, 2, {Attribute(), Attribute()}));
}

}  // namespace

void define_rand(OpDef& op) {
  op.doc(
        "Independent numbers, uniform in [0, 1); of complex ones each part. DTypeError of other "
        "dtypes.")
      .shape([](IntList sizes, DType dtype, Device, Generator*) {
        return drawn("rand", dtype, Shape(sizes));
      })
      .variant([](IntList, DType dtype, Device, Generator*) { return uniform_variant(dtype); })
      .tile([](TileBuilder& t, int variant) { t.store(0, uniform_value(t, variant)); })
      .random()
      .not_differentiable()
      .samples([] { return creation_samples(kFloat32); });
}

void define_rand_like(OpDef& op) {
  op.doc("rand of the sizes of `x`, and its dtype unless `dtype` is given.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, std::optional<DType> dtype, Generator*) {
        return drawn("rand_like", dtype.value_or(x.dtype()), x.sizes());
      })
      .variant([](const Tensor& x, std::optional<DType> dtype, Generator*) {
        return uniform_variant(dtype.value_or(x.dtype()));
      })
      .tile([](TileBuilder& t, int variant) { t.store(0, uniform_value(t, variant)); })
      .random()
      .not_differentiable()
      .samples([] { return like_samples(); });
}

void define_randn(OpDef& op) {
  op.doc(
        "Independent standard normal numbers (Box-Muller); of complex ones each part has variance "
        "1/2. DTypeError of other dtypes.")
      .shape([](IntList sizes, DType dtype, Device, Generator*) {
        return drawn("randn", dtype, Shape(sizes));
      })
      .tile([](TileBuilder& t) { t.store(0, t.random_normal()); })
      .random()
      .not_differentiable()
      .samples([] { return creation_samples(kFloat64); });
}

void define_randn_like(OpDef& op) {
  op.doc("randn of the sizes of `x`, and its dtype unless `dtype` is given.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, std::optional<DType> dtype, Generator*) {
        return drawn("randn_like", dtype.value_or(x.dtype()), x.sizes());
      })
      .tile([](TileBuilder& t) { t.store(0, t.random_normal()); })
      .random()
      .not_differentiable()
      .samples([] { return like_samples(); });
}

void define_bernoulli(OpDef& op) {
  op.doc(
        "1 with the probability given by each element of `x`, else 0; with `p`, that probability "
        "for all. ValueError where one is not in [0, 1]. The gradient is 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, std::optional<double> p, Generator* generator) -> Tensor {
        if (p) check_bernoulli(*p);
        if (!p) check_probabilities("bernoulli", "probabilities in [0, 1]", x);
        return bernoulli_trials(x, p, generator);
      })
      .samples([] {
        return not_differentiable(unary_samples(0, 1, {Attribute(), Attribute()}));
      });
}

void define_bernoulli_trials(OpDef& op) {
  op.doc("bernoulli of probabilities that have been looked at.")
      .accepts(kFloatSet)
      .variant([](const Tensor&, std::optional<double> p, Generator*) { return p ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        const Value p = variant == 1 ? t.scalar(0) : t.load(0);
        t.store(0, t.lt(t.random_uniform(), p));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(unary_samples(0, 1, {Attribute(), Attribute()}));
      });
}

void define_uniform(OpDef& op) {
  op.doc(
        "Numbers uniform in [from, to) in the sizes and dtype of `x`, of complex ones each part; "
        "`x.uniform_()` fills `x`.")
      .accepts(kFloatSet)
      .of_complex([](const Tensor& x, double from, double to, Generator* generator) -> Tensor {
        check_uniform(from, to);
        const Tensor drawn = rand_like(x, {}, generator) * (to - from);
        return drawn + Scalar(std::complex<double>(from, from));
      })
      .shape([](const Tensor& x, double from, double to, Generator*) -> Spec {
        check_uniform(from, to);
        return {x.dtype(), x.sizes()};
      })
      .variant(
          [](const Tensor& x, double, double, Generator*) { return uniform_variant(x.dtype()); })
      .tile([](TileBuilder& t, int variant) {
        const Value from = t.scalar(0), to = t.scalar(1);
        t.store(0, t.add(from, t.mul(uniform_value(t, variant), t.sub(to, from))));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(
            unary_samples(-2, 2, {Attribute(-1.0), Attribute(3.0), Attribute()}));
      });
}

void define_normal(OpDef& op) {
  op.doc(
        "Normal numbers of this mean and standard deviation in the sizes and dtype of `x`, of "
        "complex ones with half of the variance in each part; `x.normal_()` fills `x`.")
      .accepts(kFloatSet)
      .of_complex([](const Tensor& x, double mean, double std, Generator* generator) -> Tensor {
        check_normal(std);
        return randn_like(x, {}, generator) * std + mean;
      })
      .shape([](const Tensor& x, double, double std, Generator*) -> Spec {
        check_normal(std);
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) {
        t.store(0, t.add(t.scalar(0), t.mul(t.random_normal(), t.scalar(1))));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(
            unary_samples(-2, 2, {Attribute(1.0), Attribute(2.0), Attribute()}));
      });
}

namespace {

/// Exponentially distributed, and more than 0, so that it can be divided by.
Value exponential_value(TileBuilder& t, int variant) {
  const Value drawn = t.neg(t.log1p(t.neg(uniform_value(t, variant))));
  return t.maximum(drawn, t.constant(0x1p-25));
}

void check_positive(std::string_view call, std::string_view what, double value) {
  if (!(value > 0)) {
    fail<ValueError>(call, fmt::format("expected a {} above 0, got {}", what, value));
  }
}

}  // namespace

void define_exponential(OpDef& op) {
  op.doc(
        "Exponentially distributed numbers of the rate `lambd`, more than 0, in the sizes and "
        "dtype of `x`; `x.exponential_()` fills `x`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, double lambd, Generator*) -> Spec {
        check_positive("exponential", "lambd", lambd);
        return {x.dtype(), x.sizes()};
      })
      .variant([](const Tensor& x, double, Generator*) { return uniform_variant(x.dtype()); })
      .tile([](TileBuilder& t, int variant) {
        t.store(0, t.div(exponential_value(t, variant), t.scalar(0)));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(unary_samples(-2, 2, {Attribute(2.0), Attribute()}));
      });
}

void define_geometric(OpDef& op) {
  op.doc(
        "How many trials of success `p` it takes to the first that succeeds, at least 1, in the "
        "sizes and dtype of `x`; `x.geometric_(p)` fills `x`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, double p, Generator*) -> Spec {
        if (!(p > 0 && p < 1)) {
          fail<ValueError>("geometric", fmt::format("expected p between 0 and 1, got {}", p));
        }
        return {x.dtype(), x.sizes()};
      })
      .variant([](const Tensor& x, double, Generator*) { return uniform_variant(x.dtype()); })
      .tile([](TileBuilder& t, int variant) {
        const Value rate = t.neg(t.log1p(t.neg(t.scalar(0))));
        t.store(0, t.ceil(t.div(exponential_value(t, variant), rate)));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(unary_samples(-2, 2, {Attribute(0.3), Attribute()}));
      });
}

void define_cauchy(OpDef& op) {
  op.doc(
        "Cauchy's distribution around `median` with the scale `sigma`, in the sizes and dtype of "
        "`x`; `x.cauchy_()` fills `x`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, double, double sigma, Generator*) -> Spec {
        check_positive("cauchy", "sigma", sigma);
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) {
        const Value turn = t.sub(t.random_uniform(), t.constant(0.5));
        const Value drawn = t.tan(t.mul(turn, t.constant(std::numbers::pi)));
        t.store(0, t.add(t.scalar(0), t.mul(drawn, t.scalar(1))));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(
            unary_samples(-2, 2, {Attribute(1.0), Attribute(2.0), Attribute()}));
      });
}

void define_log_normal(OpDef& op) {
  op.doc(
        "e to the power of normal numbers of this mean and standard deviation, in the sizes and "
        "dtype of `x`; `x.log_normal_()` fills `x`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, double, double std, Generator*) -> Spec {
        check_positive("log_normal", "std", std);
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) {
        t.store(0, t.exp(t.add(t.scalar(0), t.mul(t.random_normal(), t.scalar(1)))));
      })
      .random()
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(
            unary_samples(-2, 2, {Attribute(0.5), Attribute(0.25), Attribute()}));
      });
}

}  // namespace tenon::ops
