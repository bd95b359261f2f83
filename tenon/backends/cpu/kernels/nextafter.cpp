// nextafter and frexp, which read numbers as bits: no step of tile programs does.

#include <cmath>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

template <std::floating_point T>
T next_number(T from, T towards) {
  return std::nextafter(from, towards);
}

/// Of halves, whose bits below the sign count up from 0.
template <class T>
T next_number(T from, T towards) {
  const auto a = static_cast<float>(from), b = static_cast<float>(towards);
  if (std::isnan(a)) return from;
  if (std::isnan(b) || a == b) return towards;
  constexpr uint16_t kSign = 0x8000;
  if (a == 0) return T::from_bits(static_cast<uint16_t>((towards.bits & kSign) | 1));
  const bool grows = (a < b) == (a > 0);
  return T::from_bits(static_cast<uint16_t>(grows ? from.bits + 1 : from.bits - 1));
}

template <class T>
void next_numbers(const Tensor& a, const Tensor& b, const Tensor& output) {
  const T *from = a.data<T>(), *towards = b.data<T>();
  T* out = output.data<T>();
  parallel_for(output.numel(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = next_number(from[i], towards[i]);
  });
}

void nextafter_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const Tensor a = spread(call.input(0), output.dtype(), output.sizes());
  const Tensor b = spread(call.input(1), output.dtype(), output.sizes());
  visit_floating(output.dtype(),
                 [&](auto tag, auto) { next_numbers<typename decltype(tag)::Type>(a, b, output); });
}

void frexp_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  int32_t* exponent = outputs[1].data<int32_t>();
  visit_floating(x.dtype(), [&](auto tag, auto wide) {
    using T = typename decltype(tag)::Type;
    using Wide = typename decltype(wide)::Type;
    const T* from = x.data<T>();
    T* mantissa = outputs[0].data<T>();
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int power = 0;
        mantissa[i] = T(std::frexp(Wide(from[i]), &power));
        // Of inf and NaN the standard leaves the exponent open.
        exponent[i] = std::isfinite(Wide(from[i])) ? power : 0;
      }
    });
  });
}

}  // namespace

void register_nextafter() {
  register_kernel(OpId::kNextafter, kCpu.type, nextafter_kernel);
  register_kernel(OpId::kFrexp, kCpu.type, frexp_kernel);
}

}  // namespace tenon::cpu
