#include "tenon/backends/cpu/kernels/resample_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/kernels/resample_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Products are rounded before they are added, as where elements are taken one by one.
void resample(const TapTable& table, const float* HWY_RESTRICT from, float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < table.results; i += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t k = 0; k < table.taps; ++k) {
      const auto index = hn::LoadU(di, table.index + k * table.stride + i);
      const auto is_none = hn::RebindMask(d, hn::Lt(index, hn::Zero(di)));
      const auto value = hn::GatherIndex(d, from, hn::Max(index, hn::Zero(di)));
      const auto weight = hn::LoadU(d, table.weight + k * table.stride + i);
      sum = hn::IfThenElse(is_none, sum, hn::Add(sum, hn::Mul(weight, value)));
    }
    if (i + lanes <= table.results) {
      hn::StoreU(sum, d, to + i);
      continue;
    }
    float values[hn::MaxLanes(d)];
    hn::StoreU(sum, d, values);
    for (int64_t j = i; j < table.results; ++j) to[j] = values[j - i];
  }
}

template <class T>
HWY_INLINE void add_rows(const T* HWY_RESTRICT from, const int64_t* index, const T* weight,
                         int64_t taps, int64_t size, T* HWY_RESTRICT to) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t j = 0;
  for (; j + lanes <= size; j += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t k = 0; k < taps; ++k) {
      const auto value = hn::LoadU(d, from + index[k] * size + j);
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weight[k]), value));
    }
    hn::StoreU(sum, d, to + j);
  }
  for (; j < size; ++j) {
    T sum = 0;
    for (int64_t k = 0; k < taps; ++k) sum += weight[k] * from[index[k] * size + j];
    to[j] = sum;
  }
}

void add_rows_float(const float* from, const int64_t* index, const float* weight, int64_t taps,
                    int64_t size, float* to) {
  add_rows(from, index, weight, taps, size, to);
}
void add_rows_double(const double* from, const int64_t* index, const double* weight, int64_t taps,
                     int64_t size, double* to) {
  add_rows(from, index, weight, taps, size, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(resample);
HWY_EXPORT(add_rows_float);
HWY_EXPORT(add_rows_double);

void resample_row(const TapTable& table, const float* from, float* to) {
  HWY_DYNAMIC_DISPATCH(resample)(table, from, to);
}
void add_weighted_rows(const float* from, const int64_t* index, const float* weight, int64_t taps,
                       int64_t size, float* to) {
  HWY_DYNAMIC_DISPATCH(add_rows_float)(from, index, weight, taps, size, to);
}
void add_weighted_rows(const double* from, const int64_t* index, const double* weight, int64_t taps,
                       int64_t size, double* to) {
  HWY_DYNAMIC_DISPATCH(add_rows_double)(from, index, weight, taps, size, to);
}

}  // namespace tenon::cpu
#endif
