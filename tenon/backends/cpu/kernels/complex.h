#pragma once

// What kernels of complex numbers share: tile programs are real, so that ops which are tile
// programs for real numbers have a kernel for complex ones.

#include <cmath>
#include <complex>
#include <limits>

#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"
#include "tenon/core/promotion.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {

using Complex = std::complex<double>;

/// Calls `visitor` with a number of the complex dtype.
template <class Visitor>
void visit_complex(DType dtype, Visitor&& visitor) {
  if (dtype == kComplex64) return visitor(std::complex<float>());
  visitor(Complex());
}

/// out[i] = F(x[i]); the result may have another dtype.
template <class F>
void unary(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  visit_complex(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using R = decltype(F{}(zero));
    const T* in = x.data<T>();
    R* out = outputs[0].data<R>();
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = F{}(in[i]);
    });
  });
}

/// out[i] = F(x[i], y[i]), which broadcast.
template <class F>
void binary(const Call& call, std::span<Tensor> outputs) {
  const DType dtype = result_type(call.inputs);
  const Tensor a = spread(call.input(0), dtype, outputs[0].sizes());
  const Tensor b = spread(call.input(1), dtype, outputs[0].sizes());
  visit_complex(dtype, [&](auto zero) {
    using T = decltype(zero);
    using R = decltype(F{}(zero, zero));
    const T *x = a.data<T>(), *y = b.data<T>();
    R* out = outputs[0].data<R>();
    parallel_for(a.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = F{}(x[i], y[i]);
    });
  });
}

/// An element of any dtype as a complex number and back. To real: the real part, as tile programs
/// convert doubles.
template <class T>
Complex load(const T& value) {
  if constexpr (requires { value.imag(); }) {
    return {static_cast<double>(value.real()), static_cast<double>(value.imag())};
  } else {
    return {static_cast<double>(value), 0};
  }
}

template <class T>
T stored(Complex value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != Complex();
  } else if constexpr (std::is_integral_v<T>) {
    const double real = value.real();
    constexpr auto lowest = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto highest = static_cast<double>(std::numeric_limits<T>::max());
    if (std::isnan(real)) return 0;
    if (real <= lowest) return std::numeric_limits<T>::min();
    if (real >= highest) return std::numeric_limits<T>::max();
    return static_cast<T>(real);
  } else if constexpr (std::is_same_v<T, double>) {
    return value.real();
  } else if constexpr (requires { typename T::value_type; }) {
    return T(value);
  } else {
    return T(static_cast<float>(value.real()));
  }
}

void register_complex_creation();
void register_complex_functions();
void register_complex_reductions();

}  // namespace tenon::cpu
