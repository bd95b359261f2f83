#pragma once

#include <string>
#include <tuple>

#include "tenon/nn/layers.h"
#include "tenon/nn/linear.h"
#include "tenon/nn/norm.h"

/// Attention in several heads, and the layer of transformer encoders: Vaswani et al. 2017.
namespace tenon::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  ///< of the weights, in training mode
  bool bias = true;
  int64_t kdim = 0, vdim = 0;  ///< features of keys and values; 0: as many as the queries'
  bool batch_first = false;    ///< sequences are [batch, steps, features]
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// Who may look where. Each is undefined (everywhere), bool with true where nobody may look, or
/// numbers that are added to the scores.
struct AttentionMasks {
  Tensor attn_mask = {};         ///< [targets, sources], or [batch x heads, targets, sources]
  Tensor key_padding_mask = {};  ///< [batch, sources]
};

/// softmax(Q K^T / sqrt(head size)) V in heads of embed_dim / num_heads features, between products
/// with weights of PyTorch's names and layout. Sequences are [steps, batch, features].
class TENON_API MultiheadAttention : public Module {
 public:
  /// Throws ValueError unless num_heads divides embed_dim.
  MultiheadAttention(int64_t embed_dim, int64_t num_heads, MultiheadAttentionOptions options = {});

  /// Attention of a sequence to itself.
  Tensor forward(const Tensor& x) override;
  Tensor forward(const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionMasks& masks = {});
  /// (result, weights [batch, heads, targets, sources]).
  std::tuple<Tensor, Tensor> forward_with_weights(const Tensor& query, const Tensor& key,
                                                  const Tensor& value,
                                                  const AttentionMasks& masks = {});
  std::string description() const override;

  Parameter in_proj_weight;  ///< [3 embed_dim, embed_dim]; undefined where kdim or vdim differ
  Parameter q_proj_weight, k_proj_weight, v_proj_weight;  ///< defined where that isn't
  Parameter in_proj_bias;                                 ///< [3 embed_dim]
  Linear out_proj;

 private:
  struct Heads {
    Tensor q, k, v;  ///< [batch, heads, steps, head size]
  };
  Heads heads_of(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor mask_of(const Heads& heads, const AttentionMasks& masks) const;
  Tensor joined(const Tensor& result) const;

  int64_t embed_dim_, num_heads_;
  MultiheadAttentionOptions options_;
};

struct TransformerEncoderLayerOptions {
  int64_t dim_feedforward = 2048;
  double dropout = 0.1;
  std::string activation = "relu";  ///< or "gelu"
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;  ///< normalises what goes into each part, not the sums
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// Attention of each step to all steps, and a feed-forward part, each added to what comes in, with
/// layer norms. Parameters have PyTorch's names.
class TENON_API TransformerEncoderLayer : public Module {
 public:
  /// Throws ValueError for another activation, and as its parts do.
  TransformerEncoderLayer(int64_t d_model, int64_t nhead,
                          TransformerEncoderLayerOptions options = {});
  Tensor forward(const Tensor& src) override;
  Tensor forward(const Tensor& src, const AttentionMasks& masks);
  std::string description() const override;

  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;

 private:
  Tensor fed_forward(const Tensor& x);

  Dropout dropout_;
  bool gelu_, norm_first_;
};

}  // namespace tenon::nn
