// Reductions and scans of complex numbers, in double precision, each sum in one order.

#include <algorithm>
#include <vector>

#include "tenon/backends/cpu/kernels/complex.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon::cpu {
namespace {

/// Where the elements of a row-major tensor go that is reduced over some dims.
struct Places {
  Shape sizes, strides;  ///< strides of the result, 0 along the reduced dims
  int64_t count = 1;     ///< elements of the result
  double length = 1;     ///< elements that go to one place

  Places(const Shape& given, uint64_t mask) : sizes(given), strides(given.size(), 0) {
    for (size_t d = sizes.size(); d-- > 0;) {
      if (mask >> d & 1) {
        length *= static_cast<double>(sizes[d]);
      } else {
        strides[d] = count;
        count *= sizes[d];
      }
    }
  }
  size_t of(int64_t element) const {
    int64_t place = 0;
    for (size_t d = sizes.size(); d-- > 0;) {
      place += element % sizes[d] * strides[d];
      element /= sizes[d];
    }
    return static_cast<size_t>(place);
  }
};

/// What `step(state, value, place)` makes of `start` with all values that go to a place.
template <class State, class Step>
std::vector<State> folded(const Tensor& x, const Places& places, State start, Step step) {
  const Tensor values = row_major(x);
  std::vector<State> states(static_cast<size_t>(places.count), start);
  visit_complex(values.dtype(), [&](auto zero) {
    const auto* in = values.data<decltype(zero)>();
    for (int64_t i = 0; i < values.numel(); ++i) {
      const size_t place = places.of(i);
      states[place] = step(states[place], Complex(in[i]), place);
    }
  });
  return states;
}

template <class State, class Finish>
void store(const std::vector<State>& states, const Tensor& output, Finish finish) {
  visit_dtype(output.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T* out = output.data<T>();
    for (size_t i = 0; i < states.size(); ++i) out[i] = stored<T>(finish(states[i]));
  });
}

/// The dims that attribute `i` names.
Places places_of(const Call& call, size_t i = 0) {
  const Tensor& x = call.input(0);
  return {x.sizes(), dim_mask(call.op.name, call.get<IntList>(i), x.dim())};
}

std::vector<Complex> sums(const Tensor& x, const Places& places) {
  return folded(x, places, Complex(), [](Complex sum, Complex z, size_t) { return sum + z; });
}

void sum_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = converted(call.input(0), outputs[0].dtype());
  if (!x.is_complex()) {
    const Tensor* const real[] = {&x};
    outputs[0] = dispatch(Call{call.op, real, call.attributes});
    return;
  }
  store(sums(x, places_of(call)), outputs[0], [](Complex sum) { return sum; });
}

void mean_kernel(const Call& call, std::span<Tensor> outputs) {
  const Places places = places_of(call);
  store(sums(call.input(0), places), outputs[0], [&](Complex sum) { return sum / places.length; });
}

void prod_kernel(const Call& call, std::span<Tensor> outputs) {
  const auto products = folded(call.input(0), places_of(call), Complex(1),
                               [](Complex product, Complex z, size_t) { return product * z; });
  store(products, outputs[0], [](Complex product) { return product; });
}

/// Of |x - mean|^2, whose root is taken where `root`.
template <bool root>
void variance_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  const Places places = places_of(call);
  const std::vector<Complex> totals = sums(x, places);
  const auto squares = folded(x, places, 0.0, [&](double sum, Complex z, size_t place) {
    return sum + std::norm(z - totals[place] / places.length);
  });
  const double freedom = std::max(places.length - call.get<double>(1), 0.0);
  store(squares, outputs[0],
        [&](double sum) { return Complex(root ? std::sqrt(sum / freedom) : sum / freedom); });
}

void norm_kernel(const Call& call, std::span<Tensor> outputs) {
  const auto p = call.get<double>(0);
  const Places places = places_of(call, 1);
  if (std::isinf(p)) {
    const auto extremes = folded(call.input(0), places, p > 0 ? 0.0 : INFINITY,
                                 [&](double extreme, Complex z, size_t) {
                                   const double size = std::abs(z);
                                   if (std::isnan(extreme) || std::isnan(size))
                                     return extreme + size;
                                   return p > 0 ? std::max(extreme, size) : std::min(extreme, size);
                                 });
    return store(extremes, outputs[0], [](double extreme) { return Complex(extreme); });
  }
  const auto powers = folded(call.input(0), places, 0.0, [&](double sum, Complex z, size_t) {
    if (p == 2) return sum + std::norm(z);
    if (p == 0) return sum + (z != 0.0 ? 1.0 : 0.0);
    return sum + std::pow(std::abs(z), p);
  });
  store(powers, outputs[0], [&](double sum) {
    if (p == 0) return Complex(sum);
    return Complex(p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / p));
  });
}

/// m + ln(sum(e^(x - m))), where m is the largest real part.
void logsumexp_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  const Places places = places_of(call);
  auto tops = folded(x, places, -std::numeric_limits<double>::infinity(),
                     [](double top, Complex z, size_t) { return std::max(top, z.real()); });
  for (double& top : tops) top = std::isfinite(top) ? top : 0;
  auto totals = folded(x, places, Complex(), [&](Complex sum, Complex z, size_t place) {
    return sum + std::exp(z - tops[place]);
  });
  for (size_t i = 0; i < totals.size(); ++i) totals[i] = std::log(totals[i]) + tops[i];
  store(totals, outputs[0], [](Complex result) { return result; });
}

void any_kernel(const Call& call, std::span<Tensor> outputs) {
  const auto found =
      folded(call.input(0), places_of(call), uint8_t{0},
             [](uint8_t any, Complex z, size_t) -> uint8_t { return any | (z != 0.0); });
  store(found, outputs[0], [](uint8_t any) { return Complex(any); });
}

void all_kernel(const Call& call, std::span<Tensor> outputs) {
  const auto found =
      folded(call.input(0), places_of(call), uint8_t{1},
             [](uint8_t all, Complex z, size_t) -> uint8_t { return all & (z != 0.0); });
  store(found, outputs[0], [](uint8_t all) { return Complex(all); });
}

/// Sums or products of what came before along a dim; `backwards` from its end.
template <class F, bool backwards = false>
void scan_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  Around at{1, 1, x.numel()};
  const int64_t dim = normalize_dim(call.op.name, call.get<int64_t>(0), x.dim());
  if (x.dim() > 0) at = around(x.sizes(), dim);
  visit_complex(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* in = x.data<T>();
    T* out = outputs[0].data<T>();
    parallel_for(at.outer * at.inner, rows_per_chunk(at.size), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t first = row / at.inner * at.size * at.inner + row % at.inner;
        Complex state{};
        for (int64_t k = 0; k < at.size; ++k) {
          const int64_t i = first + (backwards ? at.size - 1 - k : k) * at.inner;
          state = k == 0 ? Complex(in[i]) : F{}(state, Complex(in[i]));
          out[i] = T(state);
        }
      }
    });
  });
}

struct Sum {
  Complex operator()(Complex a, Complex b) const { return a + b; }
};
struct Product {
  Complex operator()(Complex a, Complex b) const { return a * b; }
};

}  // namespace

void register_complex_reductions() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kSum, sum_kernel);
  add(OpId::kMean, mean_kernel);
  add(OpId::kProd, prod_kernel);
  add(OpId::kVar, variance_kernel<false>);
  add(OpId::kStd, variance_kernel<true>);
  add(OpId::kNorm, norm_kernel);
  add(OpId::kLogsumexp, logsumexp_kernel);
  add(OpId::kAny, any_kernel);
  add(OpId::kAll, all_kernel);
  add(OpId::kCumsum, scan_kernel<Sum>);
  add(OpId::kReverseCumsum, scan_kernel<Sum, true>);
  add(OpId::kCumprod, scan_kernel<Product>);
}

}  // namespace tenon::cpu
