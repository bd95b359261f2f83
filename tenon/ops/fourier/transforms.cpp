// Fourier transforms along one dim and over several, of complex and of real numbers.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// What the transform of n numbers is multiplied with.
double scale_of(std::string_view call, std::string_view norm, bool inverse, int64_t n) {
  const auto count = static_cast<double>(n);
  if (norm == "ortho") return 1 / std::sqrt(count);
  if (norm == "backward") return inverse ? 1 / count : 1;
  if (norm == "forward") return inverse ? 1 : 1 / count;
  fail<ValueError>(call,
                   fmt::format("expected norm 'backward', 'ortho' or 'forward', got '{}'", norm));
}

/// The norm of transforms in the other direction.
std::string_view other_way(std::string_view norm) {
  if (norm == "backward") return "forward";
  return norm == "forward" ? "backward" : norm;
}

Tensor scaled(const Tensor& x, double scale) { return scale == 1 ? x : x * scale; }

Tensor as_complex(const Tensor& x) {
  if (x.is_complex()) return x;
  const Tensor numbers = x.to(computed_floating(x.dtype()) == kFloat64 ? kFloat64 : kFloat32);
  return complex(numbers, zeros_like(numbers));
}

size_t checked_dim(std::string_view call, const Tensor& x, int64_t dim) {
  if (x.dim() == 0) fail<ShapeError>(call, "a 0-d tensor has no dim to transform");
  return static_cast<size_t>(normalize_dim(call, dim, x.dim()));
}

/// x cut, or continued by zeros, to `n` along a dim.
Tensor in_length(std::string_view call, const Tensor& x, int64_t dim, int64_t n) {
  const size_t at = checked_dim(call, x, dim);
  if (n < 1) fail<ValueError>(call, fmt::format("expected a length of at least 1, got {}", n));
  const int64_t size = x.sizes()[at];
  if (size == n) return x;
  if (size > n) return narrow(x, dim, 0, n);
  Shape sizes = x.sizes();
  sizes[at] = n - size;
  return cat({x, zeros(sizes, x.dtype(), x.device())}, static_cast<int64_t>(at));
}

int64_t size_or(std::string_view call, const Tensor& x, int64_t dim, std::optional<int64_t> n) {
  return n.value_or(x.sizes()[checked_dim(call, x, dim)]);
}

Tensor transform(std::string_view call, const Tensor& x, std::optional<int64_t> n, int64_t dim,
                 std::string_view norm, bool inverse) {
  const int64_t length = size_or(call, x, dim, n);
  const double scale = scale_of(call, norm, inverse, length);
  return scaled(fourier_transform(in_length(call, as_complex(x), dim, length), dim, inverse),
                scale);
}

Tensor real_transform(std::string_view call, const Tensor& x, std::optional<int64_t> n, int64_t dim,
                      std::string_view norm) {
  if (x.is_complex()) {
    fail<DTypeError>(call,
                     fmt::format("expected real numbers, got {}; use fft()", name_of(x.dtype())));
  }
  const Tensor y = transform(call, x, n, dim, norm, false);
  return narrow(y, dim, 0, y.size(dim) / 2 + 1);
}

/// Half of a spectrum with the other half, which mirrors it, as of the transform of n real numbers.
Tensor whole_spectrum(std::string_view call, const Tensor& x, int64_t dim, int64_t n) {
  if (n < 1) fail<ValueError>(call, fmt::format("expected a length of at least 1, got {}", n));
  const Tensor half = in_length(call, as_complex(x), dim, n / 2 + 1);
  const int64_t mirrored = n - (n / 2 + 1);
  if (mirrored == 0) return half;
  return cat({half, conj(flip(narrow(half, dim, 1, mirrored), {dim}))}, dim);
}

Tensor inverse_real(std::string_view call, const Tensor& x, std::optional<int64_t> n, int64_t dim,
                    std::string_view norm) {
  const int64_t length = n.value_or(2 * (size_or(call, x, dim, {}) - 1));
  const Tensor spectrum = whole_spectrum(call, x, dim, length);
  const double scale = scale_of(call, norm, true, length);
  return scaled(real(fourier_transform(spectrum, dim, true)), scale);
}

/// The dims of a transform over several: those named, the last s.size() ones, or all.
Shape dims_of(std::string_view call, const Tensor& x, IntList s, IntList dims) {
  if (!dims.empty() && !s.empty() && dims.size() != s.size()) {
    fail<ShapeError>(call, fmt::format("{} lengths don't go with {} dims", s.size(), dims.size()));
  }
  Shape result(dims);
  if (dims.empty()) {
    const auto count = s.empty() ? x.dim() : static_cast<int64_t>(s.size());
    for (int64_t i = 0; i < count; ++i) result.push_back(i - count);
  }
  if (!result.empty()) dim_mask(call, result, x.dim());
  return result;
}

std::optional<int64_t> length_at(IntList s, size_t i) {
  return s.empty() || s[i] == -1 ? std::optional<int64_t>() : s[i];
}

Tensor transform_all(std::string_view call, Tensor x, IntList s, IntList given,
                     std::string_view norm, bool inverse) {
  const Shape dims = dims_of(call, x, s, given);
  for (size_t i = 0; i < dims.size(); ++i) {
    x = transform(call, x, length_at(s, i), dims[i], norm, inverse);
  }
  return x;
}

/// The real transform along the last of the dims, complex ones along the others.
Tensor real_transform_all(std::string_view call, const Tensor& x, IntList s, IntList given,
                          std::string_view norm) {
  const Shape dims = dims_of(call, x, s, given);
  if (dims.empty()) fail<ShapeError>(call, "expected at least one dim");
  const size_t last = dims.size() - 1;
  Tensor y = real_transform(call, x, length_at(s, last), dims[last], norm);
  for (size_t i = 0; i < last; ++i) {
    y = transform(call, y, length_at(s, i), dims[i], norm, false);
  }
  return y;
}

/// Its inverse.
Tensor inverse_real_all(std::string_view call, Tensor x, IntList s, IntList given,
                        std::string_view norm) {
  const Shape dims = dims_of(call, x, s, given);
  if (dims.empty()) fail<ShapeError>(call, "expected at least one dim");
  const size_t last = dims.size() - 1;
  for (size_t i = 0; i < last; ++i) {
    x = transform(call, x, length_at(s, i), dims[i], norm, true);
  }
  return inverse_real(call, x, length_at(s, last), dims[last], norm);
}

Attribute no_length() { return {}; }

std::vector<Sample> line_samples(const Tensor& x, std::initializer_list<Attribute> lengths) {
  std::vector<Sample> samples;
  for (const Attribute& n : lengths) {
    samples.push_back({{x}, {n, Attribute(int64_t{-1}), Attribute("backward")}});
  }
  samples.push_back({{x}, {no_length(), Attribute(int64_t{0}), Attribute("ortho")}});
  samples.push_back({{x}, {no_length(), Attribute(int64_t{1}), Attribute("forward")}});
  return samples;
}

std::vector<Sample> several_samples(const Tensor& x) {
  const auto of = [](IntList s, IntList dims) {
    return std::vector<Attribute>{Attribute(s), Attribute(dims), Attribute("backward")};
  };
  return {{{x}, of({}, {})}, {{x}, of({4, 3}, {})}, {{x}, of({}, {1})}};
}

constexpr DTypeSet kTransformed = set_of(kFloat32) | set_of(kFloat64) | kComplexSet;

}  // namespace

void define_fourier_transform(OpDef& op) {
  op.doc(
        "The sums over j of x[j] e^(-2 pi i j k / n) along `dim`, with `inverse` of e^(2 pi i j k "
        "/ n), in float64.")
      .accepts(kComplexSet)
      .shape([](const Tensor& x, int64_t dim) -> Spec {
        normalize_dim("fft", dim, x.dim());
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .vjp([](const Saved&, const Tensor& dy, int64_t dim, bool inverse) -> Grads {
        return {fourier_transform(dy, dim, !inverse)};
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](int64_t dim, bool inverse) {
          return std::vector<Attribute>{Attribute(dim), Attribute(inverse)};
        };
        std::vector<Sample> samples;
        for (const int64_t n : {1, 8, 12, 15, 53}) {
          samples.push_back({{sample_complex({n, 2})}, of(0, false)});
        }
        samples.push_back({{sample_complex({2, 7})}, of(-1, true)});
        return samples;
      });
}

void define_fft_fft(OpDef& op) {
  op.doc(
        "The discrete Fourier transform along `dim`, of x cut or continued by zeros to `n`. norm: "
        "'backward' leaves the sums as they are, 'forward' divides them by n, 'ortho' by its root.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return transform("fft", x, n, dim, norm, false);
      })
      .samples([] {
        return line_samples(sample_complex({3, 5}),
                            {no_length(), Attribute(int64_t{7}), Attribute(int64_t{4})});
      });
}

void define_fft_ifft(OpDef& op) {
  op.doc("The inverse of fft: divided by n with norm 'backward', by its root with 'ortho'.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return transform("ifft", x, n, dim, norm, true);
      })
      .samples([] {
        return line_samples(sample_complex({3, 5}), {no_length(), Attribute(int64_t{7})});
      });
}

void define_fft_rfft(OpDef& op) {
  op.doc("fft of real numbers: the first n / 2 + 1 results, which the others mirror.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return real_transform("rfft", x, n, dim, norm);
      })
      .samples([] {
        return line_samples(sample_tensor({4, 5}),
                            {no_length(), Attribute(int64_t{8}), Attribute(int64_t{3})});
      });
}

void define_fft_hfft(OpDef& op) {
  op.doc(
        "The transform of a signal whose second half mirrors the first, conjugated, from that "
        "first "
        "half: n real numbers, 2 (size - 1) unless given.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return inverse_real("hfft", conj(as_complex(x)), n, dim, other_way(norm));
      })
      .samples([] {
        return line_samples(sample_complex({4, 5}), {no_length(), Attribute(int64_t{7})});
      });
}

void define_fft_ihfft(OpDef& op) {
  op.doc("The inverse of hfft: the first n / 2 + 1 numbers of the signal of real spectra.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return conj(real_transform("ihfft", x, n, dim, other_way(norm)));
      })
      .samples([] {
        return line_samples(sample_tensor({4, 5}), {no_length(), Attribute(int64_t{8})});
      });
}

void define_fft_irfft(OpDef& op) {
  op.doc("The inverse of rfft: n real numbers, 2 (size - 1) unless given.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, std::optional<int64_t> n, int64_t dim, std::string_view norm) {
        return inverse_real("irfft", x, n, dim, norm);
      })
      .samples([] {
        return line_samples(sample_complex({4, 5}),
                            {no_length(), Attribute(int64_t{7}), Attribute(int64_t{12})});
      });
}

void define_fft_fftn(OpDef& op) {
  op.doc("fft along several dims (all, or the last s.size() ones, unless given), to lengths `s`.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return transform_all("fftn", x, s, dim, norm, false);
      })
      .samples([] {
        return several_samples(sample_complex({3, 4}));
      });
}

void define_fft_ifftn(OpDef& op) {
  op.doc("The inverse of fftn.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return transform_all("ifftn", x, s, dim, norm, true);
      })
      .samples([] {
        return several_samples(sample_complex({3, 4}));
      });
}

void define_fft_rfftn(OpDef& op) {
  op.doc("fftn of real numbers: rfft along the last of the dims, fft along the others.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return real_transform_all("rfftn", x, s, dim, norm);
      })
      .samples([] {
        return several_samples(sample_tensor({3, 4}));
      });
}

void define_fft_irfftn(OpDef& op) {
  op.doc("The inverse of rfftn: irfft along the last of the dims, after ifft along the others.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return inverse_real_all("irfftn", x, s, dim, norm);
      })
      .samples([] {
        return several_samples(sample_complex({3, 4}));
      });
}

void define_fft_hfftn(OpDef& op) {
  op.doc(
        "fftn of a signal that is the conjugate of itself with all places negated, from the first "
        "half of it along the last of the dims: real numbers, 2 (size - 1) along that dim unless "
        "`s` says otherwise. hfft along the last of the dims, after fft along the others.")
      .accepts(kTransformed)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return inverse_real_all("hfftn", conj(as_complex(x)), s, dim, other_way(norm));
      })
      .samples([] {
        return several_samples(sample_complex({3, 4}));
      });
}

void define_fft_ihfftn(OpDef& op) {
  op.doc("The inverse of hfftn: ihfft along the last of the dims, ifft along the others.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList s, IntList dim, std::string_view norm) {
        return conj(real_transform_all("ihfftn", x, s, dim, other_way(norm)));
      })
      .samples([] {
        return several_samples(sample_tensor({3, 4}));
      });
}

namespace {

std::vector<Sample> frequency_samples() {
  std::vector<Sample> samples;
  for (const int64_t n : {1, 6, 7}) {
    samples.push_back(
        {{}, {Attribute(n), Attribute(0.5), Attribute(kFloat64), Attribute(kCpu)}, false});
  }
  return samples;
}

void check_count(std::string_view call, int64_t n) {
  if (n < 1) fail<ValueError>(call, fmt::format("expected n of at least 1, got {}", n));
}

}  // namespace

void define_fft_fftfreq(OpDef& op) {
  op.doc("The frequencies of fft's n results for samples `d` apart: [0, 1, ..., -2, -1] / (n d).")
      .compose([](int64_t n, double d, DType dtype, Device device) -> Tensor {
        check_count("fftfreq", n);
        const Tensor places = arange(0, n, 1, kInt64, device);
        const Tensor turned = where(places < (n + 1) / 2, places, places - n);
        return turned.to(dtype) / (static_cast<double>(n) * d);
      })
      .not_differentiable()
      .samples(frequency_samples);
}

void define_fft_rfftfreq(OpDef& op) {
  op.doc("The frequencies of rfft's results for n samples `d` apart: [0, 1, ..., n / 2] / (n d).")
      .compose([](int64_t n, double d, DType dtype, Device device) -> Tensor {
        check_count("rfftfreq", n);
        return arange(0, n / 2 + 1, 1, dtype, device) / (static_cast<double>(n) * d);
      })
      .not_differentiable()
      .samples(frequency_samples);
}

namespace {

Tensor shifted(std::string_view call, const Tensor& x, IntList given, bool forwards) {
  const Shape dims = dims_of(call, x, {}, given);
  Shape shifts;
  for (const int64_t dim : dims) {
    const int64_t size = x.size(dim);
    shifts.push_back(forwards ? size / 2 : (size + 1) / 2);
  }
  return dims.empty() ? clone(x) : roll(x, shifts, dims);
}

std::vector<Sample> shift_samples() {
  return {{{sample_tensor({5, 4})}, {Attribute(Shape{})}},
          {{sample_tensor({5, 4})}, {Attribute(Shape{0})}}};
}

}  // namespace

void define_fft_fftshift(OpDef& op) {
  op.doc("`x` with the result of frequency 0 in the middle of the dims (all unless given).")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList dim) { return shifted("fftshift", x, dim, true); })
      .samples(shift_samples);
}

void define_fft_ifftshift(OpDef& op) {
  op.doc("The inverse of fftshift.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList dim) { return shifted("ifftshift", x, dim, false); })
      .samples(shift_samples);
}

}  // namespace tenon::ops
