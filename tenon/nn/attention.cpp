#include "tenon/nn/attention.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/nn/init.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::nn {
namespace {

constexpr const char* kCall = "MultiheadAttention";

/// `embed_dim`, where that many heads share it.
int64_t checked_dim(int64_t embed_dim, int64_t num_heads) {
  if (embed_dim >= 1 && num_heads >= 1 && embed_dim % num_heads == 0) return embed_dim;
  fail<ValueError>(kCall, fmt::format("expected embed_dim and num_heads of at least 1, the second "
                                      "a divisor of the first, got {} and {}",
                                      embed_dim, num_heads));
}

/// What is added to scores: where a bool mask is true, -inf.
Tensor additive(const Tensor& mask, DType dtype) {
  if (!mask.defined() || mask.dtype() != kBool) return mask;
  return where(mask, full({}, -std::numeric_limits<double>::infinity(), dtype, mask.device()), 0);
}

Tensor xavier(int64_t rows, int64_t columns, const MultiheadAttentionOptions& options) {
  return init::xavier_uniform_(empty({rows, columns}, options.dtype, options.device));
}

LinearOptions linear_options(bool bias, DType dtype, Device device) {
  return {.bias = bias, .dtype = dtype, .device = device};
}

}  // namespace

MultiheadAttention::MultiheadAttention(int64_t embed_dim, int64_t num_heads,
                                       MultiheadAttentionOptions options)
    : out_proj(
          child("out_proj", Linear(checked_dim(embed_dim, num_heads), embed_dim,
                                   linear_options(options.bias, options.dtype, options.device)))),
      embed_dim_(embed_dim),
      num_heads_(num_heads),
      options_(options) {
  if (!(options.dropout >= 0 && options.dropout <= 1)) {
    fail<ValueError>(kCall, fmt::format("expected a dropout in [0, 1], got {}", options.dropout));
  }
  const int64_t kdim = options.kdim ? options.kdim : embed_dim;
  const int64_t vdim = options.vdim ? options.vdim : embed_dim;
  if (kdim == embed_dim && vdim == embed_dim) {
    in_proj_weight = parameter("in_proj_weight", xavier(3 * embed_dim, embed_dim, options));
  } else {
    q_proj_weight = parameter("q_proj_weight", xavier(embed_dim, embed_dim, options));
    k_proj_weight = parameter("k_proj_weight", xavier(embed_dim, kdim, options));
    v_proj_weight = parameter("v_proj_weight", xavier(embed_dim, vdim, options));
  }
  if (!options.bias) return;
  in_proj_bias = parameter("in_proj_bias", zeros({3 * embed_dim}, options.dtype, options.device));
  init::zeros_(out_proj.bias);
}

MultiheadAttention::Heads MultiheadAttention::heads_of(const Tensor& query, const Tensor& key,
                                                       const Tensor& value) const {
  for (const Tensor* x : {&query, &key, &value}) {
    if (x->dim() == 3) continue;
    fail<ShapeError>(kCall, fmt::format("expected sequences [{}, features], got {}",
                                        options_.batch_first ? "batch, steps" : "steps, batch",
                                        tenon::to_string(x->sizes())));
  }
  if (query.size(-1) != embed_dim_) {
    fail<ShapeError>(kCall, fmt::format("expected {} features, got {}", embed_dim_,
                                        tenon::to_string(query.sizes())));
  }
  std::vector<Tensor> biases(3), projected;
  if (in_proj_bias.defined()) biases = chunk(in_proj_bias, 3);
  if (in_proj_weight.defined() && query.is_same(key) && query.is_same(value)) {
    projected = chunk(linear(query, in_proj_weight, in_proj_bias), 3, -1);
  } else {
    std::vector<Tensor> weights = {q_proj_weight, k_proj_weight, v_proj_weight};
    if (in_proj_weight.defined()) weights = chunk(in_proj_weight, 3);
    const Tensor* const inputs[] = {&query, &key, &value};
    for (size_t i = 0; i < 3; ++i) projected.push_back(linear(*inputs[i], weights[i], biases[i]));
  }
  for (Tensor& x : projected) {
    if (!options_.batch_first) x = transpose(x, 0, 1);
    x = transpose(reshape(x, {x.size(0), x.size(1), num_heads_, embed_dim_ / num_heads_}), 1, 2);
  }
  return {projected[0], projected[1], projected[2]};
}

Tensor MultiheadAttention::mask_of(const Heads& heads, const AttentionMasks& masks) const {
  const int64_t batch = heads.q.size(0), targets = heads.q.size(2), sources = heads.k.size(2);
  Tensor mask = additive(masks.attn_mask, heads.q.dtype());
  if (mask.defined()) {
    const Shape each = {batch * num_heads_, targets, sources}, shared = {targets, sources};
    if (mask.sizes() != each && mask.sizes() != shared) {
      fail<ShapeError>(
          kCall, fmt::format("expected an attn_mask {} or {}, got {}", tenon::to_string(shared),
                             tenon::to_string(each), tenon::to_string(mask.sizes())));
    }
    if (mask.dim() == 3) mask = reshape(mask, {batch, num_heads_, targets, sources});
  }
  Tensor padding = additive(masks.key_padding_mask, heads.q.dtype());
  if (!padding.defined()) return mask;
  if (padding.sizes() != Shape{batch, sources}) {
    fail<ShapeError>(kCall, fmt::format("expected a key_padding_mask [{}, {}], got {}", batch,
                                        sources, tenon::to_string(padding.sizes())));
  }
  padding = reshape(padding, {batch, 1, 1, sources});
  return mask.defined() ? mask + padding : padding;
}

/// [batch, heads, steps, head size] as sequences of all features, times the last weight.
Tensor MultiheadAttention::joined(const Tensor& result) const {
  const Tensor x = flatten(transpose(result, 1, 2), 2, 3);
  return out_proj(options_.batch_first ? x : transpose(x, 0, 1));
}

Tensor MultiheadAttention::forward(const Tensor& x) { return forward(x, x, x); }

Tensor MultiheadAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                   const AttentionMasks& masks) {
  const Heads heads = heads_of(query, key, value);
  return joined(scaled_dot_product_attention(heads.q, heads.k, heads.v, mask_of(heads, masks),
                                             is_training() ? options_.dropout : 0));
}

std::tuple<Tensor, Tensor> MultiheadAttention::forward_with_weights(const Tensor& query,
                                                                    const Tensor& key,
                                                                    const Tensor& value,
                                                                    const AttentionMasks& masks) {
  const Heads heads = heads_of(query, key, value);
  const double scale = 1 / std::sqrt(static_cast<double>(embed_dim_ / num_heads_));
  const Tensor scores = matmul(heads.q * scale, transpose(heads.k, -2, -1));
  const Tensor mask = mask_of(heads, masks);
  Tensor weights = softmax(mask.defined() ? scores + mask : scores, -1);
  weights = dropout(weights, options_.dropout, is_training());
  return {joined(matmul(weights, heads.v)), weights};
}

std::string MultiheadAttention::description() const {
  return fmt::format("{}, heads={}", embed_dim_, num_heads_);
}

TransformerEncoderLayer::TransformerEncoderLayer(int64_t d_model, int64_t nhead,
                                                 TransformerEncoderLayerOptions options)
    : self_attn(child("self_attn", MultiheadAttention(d_model, nhead,
                                                      {.dropout = options.dropout,
                                                       .batch_first = options.batch_first,
                                                       .dtype = options.dtype,
                                                       .device = options.device}))),
      linear1(child("linear1", Linear(d_model, options.dim_feedforward,
                                      linear_options(true, options.dtype, options.device)))),
      linear2(child("linear2", Linear(options.dim_feedforward, d_model,
                                      linear_options(true, options.dtype, options.device)))),
      norm1(child("norm1", LayerNorm(d_model, {.eps = options.layer_norm_eps,
                                               .dtype = options.dtype,
                                               .device = options.device}))),
      norm2(child("norm2", LayerNorm(d_model, {.eps = options.layer_norm_eps,
                                               .dtype = options.dtype,
                                               .device = options.device}))),
      dropout_(child("dropout", Dropout(options.dropout))),
      gelu_(options.activation == "gelu"),
      norm_first_(options.norm_first) {
  if (gelu_ || options.activation == "relu") return;
  fail<ValueError>("TransformerEncoderLayer",
                   fmt::format("expected 'relu' or 'gelu', got '{}'", options.activation));
}

Tensor TransformerEncoderLayer::fed_forward(const Tensor& x) {
  const Tensor inner = linear1(x);
  return dropout_(linear2(dropout_(gelu_ ? gelu(inner) : relu(inner))));
}

Tensor TransformerEncoderLayer::forward(const Tensor& src) { return forward(src, {}); }

Tensor TransformerEncoderLayer::forward(const Tensor& src, const AttentionMasks& masks) {
  const auto attended = [&](const Tensor& x) {
    return dropout_(self_attn.forward(x, x, x, masks));
  };
  if (norm_first_) {
    const Tensor x = src + attended(norm1(src));
    return x + fed_forward(norm2(x));
  }
  const Tensor x = norm1(src + attended(src));
  return norm2(x + fed_forward(x));
}

std::string TransformerEncoderLayer::description() const {
  return fmt::format("{}{}", gelu_ ? "gelu" : "relu", norm_first_ ? ", norm_first" : "");
}

}  // namespace tenon::nn
