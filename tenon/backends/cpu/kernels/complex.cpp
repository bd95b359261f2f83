// Complex numbers: kernels of the ops that are tile programs for real ones.

#include <complex>
#include <cstring>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"
#include "tenon/core/promotion.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// `x` as row-major memory of `dtype` that reads as `sizes`.
Tensor spread(const Tensor& x, DType dtype, const Shape& sizes) {
  const Tensor values = converted(x, dtype);
  if (values.sizes() == sizes) return row_major(values);
  return row_major(new_view(values, sizes,
                            broadcast_strides("complex", values.sizes(), values.strides(), sizes),
                            values.storage_offset()));
}

template <class Visitor>
void visit_complex(DType dtype, Visitor&& visitor) {
  if (dtype == kComplex64) return visitor(std::complex<float>());
  visitor(std::complex<double>());
}

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

struct Add {
  auto operator()(auto a, auto b) const { return a + b; }
};
struct Subtract {
  auto operator()(auto a, auto b) const { return a - b; }
};
struct Multiply {
  auto operator()(auto a, auto b) const { return a * b; }
};
struct Divide {
  auto operator()(auto a, auto b) const { return a / b; }
};
struct Equal {
  bool operator()(auto a, auto b) const { return a == b; }
};
struct NotEqual {
  bool operator()(auto a, auto b) const { return a != b; }
};
struct Negate {
  auto operator()(auto a) const { return -a; }
};
struct Square {
  auto operator()(auto a) const { return a * a; }
};
struct Reciprocal {
  auto operator()(auto a) const { return decltype(a)(1) / a; }
};
struct Magnitude {
  auto operator()(auto a) const { return std::hypot(a.real(), a.imag()); }
};

/// An element of any dtype as a complex number and back. To real: the real part, as tile programs
/// convert doubles.
template <class T>
std::complex<double> load(const T& value) {
  if constexpr (requires { value.imag(); }) {
    return {static_cast<double>(value.real()), static_cast<double>(value.imag())};
  } else {
    return {static_cast<double>(value), 0};
  }
}

template <class T>
T stored(std::complex<double> value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != std::complex<double>();
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

/// Writes `source`, of any dtype and broadcasting, to `target`, of any dtype and strides; one of
/// the two is complex.
void convert_into(const Tensor& source, const Tensor& target) {
  const Shape &sizes = target.sizes(), &to_strides = target.strides();
  const Shape from_strides = broadcast_strides("copy", source.sizes(), source.strides(), sizes);
  visit_dtype(source.dtype(), [&](auto from_tag) {
    using From = typename decltype(from_tag)::Type;
    visit_dtype(target.dtype(), [&](auto to_tag) {
      using To = typename decltype(to_tag)::Type;
      const From* from = source.data<From>();
      To* to = target.data<To>();
      parallel_for(target.numel(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t rest = i, read = 0, written = 0;
          for (size_t d = sizes.size(); d-- > 0;) {
            read += rest % sizes[d] * from_strides[d];
            written += rest % sizes[d] * to_strides[d];
            rest /= sizes[d];
          }
          to[written] = stored<To>(load(from[read]));
        }
      });
    });
  });
}

void copy_kernel(const Call& call, std::span<Tensor> outputs) {
  convert_into(call.input(1), outputs[0]);
}

void convert_kernel(const Call& call, std::span<Tensor> outputs) {
  convert_into(call.input(0), outputs[0]);
}

void fill_with(const Tensor& output, std::complex<double> value) {
  visit_complex(output.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = output.data<T>();
    std::fill(out, out + output.numel(), T(value));
  });
}

void zeros_kernel(const Call&, std::span<Tensor> outputs) { fill_with(outputs[0], 0); }
void ones_kernel(const Call&, std::span<Tensor> outputs) { fill_with(outputs[0], 1); }
void full_kernel(const Call& call, std::span<Tensor> outputs) {
  for (const Attribute& attribute : call.attributes) {
    if (attribute.is_number()) fill_with(outputs[0], attribute.number().to_complex());
  }
}

/// mask ? a : b, with the mask and the two values at these inputs.
template <size_t mask_input, size_t a_input, size_t b_input>
void choose_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const Tensor mask = spread(call.input(mask_input), kBool, output.sizes());
  const Tensor a = spread(call.input(a_input), output.dtype(), output.sizes());
  const Tensor b = spread(call.input(b_input), output.dtype(), output.sizes());
  visit_complex(output.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const bool* chosen = mask.data<bool>();
    const T *x = a.data<T>(), *y = b.data<T>();
    T* out = output.data<T>();
    for (int64_t i = 0; i < output.numel(); ++i) out[i] = chosen[i] ? x[i] : y[i];
  });
}

void sum_into(const Tensor& x, uint64_t mask, double scale, const Tensor& output) {
  const Tensor values = row_major(x);
  const Shape& sizes = x.sizes();
  Shape strides(sizes.size(), 0);  // of the output, 0 along the summed dims
  int64_t stride = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    if (mask >> d & 1) continue;
    strides[d] = stride;
    stride *= sizes[d];
  }
  visit_complex(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* in = values.data<T>();
    T* out = output.data<T>();
    std::vector<std::complex<double>> sums(static_cast<size_t>(output.numel()));
    for (int64_t i = 0; i < values.numel(); ++i) {
      int64_t rest = i, place = 0;
      for (size_t d = sizes.size(); d-- > 0;) {
        place += rest % sizes[d] * strides[d];
        rest /= sizes[d];
      }
      sums[static_cast<size_t>(place)] += std::complex<double>(in[i]);
    }
    for (int64_t i = 0; i < output.numel(); ++i) out[i] = T(sums[static_cast<size_t>(i)] * scale);
  });
}

void sum_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = converted(call.input(0), outputs[0].dtype());
  sum_into(x, dim_mask(call.op.name, call.get<IntList>(0), x.dim()), 1, outputs[0]);
}

void mean_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  const uint64_t mask = dim_mask(call.op.name, call.get<IntList>(0), x.dim());
  double count = 1;
  for (size_t d = 0; d < x.sizes().size(); ++d) {
    if (mask >> d & 1) count *= static_cast<double>(x.sizes()[d]);
  }
  sum_into(x, mask, 1 / count, outputs[0]);
}

struct RealPart {
  auto operator()(auto a) const { return a.real(); }
};
struct ImaginaryPart {
  auto operator()(auto a) const { return a.imag(); }
};
struct Conjugate {
  auto operator()(auto a) const { return std::conj(a); }
};

/// Parts of complex numbers; real ones are copied, and their imaginary part is 0.
template <class F>
void part_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  if (x.is_complex()) return unary<F>(call, outputs);
  if constexpr (std::is_same_v<F, ImaginaryPart>) {
    if (outputs[0].nbytes() != 0) std::memset(outputs[0].raw_data(), 0, outputs[0].nbytes());
  } else {
    copy_strided(x.sizes(), memory_of(x), memory_of(outputs[0]), x.itemsize());
  }
}

void complex_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const DType part = real_of(output.dtype());
  const Tensor re = spread(call.input(0), part, output.sizes());
  const Tensor im = spread(call.input(1), part, output.sizes());
  const auto itemsize = size_of(part);
  Shape strides = contiguous_strides(output.sizes());
  StridedMemory target{static_cast<char*>(output.raw_data()), strides};
  for (int64_t& stride : target.strides) stride *= 2;
  copy_strided(output.sizes(), memory_of(re), target, itemsize);
  target.data += itemsize;
  copy_strided(output.sizes(), memory_of(im), target, itemsize);
}

}  // namespace

void register_complex() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kAdd, binary<Add>);
  add(OpId::kSub, binary<Subtract>);
  add(OpId::kMul, binary<Multiply>);
  add(OpId::kDiv, binary<Divide>);
  add(OpId::kEq, binary<Equal>);
  add(OpId::kNe, binary<NotEqual>);
  add(OpId::kNeg, unary<Negate>);
  add(OpId::kSquare, unary<Square>);
  add(OpId::kReciprocal, unary<Reciprocal>);
  add(OpId::kAbs, unary<Magnitude>);
  add(OpId::kCopy, copy_kernel);
  add(OpId::kClone, convert_kernel);
  add(OpId::kToDtype, convert_kernel);
  add(OpId::kZeros, zeros_kernel);
  add(OpId::kZerosLike, zeros_kernel);
  add(OpId::kZero, zeros_kernel);
  add(OpId::kOnes, ones_kernel);
  add(OpId::kOnesLike, ones_kernel);
  add(OpId::kFull, full_kernel);
  add(OpId::kFullLike, full_kernel);
  add(OpId::kFill, full_kernel);
  add(OpId::kMaskedFill, choose_kernel<1, 2, 0>);
  add(OpId::kWhere, choose_kernel<0, 1, 2>);
  add(OpId::kSum, sum_kernel);
  add(OpId::kMean, mean_kernel);
  add(OpId::kComplex, complex_kernel);
  add(OpId::kReal, part_kernel<RealPart>);
  add(OpId::kImag, part_kernel<ImaginaryPart>);
  add(OpId::kConj, part_kernel<Conjugate>);
}

}  // namespace tenon::cpu
