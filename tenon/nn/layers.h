#pragma once

#include "tenon/nn/module.h"

/// Layers without a family of their own.
namespace tenon::nn {

/// Gives its input back.
class TENON_API Identity : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// Zeroes each element with probability `p` and scales the rest by 1 / (1 - p) in training mode;
/// gives its input back in eval mode. Srivastava et al. 2014.
class TENON_API Dropout : public Module {
 public:
  /// Throws ValueError when `p` is not in [0, 1].
  explicit Dropout(double p = 0.5);
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  double p_;
};

/// Makes one dim of the dims from `start_dim` to `end_dim`.
class TENON_API Flatten : public Module {
 public:
  explicit Flatten(int64_t start_dim = 1, int64_t end_dim = -1)
      : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t start_dim_;
  int64_t end_dim_;
};

struct EmbeddingOptions {
  int64_t padding_idx = -1;  ///< the row that starts as zeros and gets no gradient; -1: none
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// Rows of a table by number: [...] integers to [..., embedding_dim]. Starts standard normal.
class TENON_API Embedding : public Module {
 public:
  Embedding(int64_t num_embeddings, int64_t embedding_dim, EmbeddingOptions options = {});
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight;  ///< [num_embeddings, embedding_dim]

 private:
  int64_t padding_idx_;
};

}  // namespace tenon::nn
