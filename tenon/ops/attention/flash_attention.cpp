// Attention that keeps no scores (Dao et al. 2022, arXiv:2205.14135), and its gradient. The
// gradient of that gradient is written with whole matrices of scores.

#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/attention/attention_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "scaled_dot_product_attention";
constexpr DTypeSet kWideSet = set_of(kFloat32) | set_of(kFloat64);

/// What the leading dims broadcast to.
Shape leading_sizes(const Tensor& query, const Tensor& key, const Tensor& value) {
  const auto leading = [](const Tensor& x) {
    return std::span(x.sizes().data(), x.sizes().size() - 2);
  };
  const Shape both = broadcast_shapes(kCall, leading(query), leading(key));
  return broadcast_shapes(kCall, both, leading(value));
}

Shape with_matrix(Shape leading, int64_t rows, int64_t columns) {
  leading.push_back(rows);
  leading.push_back(columns);
  return leading;
}

void check_mask(const Tensor& mask, const Shape& scores) {
  if (!mask.defined() || broadcast_shapes(kCall, scores, mask.sizes()) == scores) return;
  fail<ShapeError>(kCall, fmt::format("attn_mask {} doesn't broadcast to the scores {}",
                                      to_string(mask.sizes()), to_string(scores)));
}

/// e^(score - logsumexp), and what its gradients are made of.
struct Weights {
  Tensor p, differences;  ///< differences: gradients of p, less `mean`
};

Weights weights_of(const Tensor& dy, const Tensor& query, const Tensor& key, const Tensor& value,
                   const Tensor& logsumexp, const Tensor& mean, const Tensor& mask, double scale,
                   bool is_causal) {
  Tensor scores = matmul(query, transpose(key, -2, -1)) * scale;
  const Tensor allowed = is_causal ? causal_mask(query, key) : mask;
  if (allowed.defined()) {
    scores = allowed.dtype() == kBool
                 ? where(allowed, scores, -std::numeric_limits<double>::infinity())
                 : scores + allowed;
  }
  return {exp(scores - logsumexp), matmul(dy, transpose(value, -2, -1)) - mean};
}

/// Gradients of flash_attention_backward, whose results are dq = s dS k, dk = s dS^T q and dv = P^T
/// dy, with P = e^(s q k^T + mask - logsumexp) and dS = P (dy v^T - mean).
Grads second_gradients(const Saved& saved, double s, bool is_causal) {
  const Tensor &dy = saved.input(0), &q = saved.input(1), &k = saved.input(2);
  const Tensor &v = saved.input(3), &mask = saved.input(6);
  const auto given = [&](size_t i, const Tensor& like) {
    return saved.grads[i].defined() ? saved.grads[i] : fill(like, 0);
  };
  const Tensor a = given(0, q), b = given(1, k), c = given(2, v);
  const auto [p, differences] =
      weights_of(dy, q, k, v, saved.input(4), saved.input(5), mask, s, is_causal);
  const Tensor slopes = p * differences * s;
  const Tensor of_slopes = (matmul(a, transpose(k, -2, -1)) + matmul(q, transpose(b, -2, -1))) * s;
  const Tensor of_differences = p * of_slopes;
  const Tensor of_scores = p * (of_slopes * differences + matmul(dy, transpose(c, -2, -1)));
  const auto turned = [](const Tensor& x) { return transpose(x, -2, -1); };
  return std::vector<Tensor>{matmul(p, c) + matmul(of_differences, v),
                             matmul(slopes, b) + matmul(of_scores, k) * s,
                             matmul(turned(slopes), a) + matmul(turned(of_scores), q) * s,
                             matmul(turned(of_differences), dy),
                             -sum(of_scores, {-1}, true),
                             -sum(of_differences, {-1}, true),
                             saved.needs(6) && mask.defined() ? of_scores : Tensor()};
}

std::vector<Attribute> attributes(double scale, bool is_causal) {
  return {Attribute(scale), Attribute(is_causal)};
}

}  // namespace

void define_flash_attention(OpDef& op) {
  op.doc(
        "scaled_dot_product_attention without a matrix of all scores, and for each query the "
        "logarithm of the sum of its scores' exponentials [..., L, 1]: infinity where it may look "
        "at nothing.")
      .accepts(kWideSet)
      .accepts_input(3, kFloatSet | kBoolSet)
      .shape([](const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                double, bool) -> Specs {
        check_attention_operands(query, key, value);
        const Shape leading = leading_sizes(query, key, value);
        check_mask(mask, with_matrix(leading, query.size(-2), key.size(-2)));
        return {Spec{query.dtype(), with_matrix(leading, query.size(-2), value.size(-1))},
                Spec{query.dtype(), with_matrix(leading, query.size(-2), 1)}};
      })
      .kernel()
      .saves_input(0, 1, 2, 3)
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor& given, double scale, bool is_causal) -> Grads {
        const Tensor &q = saved.input(0), &k = saved.input(1), &v = saved.input(2);
        const Tensor &mask = saved.input(3), &output = saved.output(0);
        const Tensor& logsumexp = saved.output(1);
        const Tensor dy = given.defined() ? given : fill(output, 0);
        Tensor mean = sum(dy * output, {-1}, true);
        if (saved.grads[1].defined()) mean = mean - saved.grads[1];
        const auto [dq, dk, dv] =
            flash_attention_backward(dy, q, k, v, logsumexp, mean, mask, scale, is_causal);
        Tensor d_mask;
        if (mask.defined() && saved.needs(3)) {
          const Weights weights = weights_of(dy, q, k, v, logsumexp, mean, mask, scale, is_causal);
          d_mask = weights.p * weights.differences;
        }
        return {dq, dk, dv, d_mask};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor q = sample_tensor({2, 3, 4}, -1, 1), k = sample_tensor({2, 5, 4}, -1, 1, 2);
        const Tensor v = sample_tensor({2, 5, 6}, -1, 1, 3), none;
        return {{{q, k, v, none}, attributes(0.5, false)},
                {{q, k, v, none}, attributes(0.7, true)},
                {{q, k, v, sample_tensor({3, 5}, -1, 1, 4)}, attributes(0.5, false)},
                {{sample_tensor({3, 4}, -1, 1, 5), k, v, sample_tensor({2, 1, 5}, -1, 1, 6)},
                 attributes(0.5, false)}};
      });
}

void define_flash_attention_backward(OpDef& op) {
  op.doc(
        "Gradients of flash_attention. With weights P = e^(query key^T scale + mask - logsumexp) "
        "and dS = P (dy value^T - mean) scale: dS key, dS^T query and P^T dy.")
      .accepts(kWideSet)
      .accepts_input(6, kFloatSet | kBoolSet)
      .shape([](const Tensor& dy, const Tensor& query, const Tensor& key, const Tensor& value,
                const Tensor& logsumexp, const Tensor& mean, const Tensor& mask, double,
                bool) -> Specs {
        check_attention_operands(query, key, value);
        const Shape leading = leading_sizes(query, key, value);
        const int64_t queries = query.size(-2), keys = key.size(-2);
        check_mask(mask, with_matrix(leading, queries, keys));
        if (dy.sizes() != with_matrix(leading, queries, value.size(-1)) ||
            logsumexp.sizes() != with_matrix(leading, queries, 1) ||
            mean.sizes() != logsumexp.sizes()) {
          fail<ShapeError>(kCall,
                           fmt::format("expected dy {} and two numbers a query, got {}, {} "
                                       "and {}",
                                       to_string(with_matrix(leading, queries, value.size(-1))),
                                       to_string(dy.sizes()), to_string(logsumexp.sizes()),
                                       to_string(mean.sizes())));
        }
        return {Spec{query.dtype(), with_matrix(leading, queries, query.size(-1))},
                Spec{query.dtype(), with_matrix(leading, keys, key.size(-1))},
                Spec{query.dtype(), with_matrix(leading, keys, value.size(-1))}};
      })
      .kernel()
      .saves_input(0, 1, 2, 3, 4, 5, 6)
      .vjp([](const Saved& saved, const Tensor&, double scale, bool is_causal) -> Grads {
        return second_gradients(saved, scale, is_causal);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor dy = sample_tensor({2, 3, 6}, -1, 1), q = sample_tensor({2, 3, 4}, -1, 1, 2);
        const Tensor k = sample_tensor({2, 5, 4}, -1, 1, 3), v = sample_tensor({2, 5, 6}, -1, 1, 4);
        const Tensor logsumexp = sample_tensor({2, 3, 1}, 1, 2), none;
        const Tensor mean = sample_tensor({2, 3, 1}, -1, 1, 5);
        return {{{dy, q, k, v, logsumexp, mean, none}, attributes(0.5, false)},
                {{dy, q, k, v, logsumexp, mean, none}, attributes(0.7, true)},
                {{dy, q, k, v, logsumexp, mean, sample_tensor({3, 5}, -1, 1, 6)},
                 attributes(0.5, false)},
                {{dy, q, k, v, logsumexp, mean, sample_mask({2, 1, 5})}, attributes(0.5, false)}};
      });
}

}  // namespace tenon::ops
