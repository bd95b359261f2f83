// gcd and lcm: Euclid's steps go on until the remainder is 0, which no tile program does.

#include <numeric>
#include <type_traits>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

/// |x|, of the least number of a signed type, too.
template <class T>
std::make_unsigned_t<T> magnitude(T x) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto bits = static_cast<Unsigned>(x);
  return x < 0 ? static_cast<Unsigned>(0 - bits) : bits;
}

struct Gcd {
  template <class T>
  static T of(T a, T b) {
    return std::gcd(a, b);
  }
};

struct Lcm {
  template <class T>
  static T of(T a, T b) {
    return a == 0 ? a : static_cast<T>(a / std::gcd(a, b) * b);
  }
};

template <class Function>
void of_integers(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const Tensor a = spread(call.input(0), output.dtype(), output.sizes());
  const Tensor b = spread(call.input(1), output.dtype(), output.sizes());
  visit_dtype(output.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      const T *first = a.data<T>(), *second = b.data<T>();
      T* out = output.data<T>();
      parallel_for(output.numel(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          out[i] = static_cast<T>(Function::of(magnitude(first[i]), magnitude(second[i])));
        }
      });
    }
  });
}

}  // namespace

void register_divisors() {
  register_kernel(OpId::kGcd, kCpu.type, of_integers<Gcd>);
  register_kernel(OpId::kLcm, kCpu.type, of_integers<Lcm>);
}

}  // namespace tenon::cpu
