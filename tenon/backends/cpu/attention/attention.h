#pragma once

#include <cstdint>

#include "tenon/backends/cpu/attention/score_rows.h"

// Attention of one head, block by block (Dao et al. 2022, arXiv:2205.14135): the scores of all
// queries and keys are never in memory together, and the backward pass makes them again.
namespace tenon::cpu {

/// Read with strides, in elements.
template <class T>
struct StridedMatrix {
  const T* data;
  int64_t row_stride, col_stride;

  StridedMatrix from_row(int64_t row) const {
    return {data + row * row_stride, row_stride, col_stride};
  }
};

struct AttentionSizes {
  int64_t queries, keys;
  int64_t features, value_features;  ///< of queries and keys, of values
  double scale;
  bool is_causal;  ///< query i looks at keys 0 to i
};

template <class T>
struct AttentionHead {
  StridedMatrix<T> query, key, value;
  /// Of query 0, and elements from query to query; elements of one query lie together.
  RowMask<T> mask;
  int64_t mask_row_stride = 0;
};

/// Queries that are one task, at most.
inline constexpr int64_t kAttentionQueries = 128;
/// Keys whose scores are looked at together.
inline constexpr int64_t kAttentionKeys = 512;

/// softmax(query key^T scale + mask) value of the queries [first, first + count), count at most
/// kAttentionQueries, and the logarithm of their sums of exponentials: infinity (and zeros in
/// `output`) where a query may look at nothing. Both are without gaps, and start at query `first`.
template <class T>
void attention_forward(const AttentionSizes& sizes, const AttentionHead<T>& head, int64_t first,
                       int64_t count, T* output, T* logsumexp);

/// What the backward pass reads beside the operands, and adds to; the latter has no gaps.
template <class T>
struct AttentionGradients {
  StridedMatrix<T> dy;
  const T* logsumexp;
  const T* mean;  ///< of each query: what is subtracted from gradients of weights
  T *query, *key, *value;
};

/// Adds what the keys [first, first + count) have to do with the gradients: with weights P, dy
/// value^T = dP and dS = P (dP - mean) scale, `query` is dS key, `key` dS^T query, `value` P^T dy.
template <class T>
void attention_backward(const AttentionSizes& sizes, const AttentionHead<T>& head,
                        const AttentionGradients<T>& gradients, int64_t first, int64_t count);

}  // namespace tenon::cpu
