// Complex numbers and their parts. The gradient of a real loss L is dL/d(re) + i dL/d(im).

#include <fmt/format.h>

#include <numbers>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {
namespace {

std::vector<Sample> complex_samples() {
  return {{{sample_complex({3, 4})}, {}}, {{sample_complex({}, 0.5, 2)}, {}}};
}

/// One part of each element of `x`, which is complex.
ViewSpec part_view(std::string_view call, const Tensor& x, int64_t part) {
  if (!x.is_complex()) {
    fail<DTypeError>(call, fmt::format("expected complex numbers, got {}", name_of(x.dtype())));
  }
  // Of no elements there is no memory to step into.
  const int64_t first = x.numel() > 0 ? part : 0;
  ViewSpec spec{x.sizes(), x.strides(), 2 * x.storage_offset() + first, real_of(x.dtype())};
  for (int64_t& stride : spec.strides) stride *= 2;
  return spec;
}

void check_pairs(const Tensor& x) {
  if (x.dtype() != kFloat32 && x.dtype() != kFloat64) {
    fail<DTypeError>("view_as_complex",
                     fmt::format("expected float32 or float64, got {}", name_of(x.dtype())));
  }
  if (x.dim() == 0 || x.size(-1) != 2) {
    fail<ShapeError>("view_as_complex",
                     fmt::format("expected a last dim of size 2, got {}", to_string(x.sizes())));
  }
}

/// Whether the pairs along the last dim lie in memory as complex numbers do.
bool lies_in_pairs(const Tensor& x) {
  bool pairs = x.strides().back() == 1 && x.storage_offset() % 2 == 0;
  for (size_t i = 0; i + 1 < x.strides().size(); ++i) pairs = pairs && x.strides()[i] % 2 == 0;
  return pairs;
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
  op.doc("The real part of each element, a view; real numbers as they are.")
      .accepts(kNumberSet)
      .view([](const Tensor& x) -> ViewSpec {
        if (x.is_complex()) return part_view("real", x, 0);
        if (x.dtype() == kBool) fail<DTypeError>("real", "expected numbers, got bool");
        return {x.sizes(), x.strides(), x.storage_offset()};
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy.to(saved.input_dtype(0))};
      })
      .samples([] { return complex_samples(); });
}

void define_imag(OpDef& op) {
  op.doc("The imaginary part of each element, a view. DTypeError unless `x` is complex.")
      .accepts(kComplexSet)
      .view([](const Tensor& x) { return part_view("imag", x, 1); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {complex(zeros_like(dy), dy)}; })
      .samples([] { return complex_samples(); });
}

void define_isreal(OpDef& op) {
  op.doc("Whether the element has no imaginary part, as bool.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        return x.is_complex() ? imag(x) == 0 : full(x.sizes(), true, kBool, x.device());
      })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = complex_samples();
        samples[0].inputs[0].data<std::complex<double>>()[1] = 2;
        return not_differentiable(std::move(samples));
      });
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

void define_adjoint(OpDef& op) {
  op.doc("The conjugate transpose of each matrix: of real ones a view. ShapeError of vectors.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x) -> Tensor {
        if (x.dim() < 2) {
          fail<ShapeError>("adjoint", fmt::format("expected a matrix or a batch of them, got {}",
                                                  to_string(x.sizes())));
        }
        return conjugate_transpose(x);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_complex({2, 3})}, {}}, {{sample_tensor({2, 3, 1})}, {}}};
      });
}

void define_view_as_real(OpDef& op) {
  op.doc(
        "Complex numbers as pairs (real, imaginary) along a new last dim of size 2, a view. "
        "DTypeError unless `x` is complex.")
      .accepts(kComplexSet)
      .view([](const Tensor& x) {
        ViewSpec spec = part_view("view_as_real", x, 0);
        spec.sizes.push_back(2);
        spec.strides.push_back(1);
        return spec;
      })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {view_as_complex(dy)}; })
      .samples([] { return complex_samples(); });
}

void define_pairs_as_complex(OpDef& op) {
  op.doc("view_as_complex of pairs that lie as complex numbers do, a view.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .view([](const Tensor& x) -> ViewSpec {
        check_pairs(x);
        ViewSpec spec{x.sizes(), x.strides(), x.storage_offset() / 2, complex_of(x.dtype())};
        spec.sizes.erase(spec.sizes.size() - 1);
        spec.strides.erase(spec.strides.size() - 1);
        for (int64_t& stride : spec.strides) stride /= 2;
        return spec;
      })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {view_as_real(dy)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 2})}, {}}};
      });
}

void define_view_as_complex(OpDef& op) {
  op.doc(
        "Pairs along the last dim, of size 2, as complex numbers: a view where each pair lies "
        "together as one would, else a copy. ShapeError where there are no pairs.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x) -> Tensor {
        check_pairs(x);
        return pairs_as_complex(lies_in_pairs(x) ? x : clone(x));
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
      .saves_input_for(1, {0})
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        Tensor d_abs, d_angle;
        if (saved.needs(0)) {
          const Tensor& angle = saved.input(1);
          d_abs = real(dy) * cos(angle) + imag(dy) * sin(angle);
        }
        if (saved.needs(1)) d_angle = imag(times_conjugate(dy, saved.output()));
        return {d_abs, d_angle};
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
        const Tensor numbers = x.to(computed_floating(x.dtype()));
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
