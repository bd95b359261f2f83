#include "tenon/dispatch/tile_batch.h"
#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

// What layer_norm, group_norm, batch_norm and rms_norm have in common: rows are shifted to mean 0
// (not by rms_norm), scaled to variance 1, and go through an affine map. They differ in which dims
// form a row. Statistics keep the row dims with size 1, so that they broadcast against x in any
// launch.

namespace tenon::ops {
namespace {

DType statistics_dtype(const Tensor& x) { return x.dtype() == kFloat64 ? kFloat64 : kFloat32; }

Value affine(TileBuilder& t, Value y, int variant, int weight, int bias) {
  if (variant & 1) y = t.mul(y, t.load(weight));
  if (variant & 2) y = t.add(y, t.load(bias));
  return y;
}

/// (x - mean) rstd of the backward ops, whose inputs 1 to 3 are x, mean and rstd.
Value standardized(TileBuilder& t, bool centered) {
  const Value x = t.load(1);
  return t.mul(centered ? t.sub(x, t.load(2)) : x, t.load(3));
}

Tensor centered(const Tensor& x, const Tensor& mean) { return mean.defined() ? x - mean : x; }

Tensor plus(const Tensor& a, const Tensor& b) { return a.defined() ? a + b : b; }

/// The gradient with respect to x of y and the statistics together.
Tensor standardize_gradient(const Saved& saved, const Tensor& mean, const Tensor& rstd,
                            const Tensor& d_mean, const Tensor& d_rstd, IntList dims) {
  const Tensor& x = saved.input(0);
  Tensor dx;
  if (saved.grads[0].defined()) {
    dx = standardize_backward(saved.grads[0], x, mean, rstd, saved.input(1), dims);
  }
  const double share = 1.0 / static_cast<double>(reduced_count("standardize", x, dims));
  if (d_mean.defined()) dx = plus(dx, spread(d_mean * share, x.sizes(), dims, true));
  if (d_rstd.defined()) {
    dx = plus(dx, centered(x, mean) * (d_rstd * square(rstd) * rstd * -share));
  }
  return dx;
}

/// Row dims of the weight's gradient: those that the weight lacks or, at full rank, has as 1.
uint64_t rows_of_weight(const Call& call, const Shape& space) {
  const auto sizes = call.get<IntList>(0);
  const size_t lacks = space.size() - sizes.size();
  uint64_t mask = (uint64_t{1} << lacks) - 1;
  for (size_t i = 0; lacks == 0 && i < sizes.size(); ++i) {
    if (sizes[i] == 1) mask |= uint64_t{1} << i;
  }
  return mask;
}

/// Gradients of weight and bias, where they are needed.
std::pair<Tensor, Tensor> affine_gradients(const Saved& saved, const Tensor& mean,
                                           const Tensor& rstd, bool has_bias) {
  const Tensor& dy = saved.grads[0];
  if (!dy.defined()) return {};
  const bool need_weight = saved.needs(1);
  const bool need_bias = has_bias && saved.needs(2) && saved.input_sizes(2).size() > 0;
  if (!need_weight && !need_bias) return {};
  const Shape& sizes = need_weight ? saved.input_sizes(1) : saved.input_sizes(2);
  auto [weight, bias] = standardize_weight_backward(dy, saved.input(0), mean, rstd, sizes);
  return {need_weight ? weight : Tensor(), need_bias ? bias : Tensor()};
}

/// Of x, weight and bias. All read x and dy, so they do it together where nobody needs one of them
/// for another.
Grads standardize_gradients(const Saved& saved, const Tensor& mean, const Tensor& rstd,
                            const Tensor& d_mean, const Tensor& d_rstd, IntList dims,
                            bool has_bias) {
  const auto all = [&]() -> Grads {
    Tensor dx;
    if (saved.needs(0)) dx = standardize_gradient(saved, mean, rstd, d_mean, d_rstd, dims);
    auto [weight, bias] = affine_gradients(saved, mean, rstd, has_bias);
    return {dx, weight, bias};
  };
  if (d_mean.defined() || d_rstd.defined()) return all();
  TileBatch batch;
  Grads grads = all();
  batch.run();
  return grads;
}

}  // namespace

void define_standardize(OpDef& op) {
  op.doc(
        "Rows over `dims` brought to mean 0 and variance 1, then scaled and shifted: y = (x - "
        "mean) rstd weight + bias, where rstd = 1 / sqrt(variance + eps) of the population "
        "variance. Mean and rstd keep the row dims with size 1.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, const Tensor&, const Tensor&, IntList dims, double) -> Specs {
        const Shape row = reduced_sizes("standardize", x, dims, true);
        const DType dtype = statistics_dtype(x);
        return {Spec{x.dtype(), x.sizes()}, Spec{dtype, row}, Spec{dtype, row}};
      })
      .rows(rows_of_dims<0>)
      .variant([](const Call& call) { return (call.has(1) ? 1 : 0) | (call.has(2) ? 2 : 0); })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0);
        const tile::Moments moments = t.row_welford(x);
        const Value rstd = t.rsqrt(t.add(moments.variance, t.scalar(0)));
        const Value y = t.mul(t.sub(x, moments.mean), rstd);
        t.store(0, affine(t, y, variant, 1, 2));
        t.store(1, moments.mean);
        t.store(2, rstd);
      })
      .saves_input(0)
      .saves_input_for(1, {0})
      .saves_output(1, 2)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor&, IntList dims, double) -> Grads {
        const Tensor& mean = saved.output(1);
        const Tensor& rstd = saved.output(2);
        return standardize_gradients(saved, mean, rstd, saved.grads[1], saved.grads[2], dims, true);
      })
      .samples([] {
        const Attribute eps(1e-5);
        const Tensor none;
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({5}, 0.5, 1.5, 2), sample_tensor({5}, -1, 1, 3)},
             {Attribute(IntList{1}), eps}},
            {{sample_tensor({4, 3, 2}), sample_tensor({1, 3, 1}, 0.5, 1.5, 2), none},
             {Attribute(IntList{0, 2}), eps}},
            {{sample_tensor({2, 6}), none, none}, {Attribute(IntList{1}), eps}}};
      });
}

void define_rms_standardize(OpDef& op) {
  op.doc(
        "Rows over `dims` divided by their root mean square, then scaled: y = x rstd weight, where "
        "rstd = 1 / sqrt(mean(x^2) + eps), which keeps the row dims with size 1.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, const Tensor&, IntList dims, double) -> Specs {
        return {Spec{x.dtype(), x.sizes()},
                Spec{statistics_dtype(x), reduced_sizes("rms_standardize", x, dims, true)}};
      })
      .rows(rows_of_dims<0>)
      .variant([](const Call& call) { return call.has(1) ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0);
        const Value mean_square = t.div(t.row_sum(t.square(x)), t.row_length());
        const Value rstd = t.rsqrt(t.add(mean_square, t.scalar(0)));
        t.store(0, affine(t, t.mul(x, rstd), variant, 1, 2));
        t.store(1, rstd);
      })
      .saves_input(0)
      .saves_input_for(1, {0})
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor&, IntList dims, double) -> Grads {
        const Tensor& rstd = saved.output(1);
        Grads grads = standardize_gradients(saved, {}, rstd, {}, saved.grads[1], dims, false);
        return {grads[0], grads[1]};
      })
      .samples([] {
        const Attribute eps(1e-5);
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({5}, 0.5, 1.5, 2)},
             {Attribute(IntList{1}), eps}},
            {{sample_tensor({2, 6}), Tensor()}, {Attribute(IntList{1}), eps}}};
      });
}

void define_standardize_backward(OpDef& op) {
  op.doc(
        "The gradient of standardize by its statistics, taken as constants that satisfy their "
        "definition: rstd (g - mean(g) - z mean(g z)), where g = dy weight and z = (x - mean) "
        "rstd; "
        "without `mean` that of rms_standardize, where z = x rstd and mean(g) is left out.")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec {
        return {call.input(1).dtype(), call.input(1).sizes()};
      })
      .rows(rows_of_dims<0>)
      .variant([](const Call& call) { return (call.has(2) ? 1 : 0) | (call.has(4) ? 2 : 0); })
      .tile([](TileBuilder& t, int variant) {
        const bool has_mean = variant & 1;
        const Value z = standardized(t, has_mean);
        Value g = t.load(0);
        if (variant & 2) g = t.mul(g, t.load(4));
        const Value n = t.row_length();
        const Value slope = t.div(t.row_sum(t.mul(g, z)), n);
        Value dx = t.sub(g, t.mul(z, slope));
        if (has_mean) dx = t.sub(dx, t.div(t.row_sum(g), n));
        t.store(0, t.mul(dx, t.load(3)));
      })
      .saves_input(0, 1, 2, 3, 4)
      .vjp([](const Saved& saved, const Tensor& v, IntList dims) -> Grads {
        const Tensor &dy = saved.input(0), &x = saved.input(1), &m = saved.input(2);
        const Tensor &r = saved.input(3), &w = saved.input(4);
        const Tensor projected = standardize_backward(v, x, m, r, {}, dims);
        const Tensor g = w.defined() ? dy * w : dy;
        const Tensor shifted = centered(x, m);
        const Tensor z = shifted * r;
        const Tensor slope = mean(g * z, dims, true);
        const Tensor dz = -((v * slope + g * mean(v * z, dims, true)) * r);
        const Tensor dx = dz * r;
        Tensor bracket = g - z * slope;
        if (m.defined()) bracket = bracket - mean(g, dims, true);
        return {w.defined() ? projected * w : projected, dx, m.defined() ? -dx : Tensor(),
                dz * shifted + v * bracket, w.defined() ? projected * dy : Tensor()};
      })
      .samples([] {
        const Tensor dy = sample_tensor({3, 5}), x = sample_tensor({3, 5}, -2, 2, 2);
        const Tensor mean = sample_tensor({3, 1}, -0.5, 0.5), rstd = sample_tensor({3, 1}, 0.5, 1);
        const Tensor weight = sample_tensor({5}, 0.5, 1.5, 3);
        const Attribute dims(IntList{1});
        return std::vector<Sample>{{{dy, x, mean, rstd, weight}, {dims}},
                                   {{dy, x, Tensor(), rstd, Tensor()}, {dims}}};
      });
}

void define_standardize_weight_backward(OpDef& op) {
  op.doc(
        "The gradients of standardize with respect to weight and bias, which have `sizes`: the "
        "sums "
        "of dy (x - mean) rstd and of dy over the dims along which they repeat.")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Specs {
        const Spec spec{call.input(0).dtype(),
                        Shape(std::span<const int64_t>(call.get<IntList>(0)))};
        return {spec, spec};
      })
      .rows(rows_of_weight)
      .variant([](const Call& call) { return call.has(2) ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        const Value dy = t.load(0);
        t.store(0, t.row_sum(t.mul(dy, standardized(t, variant == 1))));
        t.store(1, t.row_sum(dy));
      })
      .saves_input(0, 1, 2, 3)
      .vjp([](const Saved& saved, const Tensor& v, IntList) -> Grads {
        const Tensor &dy = saved.input(0), &x = saved.input(1), &m = saved.input(2);
        const Tensor &r = saved.input(3), &v_bias = saved.grads[1];
        if (!v.defined()) {
          return {v_bias + fill(dy, 0), Tensor(), Tensor(), Tensor()};
        }
        const Tensor shifted = centered(x, m);
        Tensor d_dy = v * (shifted * r);
        if (v_bias.defined()) d_dy = d_dy + v_bias;
        const Tensor weighted = v * dy;
        const Tensor dx = weighted * r;
        return {d_dy, dx, m.defined() ? -dx : Tensor(), weighted * shifted};
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({3, 5}, -2, 2, 2),
              sample_tensor({3, 1}, -0.5, 0.5), sample_tensor({3, 1}, 0.5, 1)},
             {Attribute(IntList{5})}},
            {{sample_tensor({4, 3}), sample_tensor({4, 3}, -2, 2, 2), Tensor(),
              sample_tensor({1, 3}, 0.5, 1)},
             {Attribute(IntList{1, 3})}}};
      });
}

}  // namespace tenon::ops
