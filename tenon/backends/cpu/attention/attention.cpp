#include "tenon/backends/cpu/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/backends/cpu/linalg/pieces.h"
#include "tenon/backends/cpu/linalg/scratch.h"

namespace tenon::cpu {
namespace {

constexpr const char* kCall = "scaled_dot_product_attention";
constexpr int64_t kWidthStep = 16;  // of the rows of a block, in elements

template <class T>
StridedMatrix<T> dense(const T* data, int64_t row_stride) {
  return {data, row_stride, 1};
}

template <class T>
StridedMatrix<T> transposed(const StridedMatrix<T>& a) {
  return {a.data, a.col_stride, a.row_stride};
}

/// c [m, n] = a [m, k] b [k, n], or added to.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const StridedMatrix<T>& a, const StridedMatrix<T>& b,
              T* c, int64_t c_row_stride, bool accumulate) {
  if (m == 0 || n == 0) return;
  run_piece(Gemm<T>{m, n, k, a.data, a.row_stride, a.col_stride, b.data, b.row_stride, b.col_stride,
                    c, c_row_stride, nullptr, accumulate});
}

/// Queries [query, query + queries) and keys [key, key + keys).
struct Block {
  int64_t query, queries, key, keys;
};

/// A block's scores, in memory of the thread.
template <class T>
class Scores {
 public:
  Scores(const AttentionSizes& sizes, const AttentionHead<T>& head, T* memory, int64_t width)
      : sizes_(sizes), head_(head), memory_(memory), width_(width) {}

  void multiply_keys(const Block& block) const {
    multiply(block.queries, block.keys, sizes_.features, head_.query.from_row(block.query),
             transposed(head_.key.from_row(block.key)), memory_, width_, false);
  }

  ScoreRow<T> row(const Block& block, int64_t i) const {
    const int64_t query = block.query + i;
    int64_t count = block.keys;
    if (sizes_.is_causal) count = std::clamp<int64_t>(query + 1 - block.key, 0, count);
    ScoreRow<T> row{memory_ + i * width_, count, width_, static_cast<T>(sizes_.scale), head_.mask};
    const int64_t first = query * head_.mask_row_stride + block.key;
    if (row.mask.added) row.mask.added += first;
    if (row.mask.allowed) row.mask.allowed += first;
    return row;
  }

  StridedMatrix<T> matrix() const { return dense<T>(memory_, width_); }
  int64_t width() const { return width_; }

 private:
  const AttentionSizes& sizes_;
  const AttentionHead<T>& head_;
  T* const memory_;
  const int64_t width_;
};

int64_t width_of(int64_t keys) {
  return (std::min(keys, kAttentionKeys) + kWidthStep - 1) / kWidthStep * kWidthStep;
}

}  // namespace

template <class T>
void attention_forward(const AttentionSizes& sizes, const AttentionHead<T>& head, int64_t first,
                       int64_t count, T* output, T* logsumexp) {
  static Scratch scratch;
  const int64_t width = width_of(sizes.keys), size = sizes.value_features;
  auto* memory = scratch.get_array<T>(static_cast<size_t>(count * width), kCall);
  const Scores<T> scores(sizes, head, memory, width);
  RunningSoftmax<T> softmax[kAttentionQueries];
  std::fill(softmax, softmax + count, RunningSoftmax<T>{-std::numeric_limits<T>::infinity(), 0});
  const int64_t keys = sizes.is_causal ? std::min(sizes.keys, first + count) : sizes.keys;
  if (keys == 0) std::fill(output, output + count * size, T(0));
  for (int64_t key = 0; key < keys; key += kAttentionKeys) {
    const Block block{first, count, key, std::min(kAttentionKeys, keys - key)};
    scores.multiply_keys(block);
    for (int64_t i = 0; i < count; ++i) {
      const T factor = exponentiate_row(scores.row(block, i), softmax[i]);
      if (key > 0) scale_row(output + i * size, size, factor);
    }
    multiply(count, size, block.keys, scores.matrix(), head.value.from_row(key), output, size,
             key > 0);
  }
  for (int64_t i = 0; i < count; ++i) {
    const bool is_nothing = softmax[i].sum == 0;
    scale_row(output + i * size, size, is_nothing ? T(0) : 1 / softmax[i].sum);
    logsumexp[i] = is_nothing ? std::numeric_limits<T>::infinity()
                              : softmax[i].largest + std::log(softmax[i].sum);
  }
}

template <class T>
void attention_backward(const AttentionSizes& sizes, const AttentionHead<T>& head,
                        const AttentionGradients<T>& gradients, int64_t first, int64_t count) {
  static Scratch scratch;
  const int64_t e = sizes.features, ev = sizes.value_features, width = width_of(count);
  const int64_t queries = std::min(sizes.queries, kAttentionQueries);
  T* const memory = scratch.get_array<T>(static_cast<size_t>(2 * queries * width), kCall);
  T* const slopes = memory + queries * width;
  const Scores<T> scores(sizes, head, memory, width);
  const StridedMatrix<T> slope_matrix = dense<T>(slopes, width);
  for (int64_t key = first; key < first + count; key += kAttentionKeys) {
    const int64_t keys = std::min(kAttentionKeys, first + count - key);
    const int64_t start = sizes.is_causal ? key / kAttentionQueries * kAttentionQueries : 0;
    for (int64_t query = start; query < sizes.queries; query += kAttentionQueries) {
      const Block block{query, std::min(kAttentionQueries, sizes.queries - query), key, keys};
      const StridedMatrix<T> dy = gradients.dy.from_row(query);
      scores.multiply_keys(block);
      multiply(block.queries, keys, ev, dy, transposed(head.value.from_row(key)), slopes, width,
               false);
      for (int64_t i = 0; i < block.queries; ++i) {
        weigh_row(scores.row(block, i), gradients.logsumexp[query + i], gradients.mean[query + i],
                  slopes + i * width);
      }
      multiply(keys, ev, block.queries, transposed(scores.matrix()), dy, gradients.value + key * ev,
               ev, true);
      multiply(keys, e, block.queries, transposed(slope_matrix), head.query.from_row(query),
               gradients.key + key * e, e, true);
      multiply(block.queries, e, keys, slope_matrix, head.key.from_row(key),
               gradients.query + query * e, e, true);
    }
  }
}

template void attention_forward(const AttentionSizes&, const AttentionHead<float>&, int64_t,
                                int64_t, float*, float*);
template void attention_forward(const AttentionSizes&, const AttentionHead<double>&, int64_t,
                                int64_t, double*, double*);
template void attention_backward(const AttentionSizes&, const AttentionHead<float>&,
                                 const AttentionGradients<float>&, int64_t, int64_t);
template void attention_backward(const AttentionSizes&, const AttentionHead<double>&,
                                 const AttentionGradients<double>&, int64_t, int64_t);

}  // namespace tenon::cpu
