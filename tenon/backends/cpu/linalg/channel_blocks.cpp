#include "tenon/backends/cpu/linalg/channel_blocks.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/channel_blocks.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// What lies together are one vector or several.
using Sixteen = hn::CappedTag<float, kBlockChannels>;

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE void store(D d, hn::Vec<D> value, float* to) {
  hn::StoreU(value, d, to);
}

/// A bfloat16 is the upper half of a float, so that loads are exact; stores are of values that are
/// bfloat16s.
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const BFloat16* from) {
  const hn::RebindToUnsigned<D> bits;
  const hn::Rebind<uint16_t, D> stored;
  const auto half = hn::LoadU(stored, reinterpret_cast<const uint16_t*>(from));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(bits, half)));
}
template <class D>
HWY_INLINE void store(D, hn::Vec<D> value, BFloat16* to) {
  const hn::RebindToUnsigned<D> bits;
  const hn::RebindToSigned<D> integers;
  const hn::Rebind<uint16_t, D> stored;
  const auto upper = hn::BitCast(integers, hn::ShiftRight<16>(hn::BitCast(bits, value)));
  hn::StoreU(hn::DemoteTo(stored, upper), stored, reinterpret_cast<uint16_t*>(to));
}

/// Rounded to nearest even.
template <class D>
HWY_INLINE void store_rounded(D d, hn::Vec<D> value, float* to) {
  store(d, value, to);
}
template <class D>
HWY_INLINE void store_rounded(D d, hn::Vec<D> value, BFloat16* to) {
  const hn::RebindToUnsigned<D> u;
  const auto bits = hn::BitCast(u, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(u, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(u, 0x7fff)));
  const auto nan = hn::Or(bits, hn::Set(u, 0x400000));
  store(d, hn::IfThenElse(hn::IsNaN(value), hn::BitCast(d, nan), hn::BitCast(d, rounded)), to);
}

/// Where `value` isn't above 0; NaN counts as above.
template <class D>
HWY_INLINE auto is_off(D d, hn::Vec<D> value) {
  return hn::Le(value, hn::Zero(d));
}

template <class T>
void relu_all(T* x, int64_t count) {
  const Sixteen d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = load(d, x + i);
    store(d, hn::IfThenZeroElse(is_off(d, value), value), x + i);
  }
  for (; i < count; ++i) {
    if (static_cast<float>(x[i]) <= 0) x[i] = T(0.0f);
  }
}

template <class T>
void mask_all(T* dx, const T* result, int64_t count) {
  const Sixteen d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    store(d, hn::IfThenZeroElse(is_off(d, load(d, result + i)), load(d, dx + i)), dx + i);
  }
  for (; i < count; ++i) {
    if (static_cast<float>(result[i]) <= 0) dx[i] = T(0.0f);
  }
}

/// Elements as whole numbers, which order as the floats do from 0 on: for pooling, which only
/// compares and moves them. NaN is above infinity.
template <class T>
struct Bits;
template <>
struct Bits<float> {
  using Type = int32_t;
  static constexpr Type kInfinity = 0x7f800000, kMagnitude = 0x7fffffff;
};
template <>
struct Bits<BFloat16> {
  using Type = int16_t;
  static constexpr Type kInfinity = 0x7f80, kMagnitude = 0x7fff;
};

/// Takes the largest of windows over, of relu: 0 where it isn't above 0; NaN without its sign.
template <class T, class D>
class Largest {
 public:
  using V = hn::Vec<D>;

  HWY_INLINE Largest(D d, V first) : best_(relu(d, first)), at_(hn::Zero(d)) {}
  HWY_INLINE void take(D d, V bits, hn::TFromD<D> place) {
    const V value = relu(d, bits);
    const auto larger = hn::Or(hn::Gt(value, best_), is_nan(d, value));
    best_ = hn::IfThenElse(larger, value, best_);
    at_ = hn::IfThenElse(larger, hn::Set(d, place), at_);
  }
  HWY_INLINE V value() const { return best_; }
  HWY_INLINE V place(D d) const {
    return hn::IfThenElse(hn::Eq(best_, hn::Zero(d)), hn::Set(d, 4), at_);
  }

 private:
  static HWY_INLINE auto is_nan(D d, V magnitude) {
    return hn::Gt(magnitude, hn::Set(d, Bits<T>::kInfinity));
  }
  static HWY_INLINE V relu(D d, V bits) {
    const V magnitude = hn::And(bits, hn::Set(d, Bits<T>::kMagnitude));
    return hn::IfThenElse(is_nan(d, magnitude), magnitude, hn::Max(bits, hn::Zero(d)));
  }

  V best_, at_;
};

template <size_t kTogether, class T>
void pool(const T* elements, const BlockImage& image, T* to, uint8_t* places) {
  using Type = typename Bits<T>::Type;
  const hn::CappedTag<Type, kTogether> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto* const z = reinterpret_cast<const Type*>(elements);
  auto* values = reinterpret_cast<Type*>(to);
  const int64_t row = image.width * image.stride;
  for (int64_t y = 0; y + 1 < image.height; y += 2) {
    for (int64_t x = 0; x + 1 < image.width; x += 2) {
      for (int64_t c = 0; c < static_cast<int64_t>(kTogether); c += lanes) {
        const Type* const from = z + y * row + x * image.stride + c;
        Largest<T, hn::CappedTag<Type, kTogether>> largest(d, hn::LoadU(d, from));
        largest.take(d, hn::LoadU(d, from + image.stride), 1);
        largest.take(d, hn::LoadU(d, from + row), 2);
        largest.take(d, hn::LoadU(d, from + row + image.stride), 3);
        hn::StoreU(largest.value(), d, values + c);
        hn::StoreU(hn::DemoteTo(bytes, largest.place(d)), bytes, places + c);
      }
      values += kBlockChannels;
      places += kBlockChannels;
    }
  }
}

template <size_t kTogether, class T>
void unpool(const T* from, const uint8_t* places, const BlockImage& image, T* elements) {
  using Type = typename Bits<T>::Type;
  const hn::CappedTag<Type, kTogether> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto* dy = reinterpret_cast<const Type*>(from);
  auto* const dz = reinterpret_cast<Type*>(elements);
  const int64_t row = image.width * image.stride;
  for (int64_t c = 0; c < static_cast<int64_t>(kTogether); c += lanes) {
    // What no window covers.
    const auto clear = [&](int64_t place) { hn::StoreU(hn::Zero(d), d, dz + place + c); };
    for (int64_t y = 0; image.width % 2 != 0 && y < image.height; ++y) {
      clear(y * row + row - image.stride);
    }
    for (int64_t x = 0; image.height % 2 != 0 && x < image.width; ++x) {
      clear((image.height - 1) * row + x * image.stride);
    }
  }
  for (int64_t y = 0; y + 1 < image.height; y += 2) {
    for (int64_t x = 0; x + 1 < image.width; x += 2) {
      for (int64_t c = 0; c < static_cast<int64_t>(kTogether); c += lanes) {
        Type* const to = dz + y * row + x * image.stride + c;
        const auto value = hn::LoadU(d, dy + c);
        const auto at = hn::PromoteTo(d, hn::LoadU(bytes, places + c));
        const auto put = [&](Type place, Type* corner) {
          hn::StoreU(hn::IfThenElseZero(hn::Eq(at, hn::Set(d, place)), value), d, corner);
        };
        put(0, to);
        put(1, to + image.stride);
        put(2, to + row);
        put(3, to + row + image.stride);
      }
      dy += kBlockChannels;
      places += kBlockChannels;
    }
  }
}

/// One place of z, without bias: nine values of x times the filters of its channel.
template <class D>
HWY_INLINE hn::Vec<D> add_window(D d, const float* x, int64_t x_width, const float* filters,
                                 hn::Vec<D> sum) {
  for (int64_t k = 0; k < 3; ++k) {
    const float* const row = x + k * x_width;
    const float* const filter = filters + 3 * k * kBlockChannels;
    sum = hn::MulAdd(hn::Set(d, row[0]), load(d, filter), sum);
    sum = hn::MulAdd(hn::Set(d, row[1]), load(d, filter + kBlockChannels), sum);
    sum = hn::MulAdd(hn::Set(d, row[2]), load(d, filter + 2 * kBlockChannels), sum);
  }
  return sum;
}

template <class T>
void few_channels(const FewChannelsFilter& filter, const BlockImage& image, T* z) {
  const Sixteen d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t plane = (image.height + 2) * filter.x_width;
  for (int64_t c = 0; c < kBlockChannels; c += lanes) {
    const auto bias = load(d, filter.bias + c);
    for (int64_t i = 0; i < image.height; ++i) {
      const float* const x = filter.x + i * filter.x_width;
      T* const to = z + i * image.width * image.stride + c;
      for (int64_t j = 0; j < image.width; ++j) {
        auto sum = bias;
        for (int64_t channel = 0; channel < filter.x_channels; ++channel) {
          sum = add_window(d, x + j + channel * plane, filter.x_width,
                           filter.filters + channel * 9 * kBlockChannels + c, sum);
        }
        if (filter.relu) sum = hn::IfThenZeroElse(is_off(d, sum), sum);
        store_rounded(d, sum, to + j * image.stride);
      }
    }
  }
}

template <class T>
void filter_gradients(const float* x, int64_t x_width, const T* dz, const BlockImage& image,
                      float* sums) {
  const Sixteen d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < kBlockChannels; c += lanes) {
    const auto sum_of = [&](int64_t i) { return load(d, sums + i * kBlockChannels + c); };
    auto s0 = sum_of(0), s1 = sum_of(1), s2 = sum_of(2), s3 = sum_of(3), s4 = sum_of(4);
    auto s5 = sum_of(5), s6 = sum_of(6), s7 = sum_of(7), s8 = sum_of(8), bias = sum_of(9);
    for (int64_t i = 0; i < image.height; ++i) {
      const float *a = x + i * x_width, *b = a + x_width, *e = b + x_width;
      const T* from = dz + i * image.width * image.stride + c;
      for (int64_t j = 0; j < image.width; ++j, from += image.stride) {
        const auto value = load(d, from);
        bias = hn::Add(bias, value);
        s0 = hn::MulAdd(value, hn::Set(d, a[j]), s0);
        s1 = hn::MulAdd(value, hn::Set(d, a[j + 1]), s1);
        s2 = hn::MulAdd(value, hn::Set(d, a[j + 2]), s2);
        s3 = hn::MulAdd(value, hn::Set(d, b[j]), s3);
        s4 = hn::MulAdd(value, hn::Set(d, b[j + 1]), s4);
        s5 = hn::MulAdd(value, hn::Set(d, b[j + 2]), s5);
        s6 = hn::MulAdd(value, hn::Set(d, e[j]), s6);
        s7 = hn::MulAdd(value, hn::Set(d, e[j + 1]), s7);
        s8 = hn::MulAdd(value, hn::Set(d, e[j + 2]), s8);
      }
    }
    int64_t next = c;
    for (const auto sum : {&s0, &s1, &s2, &s3, &s4, &s5, &s6, &s7, &s8, &bias}) {
      store(d, *sum, sums + next);
      next += kBlockChannels;
    }
  }
}

/// `body` with the C++ type of the dtype.
template <class Body>
void with_type(DType dtype, Body body) {
  if (dtype == kFloat32) {
    body(float());
  } else {
    body(BFloat16());
  }
}

void relu_of(DType dtype, void* x, int64_t count) {
  with_type(dtype, [&]<class T>(T) { relu_all(static_cast<T*>(x), count); });
}

void mask_of(DType dtype, void* dx, const void* result, int64_t count) {
  with_type(dtype, [&]<class T>(T) {
    mask_all(static_cast<T*>(dx), static_cast<const T*>(result), count);
  });
}

void pool_of(DType dtype, const void* z, const BlockImage& image, void* values, uint8_t* places) {
  with_type(dtype, [&]<class T>(T) {
    const auto* const from = static_cast<const T*>(z);
    auto* const to = static_cast<T*>(values);
    image.channels == 8 ? pool<8>(from, image, to, places) : pool<16>(from, image, to, places);
  });
}

void unpool_of(DType dtype, const void* dy, const uint8_t* places, const BlockImage& image,
               void* dz) {
  with_type(dtype, [&]<class T>(T) {
    const auto* const from = static_cast<const T*>(dy);
    auto* const to = static_cast<T*>(dz);
    image.channels == 8 ? unpool<8>(from, places, image, to) : unpool<16>(from, places, image, to);
  });
}

void few_channels_of(DType dtype, const FewChannelsFilter& filter, const BlockImage& image,
                     void* z) {
  with_type(dtype, [&]<class T>(T) { few_channels(filter, image, static_cast<T*>(z)); });
}

void filter_gradients_of(DType dtype, const float* x, int64_t x_width, const void* dz,
                         const BlockImage& image, float* sums) {
  with_type(dtype, [&]<class T>(T) {
    filter_gradients(x, x_width, static_cast<const T*>(dz), image, sums);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(relu_of);
HWY_EXPORT(mask_of);
HWY_EXPORT(pool_of);
HWY_EXPORT(unpool_of);
HWY_EXPORT(few_channels_of);
HWY_EXPORT(filter_gradients_of);

void relu_in_place(DType dtype, void* x, int64_t count) {
  HWY_DYNAMIC_DISPATCH(relu_of)(dtype, x, count);
}

void mask_in_place(DType dtype, void* dx, const void* result, int64_t count) {
  HWY_DYNAMIC_DISPATCH(mask_of)(dtype, dx, result, count);
}

void pool_block(DType dtype, const void* z, const BlockImage& image, void* values,
                uint8_t* places) {
  HWY_DYNAMIC_DISPATCH(pool_of)(dtype, z, image, values, places);
}

void unpool_block(DType dtype, const void* dy, const uint8_t* places, const BlockImage& image,
                  void* dz) {
  HWY_DYNAMIC_DISPATCH(unpool_of)(dtype, dy, places, image, dz);
}

void filter_few_channels(DType dtype, const FewChannelsFilter& filter, const BlockImage& image,
                         void* z) {
  HWY_DYNAMIC_DISPATCH(few_channels_of)(dtype, filter, image, z);
}

void add_filter_gradients(DType dtype, const float* x, int64_t x_width, const void* dz,
                          const BlockImage& image, float* sums) {
  HWY_DYNAMIC_DISPATCH(filter_gradients_of)(dtype, x, x_width, dz, image, sums);
}

}  // namespace tenon::cpu
#endif
