// Arithmetic, comparison, choice and conversion of complex numbers.

#include "tenon/backends/cpu/kernels/complex.h"
#include "tenon/backends/cpu/kernels/kernels.h"

namespace tenon::cpu {
namespace {

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
struct And {
  bool operator()(auto a, auto b) const { return a != decltype(a)() && b != decltype(b)(); }
};
struct Or {
  bool operator()(auto a, auto b) const { return a != decltype(a)() || b != decltype(b)(); }
};
struct ExclusiveOr {
  bool operator()(auto a, auto b) const { return (a != decltype(a)()) != (b != decltype(b)()); }
};
struct Not {
  bool operator()(auto a) const { return a == decltype(a)(); }
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

void lerp_kernel(const Call& call, std::span<Tensor> outputs) {
  const DType dtype = result_type(call.inputs);
  const Tensor a = spread(call.input(0), dtype, outputs[0].sizes());
  const Tensor b = spread(call.input(1), dtype, outputs[0].sizes());
  const Tensor weight = spread(call.input(2), dtype, outputs[0].sizes());
  visit_complex(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *x = a.data<T>(), *y = b.data<T>(), *w = weight.data<T>();
    T* out = outputs[0].data<T>();
    for (int64_t i = 0; i < a.numel(); ++i) out[i] = x[i] + w[i] * (y[i] - x[i]);
  });
}

struct Conjugate {
  auto operator()(auto a) const { return std::conj(a); }
};

void conj_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  if (x.is_complex()) return unary<Conjugate>(call, outputs);
  copy_strided(x.sizes(), memory_of(x), memory_of(outputs[0]), x.itemsize());
}

void complex_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const DType part = real_of(output.dtype());
  const Tensor re = spread(call.input(0), part, output.sizes());
  const Tensor im = spread(call.input(1), part, output.sizes());
  const auto itemsize = size_of(part);
  Shape strides = contiguous_strides(output.sizes());
  StridedMemory target{static_cast<char*>(output.impl()->data()), strides};
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
  add(OpId::kLogicalAnd, binary<And>);
  add(OpId::kLogicalOr, binary<Or>);
  add(OpId::kLogicalXor, binary<ExclusiveOr>);
  add(OpId::kLogicalNot, unary<Not>);
  add(OpId::kLerp, lerp_kernel);
  add(OpId::kNeg, unary<Negate>);
  add(OpId::kSquare, unary<Square>);
  add(OpId::kReciprocal, unary<Reciprocal>);
  add(OpId::kAbs, unary<Magnitude>);
  add(OpId::kCopy, copy_kernel);
  add(OpId::kClone, convert_kernel);
  add(OpId::kToDtype, convert_kernel);
  add(OpId::kMaskedFill, choose_kernel<1, 2, 0>);
  add(OpId::kWhere, choose_kernel<0, 1, 2>);
  add(OpId::kComplex, complex_kernel);
  add(OpId::kConj, conj_kernel);
  register_complex_creation();
  register_complex_functions();
  register_complex_reductions();
}

}  // namespace tenon::cpu
