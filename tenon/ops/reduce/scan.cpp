#include <limits>

#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

/// dx_i is the sum over j >= i of dy_j y_j / x_i. From the row's first zero on that says 0 / 0: the
/// zero itself gets the products without it, what follows it nothing.
Tensor cumprod_gradient(const Tensor& dy, const Tensor& x, const Tensor& y, int64_t dim) {
  const Tensor zero = x == 0;
  const Tensor zeros = cumsum(zero, dim);
  const Tensor before = zeros == 0;
  const Tensor first = zero & (zeros == 1);
  const Tensor without_first = cumprod(where(first, 1, x), dim);
  const Tensor at_first = reverse_cumsum(dy * without_first, dim);
  const Tensor elsewhere = reverse_cumsum(dy * y, dim) / where(before, x, 1);
  return where(before, elsewhere, where(first, at_first, 0));
}

/// The same without division, for each k the sum over i >= k of dy_i times the product up to x_i of
/// all x but x_k: right in every order of differentiation.
Tensor recorded_cumprod_gradient(const Tensor& dy, const Tensor& x, int64_t dim) {
  const Tensor rows = movedim(x, {dim}, {-1}), slopes = movedim(dy, {dim}, {-1});
  const Tensor terms = triu(unsqueeze(slopes, -2) * cumprod(without_each(rows), -1));
  return movedim(sum(terms, {-1}), {-1}, {dim});
}

/// dx_i is the sum over j >= i of dy_j e^(x_i - y_j), here as a sum of logarithms, of the positive
/// and of the negative dy_j each: none of these overflows, however far apart the elements are.
Tensor logcumsumexp_gradient(const Tensor& dy, const Tensor& x, const Tensor& y, int64_t dim) {
  const auto part = [&](const Tensor& slopes) {
    const Tensor terms = log(clamp_min(slopes, 0)) - y;
    return exp(x + flip(logcumsumexp(flip(terms, {dim}), dim), {dim}));
  };
  return part(dy) - part(-dy);
}

/// The same with each e^(x_i - y_j) in the place of a matrix: right in every order of
/// differentiation, also where dy is 0.
Tensor recorded_logcumsumexp_gradient(const Tensor& dy, const Tensor& x, const Tensor& y,
                                      int64_t dim) {
  const auto rows = [&](const Tensor& each) { return movedim(each, {dim}, {-1}); };
  const Tensor differences = unsqueeze(rows(x), -1) - unsqueeze(rows(y), -2);
  const int64_t n = x.size(dim);
  const Tensor later = triu(ones({n, n}, kBool, x.device()));
  const Tensor factors = exp(where(later, differences, -std::numeric_limits<double>::infinity()));
  return movedim(sum(factors * unsqueeze(rows(dy), -2), {-1}), {-1}, {dim});
}

/// Each sum over what precedes in the place of a matrix row, relative to the largest of it.
Tensor complex_logcumsumexp(const Tensor& x, int64_t dim) {
  if (x.dim() == 0) return x.clone();
  const Tensor rows = movedim(x, {dim}, {-1});
  const Tensor largest = detach(std::get<0>(cummax(contiguous(real(rows)), -1)));
  const Tensor shift = where(isinf(largest), 0, largest);
  const int64_t n = x.size(dim);
  const Tensor earlier = tril(ones({n, n}, kBool, x.device()));
  const Tensor apart = where(earlier, unsqueeze(rows, -2) - unsqueeze(shift, -1), 0);
  const Tensor terms = where(earlier, exp(apart), 0);
  return movedim(log(sum(terms, {-1})) + shift, {-1}, {dim});
}

Spec scan_spec(const Tensor& x) { return {accumulation_dtype(x.dtype()), x.sizes()}; }

}  // namespace

void define_cumsum(OpDef& op) {
  op.doc(
        "Running sum along `dim`: y_i = x_0 + ... + x_i. Integers and bool are summed in int64 "
        "(uint64 stays).")
      .accepts(kAnySet)
      .autocast(CastPolicy::kFloat32)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, int64_t) -> Spec { return scan_spec(x); })
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) { t.store(0, t.row_cumsum(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy, int64_t dim) -> Grads {
        return {reverse_cumsum(dy, dim)};
      })
      .samples([] { return dim_samples(); });
}

void define_reverse_cumsum(OpDef& op) {
  op.doc("Running sum along `dim` from its end: y_i = x_i + ... + x_(n - 1).")
      .accepts(kFloatSet | kComplexSet)
      .rows(rows_of_dim<0>)
      .reversed()
      .tile([](TileBuilder& t) { t.store(0, t.row_cumsum(t.load(0))); })
      .vjp([](const Saved&, const Tensor& v, int64_t dim) -> Grads { return {cumsum(v, dim)}; })
      .samples([] { return dim_samples(); });
}

void define_cumprod(OpDef& op) {
  op.doc(
        "Running product along `dim`: y_i = x_0 ... x_i. Integers and bool are multiplied in int64 "
        "(uint64 stays).")
      .accepts(kAnySet)
      .autocast(CastPolicy::kFloat32)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, int64_t) -> Spec { return scan_spec(x); })
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) { t.store(0, t.row_cumprod(t.load(0))); })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        const Tensor& x = saved.input(0);
        return {holomorphic_gradient(dy, [&](const Tensor& dy) {
          return x.dim() > 0 && needs_exact_products(x)
                     ? recorded_cumprod_gradient(dy, x, dim)
                     : cumprod_gradient(dy, x, saved.output(), dim);
        })};
      })
      .samples([] {
        std::vector<Sample> samples = dim_samples(0.4, 1.6);
        Tensor x = sample_tensor({3, 4}, 0.5, 2);
        x.data<double>()[1] = x.data<double>()[4] = x.data<double>()[6] = 0;
        samples.push_back({{x}, {Attribute(int64_t{1})}});
        return samples;
      });
}

namespace {

void define_running_extreme(OpDef& op, std::string_view documentation) {
  op.doc(documentation)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, int64_t dim) -> Specs {
        normalize_dim("cummax", dim, x.dim());
        return {Spec{x.dtype(), x.sizes()}, Spec{kInt64, x.sizes()}};
      })
      .kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        const Tensor zero = zeros(saved.input_sizes(0), dy.dtype(), dy.device());
        return {scatter_add(zero, dim, saved.output(1), dy)};
      })
      .samples([] { return dim_samples(); });
}

}  // namespace

void define_cummax(OpDef& op) {
  define_running_extreme(op,
                         "The largest of the elements so far along `dim`, and where it was (int64; "
                         "the last of equal ones). NaN wins.");
}

void define_cummin(OpDef& op) {
  define_running_extreme(op,
                         "The smallest of the elements so far along `dim`, and where it was "
                         "(int64; the last of equal ones). NaN wins.");
}

void define_logcumsumexp(OpDef& op) {
  op.doc("ln(e^x_0 + ... + e^x_i) along `dim`, without overflow on the way.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, int64_t dim) -> Spec {
        normalize_dim("logcumsumexp", dim, x.dim());
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        const Tensor &x = saved.input(0), &y = saved.output();
        if (x.dim() == 0) return {dy * exp(x - y)};
        if (modes().grad) return {recorded_logcumsumexp_gradient(dy, x, y, dim)};
        return {logcumsumexp_gradient(dy, x, y, dim)};
      })
      .of_complex([](const Tensor& x, int64_t dim) -> Tensor {
        return complex_logcumsumexp(x, normalize_dim("logcumsumexp", dim, x.dim()));
      })
      .samples([] {
        std::vector<Sample> samples = dim_samples();
        Tensor x = sample_tensor({2, 4});  // further apart than e^x reaches in float32
        x.data<double>()[1] = 120;
        x.data<double>()[6] = -150;
        samples.push_back({{x}, {Attribute(int64_t{1})}});
        return samples;
      });
}

}  // namespace tenon::ops
