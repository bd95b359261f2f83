#include "tenon/nn/layers.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/nn/init.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {

Tensor Identity::forward(const Tensor& x) { return x; }

Dropout::Dropout(double p) : p_(p) {
  if (!(p >= 0 && p <= 1)) {
    fail<ValueError>("Dropout", fmt::format("expected a probability in [0, 1], got {}", p));
  }
}
Tensor Dropout::forward(const Tensor& x) {
  return is_training() && p_ > 0 ? dropout(x, p_, true) : x;
}
std::string Dropout::description() const { return fmt::format("p={}", p_); }

Tensor Flatten::forward(const Tensor& x) { return flatten(x, start_dim_, end_dim_); }
std::string Flatten::description() const {
  return start_dim_ == 1 && end_dim_ == -1 ? "" : fmt::format("{} to {}", start_dim_, end_dim_);
}

Embedding::Embedding(int64_t num_embeddings, int64_t embedding_dim, EmbeddingOptions options)
    : padding_idx_(options.padding_idx) {
  if (num_embeddings < 1 || embedding_dim < 1 || options.padding_idx < -1 ||
      options.padding_idx >= num_embeddings) {
    fail<ValueError>("Embedding",
                     fmt::format("expected at least one row and column and padding_idx below {0}, "
                                 "got {0} rows, {1} columns, padding_idx {2}",
                                 num_embeddings, embedding_dim, options.padding_idx));
  }
  const NoGrad no_grad;
  Tensor table =
      init::normal_(empty({num_embeddings, embedding_dim}, options.dtype, options.device));
  if (padding_idx_ >= 0) table.select(0, padding_idx_).fill_(0);
  weight = parameter("weight", table);
}
Tensor Embedding::forward(const Tensor& x) { return embedding(weight, x, padding_idx_); }
std::string Embedding::description() const {
  return fmt::format("{} -> {}", weight.size(0), weight.size(1));
}

}  // namespace tenon::nn
