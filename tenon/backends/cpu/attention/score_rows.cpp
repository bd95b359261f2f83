#include "tenon/backends/cpu/attention/score_rows.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/attention/score_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/linalg/vectors-inl.h"
#include "tenon/backends/cpu/tile/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

/// Lanes that are true where `allowed` is.
HWY_INLINE auto allowed_lanes(Tag<float> d, const bool* allowed) {
  const hn::Rebind<uint8_t, Tag<float>> bytes;
  const hn::RebindToSigned<Tag<float>> wide;
  const auto lane =
      hn::PromoteTo(wide, hn::LoadU(bytes, reinterpret_cast<const uint8_t*>(allowed)));
  return hn::RebindMask(d, hn::Ne(lane, hn::Zero(wide)));
}
HWY_INLINE auto allowed_lanes(Tag<double> d, const bool* allowed) {
  double lane[hn::MaxLanes(Tag<double>())];
  for (size_t i = 0; i < hn::MaxLanes(d); ++i) lane[i] = allowed[i] ? 1 : 0;
  return hn::Ne(hn::LoadU(d, lane), hn::Zero(d));
}

/// Scaled and masked scores, -infinity after the last.
template <class T>
HWY_INLINE void mask_row(const ScoreRow<T>& row) {
  constexpr T kNever = -std::numeric_limits<T>::infinity();
  const Tag<T> d;
  const auto scale = hn::Set(d, row.scale), never = hn::Set(d, kNever);
  int64_t i = 0;
  for (; i + lanes<T>() <= row.count; i += lanes<T>()) {
    auto score = hn::Mul(hn::LoadU(d, row.scores + i), scale);
    if (row.mask.added) score = hn::Add(score, hn::LoadU(d, row.mask.added + i));
    if (row.mask.allowed) {
      score = hn::IfThenElse(allowed_lanes(d, row.mask.allowed + i), score, never);
    }
    hn::StoreU(score, d, row.scores + i);
  }
  for (; i < row.count; ++i) {
    T score = row.scores[i] * row.scale;
    if (row.mask.added) score += row.mask.added[i];
    row.scores[i] = row.mask.allowed && !row.mask.allowed[i] ? kNever : score;
  }
  for (; i < row.width; ++i) row.scores[i] = kNever;
}

template <class T>
HWY_INLINE T exponentiate(const ScoreRow<T>& row, RunningSoftmax<T>& softmax) {
  constexpr T kNever = -std::numeric_limits<T>::infinity();
  const Tag<T> d;
  mask_row(row);
  auto most = hn::Set(d, softmax.largest);
  for (int64_t i = 0; i < row.width; i += lanes<T>()) {
    most = hn::Max(most, hn::LoadU(d, row.scores + i));
  }
  const T largest = hn::GetLane(hn::MaxOfLanes(d, most));
  // Where nothing is allowed yet, every difference is to be -infinity, not NaN.
  const auto shift = hn::Set(d, largest == kNever ? T(0) : largest);
  auto sum = hn::Zero(d);
  for (int64_t i = 0; i < row.width; i += lanes<T>()) {
    const auto e = Exp()(d, hn::Sub(hn::LoadU(d, row.scores + i), shift));
    hn::StoreU(e, d, row.scores + i);
    sum = hn::Add(sum, e);
  }
  const T factor = hn::GetLane(Exp()(d, hn::Sub(hn::Set(d, softmax.largest), shift)));
  softmax.sum = softmax.sum * factor + hn::GetLane(hn::SumOfLanes(d, sum));
  softmax.largest = largest;
  return factor;
}

template <class T>
HWY_INLINE void weigh(const ScoreRow<T>& row, T logsumexp, T mean, T* slopes) {
  const Tag<T> d;
  mask_row(row);
  const auto shift = hn::Set(d, logsumexp), middle = hn::Set(d, mean);
  const auto scale = hn::Set(d, row.scale);
  int64_t i = 0;
  for (; i + lanes<T>() <= row.count; i += lanes<T>()) {
    const auto p = Exp()(d, hn::Sub(hn::LoadU(d, row.scores + i), shift));
    const auto slope = hn::Sub(hn::LoadU(d, slopes + i), middle);
    hn::StoreU(p, d, row.scores + i);
    hn::StoreU(hn::Mul(hn::Mul(p, slope), scale), d, slopes + i);
  }
  if (i < row.count) {
    const auto in_row = hn::FirstN(d, static_cast<size_t>(row.count - i));
    const auto p = Exp()(d, hn::Sub(hn::LoadU(d, row.scores + i), shift));
    // What follows the last slope may be anything.
    const auto slope = hn::Sub(hn::LoadU(d, slopes + i), middle);
    hn::StoreU(p, d, row.scores + i);
    hn::StoreU(hn::IfThenElseZero(in_row, hn::Mul(hn::Mul(p, slope), scale)), d, slopes + i);
    i += lanes<T>();
  }
  for (; i < row.width; i += lanes<T>()) {
    hn::StoreU(hn::Zero(d), d, row.scores + i);
    hn::StoreU(hn::Zero(d), d, slopes + i);
  }
}

template <class T>
HWY_INLINE void scale_all(T* values, int64_t count, T factor) {
  const Tag<T> d;
  int64_t i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    hn::StoreU(hn::Mul(hn::LoadU(d, values + i), hn::Set(d, factor)), d, values + i);
  }
  for (; i < count; ++i) values[i] *= factor;
}

float exponentiate_float(const ScoreRow<float>& row, RunningSoftmax<float>& softmax) {
  return exponentiate(row, softmax);
}
double exponentiate_double(const ScoreRow<double>& row, RunningSoftmax<double>& softmax) {
  return exponentiate(row, softmax);
}
void weigh_float(const ScoreRow<float>& row, float logsumexp, float mean, float* slopes) {
  weigh(row, logsumexp, mean, slopes);
}
void weigh_double(const ScoreRow<double>& row, double logsumexp, double mean, double* slopes) {
  weigh(row, logsumexp, mean, slopes);
}
void scale_float(float* values, int64_t count, float factor) { scale_all(values, count, factor); }
void scale_double(double* values, int64_t count, double factor) {
  scale_all(values, count, factor);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(exponentiate_float);
HWY_EXPORT(exponentiate_double);
HWY_EXPORT(weigh_float);
HWY_EXPORT(weigh_double);
HWY_EXPORT(scale_float);
HWY_EXPORT(scale_double);

float exponentiate_row(const ScoreRow<float>& row, RunningSoftmax<float>& softmax) {
  return HWY_DYNAMIC_DISPATCH(exponentiate_float)(row, softmax);
}
double exponentiate_row(const ScoreRow<double>& row, RunningSoftmax<double>& softmax) {
  return HWY_DYNAMIC_DISPATCH(exponentiate_double)(row, softmax);
}
void weigh_row(const ScoreRow<float>& row, float logsumexp, float mean, float* slopes) {
  HWY_DYNAMIC_DISPATCH(weigh_float)(row, logsumexp, mean, slopes);
}
void weigh_row(const ScoreRow<double>& row, double logsumexp, double mean, double* slopes) {
  HWY_DYNAMIC_DISPATCH(weigh_double)(row, logsumexp, mean, slopes);
}
void scale_row(float* values, int64_t count, float factor) {
  HWY_DYNAMIC_DISPATCH(scale_float)(values, count, factor);
}
void scale_row(double* values, int64_t count, double factor) {
  HWY_DYNAMIC_DISPATCH(scale_double)(values, count, factor);
}

}  // namespace tenon::cpu
#endif
