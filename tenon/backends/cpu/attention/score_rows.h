#pragma once

#include <cstdint>

namespace tenon::cpu {

/// The mask of one row of scores, at most one of the two; null: none.
template <class T>
struct RowMask {
  const T* added = nullptr;
  const bool* allowed = nullptr;
};

/// Scores of one query in a block of keys, times `scale`, masked: the first `count` of them. What
/// follows up to `width`, a multiple of 16, doesn't count. In place.
template <class T>
struct ScoreRow {
  T* scores;
  int64_t count, width;
  T scale;
  RowMask<T> mask;
};

/// Of one query, over the keys seen so far.
template <class T>
struct RunningSoftmax {
  T largest, sum;  ///< sum of e^(score - largest)
};

/// Scores become e^(score - largest), where `largest` is over all keys so far. Returns by what
/// number results of earlier blocks are to be multiplied.
float exponentiate_row(const ScoreRow<float>& row, RunningSoftmax<float>& softmax);
double exponentiate_row(const ScoreRow<double>& row, RunningSoftmax<double>& softmax);

/// Scores become weights p = e^(score - logsumexp), and `slopes`, the gradients of weights,
/// gradients of products of query and key: p (slope - mean) scale.
void weigh_row(const ScoreRow<float>& row, float logsumexp, float mean, float* slopes);
void weigh_row(const ScoreRow<double>& row, double logsumexp, double mean, double* slopes);

/// values *= factor
void scale_row(float* values, int64_t count, float factor);
void scale_row(double* values, int64_t count, double factor);

}  // namespace tenon::cpu
