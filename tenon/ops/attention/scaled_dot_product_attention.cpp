#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/attention/attention_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "scaled_dot_product_attention";

enum Mask { kNoMask, kAllowed, kAdded };

int mask_of(const Tensor& mask) {
  if (!mask.defined()) return kNoMask;
  return mask.dtype() == kBool ? kAllowed : kAdded;
}

/// Heads of keys or values, dim -3, repeated so that there are as many as of the query.
Tensor with_heads_of(const Tensor& query, const Tensor& x) {
  if (query.dim() < 3 || x.dim() < 3 || x.size(-3) == 0 || query.size(-3) % x.size(-3) != 0) {
    fail<ShapeError>(kCall, fmt::format("enable_gqa expects [..., heads, length, e] with heads of "
                                        "the query that those of key and value divide, got {} and "
                                        "{}",
                                        to_string(query.sizes()), to_string(x.sizes())));
  }
  const int64_t copies = query.size(-3) / x.size(-3);
  if (copies == 1) return x;
  Shape sizes = x.sizes();
  sizes.insert(sizes.size() - 2, copies);
  return flatten(expand(unsqueeze(x, -3), sizes), -4, -3);
}

Value weights_of_row(TileBuilder& t, Value score) {
  const Value infinity = t.constant(-std::numeric_limits<double>::infinity());
  const Value largest = t.row_max(score);
  const Value zero = t.constant(0), one = t.constant(1);
  // Rows in which nothing is allowed are 0.
  const Value nothing = t.eq(largest, infinity);
  const Value e = t.exp(t.sub(score, t.select(nothing, zero, largest)));
  return t.mul(e, t.reciprocal(t.select(nothing, one, t.row_sum(e))));
}

bool has_flash_attention(const Tensor& query, const Tensor& key, const Tensor& value) {
  const DType dtype = query.dtype();
  return (dtype == kFloat32 || dtype == kFloat64) && key.dtype() == dtype && value.dtype() == dtype;
}

uint64_t last_dim(const Call&, const Shape& space) { return uint64_t{1} << (space.size() - 1); }

}  // namespace

void check_attention_operands(const Tensor& query, const Tensor& key, const Tensor& value) {
  const bool ranks = query.dim() >= 2 && key.dim() >= 2 && value.dim() >= 2;
  if (!ranks || query.size(-1) != key.size(-1) || key.size(-2) != value.size(-2)) {
    fail<ShapeError>(kCall, fmt::format("expected query [..., L, e], key [..., S, e] and value "
                                        "[..., S, ev], got {}, {} and {}",
                                        to_string(query.sizes()), to_string(key.sizes()),
                                        to_string(value.sizes())));
  }
}

Tensor causal_mask(const Tensor& query, const Tensor& key) {
  const NoGrad no_grad;
  return tril(ones({query.size(-2), key.size(-2)}, kBool, query.device()));
}

void define_scaled_dot_product_attention(OpDef& op) {
  op.doc(
        "Attention (Vaswani et al. 2017): softmax(query key^T scale + mask) value, for `query` "
        "[..., L, e], `key` [..., S, e] and `value` [..., S, ev], whose leading dims broadcast. "
        "`scale` is 1 / sqrt(e) where left out. `attn_mask` broadcasts to [..., L, S]: bool says "
        "which keys a query may look at, numbers are added to the scores. With `is_causal` query i "
        "looks at keys 0 to i (then there is no `attn_mask`). A query that may look at nothing "
        "gives 0. Weights are dropped with probability `dropout_p`. With `enable_gqa` each head "
        "(dim -3) of key and value serves as many heads of the query as it takes. ShapeError where "
        "sizes don't go together, ValueError for both masks.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& query, const Tensor& key, const Tensor& value,
                  const Tensor& attn_mask, double dropout_p, bool is_causal,
                  std::optional<double> scale, bool enable_gqa, Generator* generator) -> Tensor {
        check_attention_operands(query, key, value);
        if (is_causal && attn_mask.defined()) {
          fail<ValueError>(kCall,
                           "expected no attn_mask where is_causal is true; pass one of them");
        }
        const Tensor k = enable_gqa ? with_heads_of(query, key) : key;
        const Tensor v = enable_gqa ? with_heads_of(query, value) : value;
        const double factor = scale.value_or(
            1 / std::sqrt(static_cast<double>(std::max<int64_t>(query.size(-1), 1))));
        if (dropout_p == 0 && has_flash_attention(query, k, v)) {
          return std::get<0>(flash_attention(query, k, v, attn_mask, factor, is_causal));
        }
        const Tensor scores = matmul(query, transpose(k, -2, -1));
        const Tensor mask = is_causal ? causal_mask(query, key) : attn_mask;
        const Tensor weights = attention_weights(scores, mask, factor);
        return matmul(dropout_p > 0 ? dropout(weights, dropout_p, true, generator) : weights, v);
      })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](std::vector<Shape> sizes, const Tensor& mask, bool is_causal,
                               Attribute scale, bool enable_gqa) {
          return Sample{
              {sample_tensor(sizes[0], -1, 1), sample_tensor(sizes[1], -1, 1, 2),
               sample_tensor(sizes[2], -1, 1, 3), mask},
              {Attribute(0.0), Attribute(is_causal), scale, Attribute(enable_gqa), Attribute()}};
        };
        return {sample({{2, 3, 4}, {2, 5, 4}, {2, 5, 6}}, {}, false, Attribute(), false),
                sample({{3, 4}, {3, 4}, {3, 4}}, {}, true, Attribute(), false),
                sample({{3, 4}, {5, 4}, {5, 4}}, sample_mask({3, 5}), false, Attribute(0.3), false),
                sample({{2, 3, 4}, {2, 5, 4}, {2, 5, 4}}, sample_tensor({3, 5}, -1, 1, 4), false,
                       Attribute(), false),
                sample({{4, 3, 2}, {2, 5, 2}, {2, 5, 2}}, {}, false, Attribute(), true)};
      });
}

void define_attention_weights(OpDef& op) {
  op.doc(
        "softmax of scores scale along the last dim, over the elements where a bool `mask` is true "
        "(rows with none are 0), or of scores scale + mask.")
      .accepts(kFloatSet)
      .shape([](const Tensor& scores, const Tensor& mask, double) -> Spec {
        if (mask.defined() &&
            broadcast_shapes(kCall, scores.sizes(), mask.sizes()) != scores.sizes()) {
          fail<ShapeError>(kCall, fmt::format("attn_mask {} doesn't broadcast to the scores {}",
                                              to_string(mask.sizes()), to_string(scores.sizes())));
        }
        return {scores.dtype(), scores.sizes()};
      })
      .rows(last_dim)
      .variant([](const Tensor&, const Tensor& mask, double) { return mask_of(mask); })
      .tile([](TileBuilder& t, int mask) {
        Value score = t.mul(t.load(0), t.scalar(0));
        if (mask == kAllowed) {
          const Value never = t.constant(-std::numeric_limits<double>::infinity());
          score = t.select(t.load(1), score, never);
        } else if (mask == kAdded) {
          score = t.add(score, t.load(1));
        }
        t.store(0, weights_of_row(t, score));
      })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, double scale) -> Grads {
        const Tensor d_score = softmax_backward(dy, saved.output(), -1);
        return {saved.needs(0) ? d_score * scale : Tensor(), d_score};
      })
      .samples([]() -> std::vector<Sample> {
        const std::vector<Attribute> scale = {Attribute(0.5)};
        return {{{sample_tensor({3, 5}), Tensor()}, scale},
                {{sample_tensor({2, 3, 5}), sample_mask({3, 5})}, scale},
                {{sample_tensor({2, 3, 5}), sample_tensor({5}, -1, 1, 2)}, scale}};
      });
}

}  // namespace tenon::ops
