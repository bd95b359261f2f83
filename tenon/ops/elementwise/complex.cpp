// Parts of complex numbers. The gradient of a real loss L is dL/d(re) + i dL/d(im).

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

DType complex_of(DType dtype) { return dtype == kFloat64 ? kComplex128 : kComplex64; }

Tensor sample_complex(IntList sizes, uint64_t seed = 1) {
  return complex(sample_tensor(sizes, -2, 2, seed), sample_tensor(sizes, -2, 2, seed + 10));
}

std::vector<Sample> complex_samples() {
  return {{{sample_complex({3, 4})}, {}}, {{sample_complex({})}, {}}};
}

}  // namespace

void define_complex(OpDef& op) {
  op.doc("real + i imag: complex64 of float32, complex128 of float64. Broadcasts.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& real, const Tensor& imag) -> Spec {
        if (real.dtype() != imag.dtype()) {
          fail<DTypeError>("complex", fmt::format("expected equal dtypes, got {} and {}",
                                                  name_of(real.dtype()), name_of(imag.dtype())));
        }
        return {complex_of(real.dtype()), broadcast_shapes("complex", real.sizes(), imag.sizes())};
      })
      .kernel()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {saved.needs(0) ? real(dy) : Tensor(), saved.needs(1) ? imag(dy) : Tensor()};
      })
      .samples([] { return binary_samples(); });
}

void define_real(OpDef& op) {
  op.doc("The real part of each element, a copy.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x) -> Spec {
        return {real_of(x.dtype()), x.sizes()};
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy.to(saved.input_dtype(0))};
      })
      .samples([] { return complex_samples(); });
}

void define_imag(OpDef& op) {
  op.doc("The imaginary part of each element, a copy; zeros of real numbers.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x) -> Spec {
        return {real_of(x.dtype()), x.sizes()};
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        if (!is_complex(saved.input_dtype(0))) return {zeros_like(dy)};
        return {complex(zeros_like(dy), dy)};
      })
      .samples([] { return complex_samples(); });
}

void define_conj(OpDef& op) {
  op.doc("The complex conjugate of each element, a copy; real numbers stay.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x) -> Spec {
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {conj(dy)}; })
      .samples([] { return complex_samples(); });
}

}  // namespace tenon::ops
