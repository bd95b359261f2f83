// Parts of complex numbers. The gradient of a real loss L is dL/d(re) + i dL/d(im).

#include <fmt/format.h>

#include <numbers>

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

void define_view_as_real(OpDef& op) {
  op.doc(
        "Complex numbers as pairs (real, imaginary) along a new last dim of size 2, a copy. "
        "DTypeError unless `x` is complex.")
      .accepts(kComplexSet)
      .compose([](const Tensor& x) -> Tensor {
        if (!x.is_complex()) {
          fail<DTypeError>("view_as_real",
                           fmt::format("expected complex numbers, got {}", name_of(x.dtype())));
        }
        return stack({real(x), imag(x)}, -1);
      })
      .samples([] { return complex_samples(); });
}

void define_view_as_complex(OpDef& op) {
  op.doc(
        "Pairs along the last dim, of size 2, as complex numbers; a copy. ShapeError where there "
        "are no pairs.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .compose([](const Tensor& x) -> Tensor {
        if (x.dim() == 0 || x.size(-1) != 2) {
          fail<ShapeError>("view_as_complex", fmt::format("expected a last dim of size 2, got {}",
                                                          to_string(x.sizes())));
        }
        return complex(select(x, -1, 0), select(x, -1, 1));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 2})}, {}}, {{sample_tensor({2})}, {}}};
      });
}

void define_polar(OpDef& op) {
  op.doc("abs (cos(angle) + i sin(angle)): complex64 of float32, complex128 of float64.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .compose([](const Tensor& abs, const Tensor& angle) -> Tensor {
        return complex(abs * cos(angle), abs * sin(angle));
      })
      .samples([] { return binary_samples(); });
}

void define_angle(OpDef& op) {
  op.doc(
        "The angle of complex numbers, from -pi to pi; of real ones pi below 0 and 0 elsewhere. "
        "NaN stays.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        if (x.is_complex()) return atan2(imag(x), real(x));
        const Tensor numbers = x.to(floating_of(x.dtype()));
        return where(isnan(numbers), numbers,
                     where(numbers < 0, full_like(numbers, std::numbers::pi), 0));
      })
      .samples([] {
        std::vector<Sample> samples = complex_samples();
        samples.push_back({{sample_tensor({3, 4})}, {}, false});
        return samples;
      });
}

}  // namespace tenon::ops
