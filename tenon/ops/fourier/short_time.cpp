// Short-time Fourier transforms: stft, istft.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

struct Frames {
  int64_t length, hop;
  Tensor window;  ///< [length]
};

/// The window, ones unless given, in the middle of a frame.
Frames frames_of(std::string_view call, int64_t n_fft, std::optional<int64_t> hop_length,
                 std::optional<int64_t> win_length, const Tensor& window, DType dtype,
                 Device device) {
  const int64_t width = win_length.value_or(n_fft);
  if (n_fft < 1 || width < 1 || width > n_fft) {
    fail<ValueError>(call, fmt::format("expected n_fft of at least 1 and a win_length from 1 to "
                                       "n_fft, got {} and {}",
                                       n_fft, width));
  }
  const int64_t hop = hop_length.value_or(std::max<int64_t>(n_fft / 4, 1));
  if (hop < 1)
    fail<ValueError>(call, fmt::format("expected a hop_length of at least 1, got {}", hop));
  if (window.defined() && window.sizes() != Shape{width}) {
    fail<ShapeError>(call, fmt::format("expected a window of sizes [{}], got {}", width,
                                       to_string(window.sizes())));
  }
  const Tensor given = window.defined() ? window : ones({width}, dtype, device);
  const int64_t before = (n_fft - width) / 2;
  return {n_fft, hop, width == n_fft ? given : pad(given, {before, n_fft - width - before})};
}

Tensor stft_of(const Tensor& signal, const Frames& frames, bool center, std::string_view pad_mode,
               bool normalized, bool onesided) {
  const bool single = signal.dim() == 1;
  Tensor x = single ? unsqueeze(signal, 0) : signal;
  if (center) {
    const int64_t half = frames.length / 2;
    x = squeeze(pad(unsqueeze(x, 1), {half, half}, pad_mode), {1});
  }
  if (x.size(-1) < frames.length) {
    fail<ShapeError>("stft", fmt::format("expected a signal of at least {} numbers, got {}",
                                         frames.length, x.size(-1)));
  }
  const Tensor parts = x.unfold(-1, frames.length, frames.hop) * frames.window;
  const char* const norm = normalized ? "ortho" : "backward";
  const Tensor spectra = onesided ? fft_rfft(parts, {}, -1, norm) : fft_fft(parts, {}, -1, norm);
  const Tensor y = transpose(spectra, -2, -1);
  return single ? squeeze(y, {0}) : y;
}

/// Frames [batch, count, length] added up where they lie in the signal.
Tensor overlapped(const Tensor& parts, int64_t hop) {
  const int64_t batch = parts.size(0), count = parts.size(1), length = parts.size(2);
  const int64_t total = (count - 1) * hop + length;
  return view_backward(parts, {batch, total}, {total, hop, 1}, 0);
}

Tensor istft_of(const Tensor& spectra, const Frames& frames, bool center, bool normalized,
                bool onesided, std::optional<int64_t> length, bool return_complex) {
  const bool single = spectra.dim() == 2;
  const Tensor x = transpose(single ? unsqueeze(spectra, 0) : spectra, -2, -1);
  const char* const norm = normalized ? "ortho" : "backward";
  Tensor parts =
      onesided ? fft_irfft(x, frames.length, -1, norm) : fft_ifft(x, frames.length, -1, norm);
  if (!return_complex && parts.is_complex()) parts = real(parts);
  const Tensor sums = overlapped(parts * frames.window, frames.hop);
  const Shape one = {1, parts.size(1), frames.length};
  const Tensor weights = overlapped(expand(square(frames.window), one), frames.hop);
  const int64_t start = center ? frames.length / 2 : 0, total = sums.size(1);
  const int64_t end = length ? start + *length : total - start;
  if (end <= start) fail<ValueError>("istft", fmt::format("no samples are left of {}", total));
  const int64_t known = std::min(end, total) - start;
  const Tensor signal = narrow(sums, 1, start, known) / narrow(weights, 1, start, known);
  const Tensor whole = end > total ? pad(signal, {0, end - total}) : signal;
  return single ? squeeze(whole, {0}) : whole;
}

std::vector<Attribute> stft_attributes(bool center, bool normalized, bool onesided) {
  return {Attribute(int64_t{4}), Attribute(int64_t{2}), Attribute(),        Attribute(center),
          Attribute("reflect"),  Attribute(normalized), Attribute(onesided)};
}

}  // namespace

void define_stft(OpDef& op) {
  op.doc(
        "The Fourier transforms of the windowed frames of a signal [..., length], a frame of n_fft "
        "numbers every hop_length (n_fft / 4 unless given): complex [..., n_fft / 2 + 1, frames], "
        "or all n_fft frequencies without `onesided`. With `center` the signal is first padded by "
        "n_fft / 2 on both sides, so that frame i lies around i hop_length. The window, ones "
        "unless given, has win_length numbers and lies in the middle of the frame. `normalized` "
        "divides by the root of n_fft. A complex signal has no half of frequencies: ValueError "
        "with `onesided`.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, int64_t n_fft, std::optional<int64_t> hop_length,
                  std::optional<int64_t> win_length, const Tensor& window, bool center,
                  std::string_view pad_mode, bool normalized, bool onesided) -> Tensor {
        if (x.dim() != 1 && x.dim() != 2) {
          fail<ShapeError>("stft",
                           fmt::format("expected a signal [length] or [batch, length], got {}",
                                       to_string(x.sizes())));
        }
        if (onesided && x.is_complex()) {
          fail<ValueError>("stft",
                           "a complex signal has no half of frequencies; give onesided=false");
        }
        const Frames frames =
            frames_of("stft", n_fft, hop_length, win_length, window, x.dtype(), x.device());
        return stft_of(x, frames, center, pad_mode, normalized, onesided);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_tensor({9}), window = sample_tensor({4}, 0.5, 1, 2);
        return {{{x, window}, stft_attributes(true, false, true)},
                {{sample_tensor({2, 8}), window}, stft_attributes(false, true, true)},
                {{x, Tensor()}, stft_attributes(true, false, false)},
                {{sample_complex({9}), window}, stft_attributes(true, false, false)}};
      });
}

void define_istft(OpDef& op) {
  op.doc(
        "The inverse of stft, by least squares: windowed frames added up, over the sum of the "
        "squares of their windows. `length` is that of the signal, which is complex with "
        "`return_complex`: that takes all frequencies, a ValueError with `onesided`.")
      .accepts(kComplexSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, int64_t n_fft, std::optional<int64_t> hop_length,
                  std::optional<int64_t> win_length, const Tensor& window, bool center,
                  bool normalized, bool onesided, std::optional<int64_t> length,
                  bool return_complex) -> Tensor {
        if (onesided && return_complex) {
          fail<ValueError>("istft",
                           "half of the frequencies are those of a real signal; give "
                           "onesided=false for a complex one");
        }
        const int64_t expected = onesided ? n_fft / 2 + 1 : n_fft;
        if (!x.is_complex() || (x.dim() != 2 && x.dim() != 3) || x.size(-2) != expected) {
          fail<ShapeError>("istft",
                           fmt::format("expected complex [..., {}, frames], got {} {}", expected,
                                       name_of(x.dtype()), to_string(x.sizes())));
        }
        const Frames frames = frames_of("istft", n_fft, hop_length, win_length, window,
                                        real_of(x.dtype()), x.device());
        return istft_of(x, frames, center, normalized, onesided, length, return_complex);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](bool center, Attribute length, bool whole = false) {
          return std::vector<Attribute>{
              Attribute(int64_t{4}), Attribute(int64_t{2}), Attribute(), Attribute(center),
              Attribute(false),      Attribute(!whole),     length,      Attribute(whole)};
        };
        const Tensor all = sample_complex({4, 5});
        const Tensor x = complex(sample_tensor({3, 5}), sample_tensor({3, 5}, -1, 1, 2));
        const Tensor window = sample_tensor({4}, 0.5, 1, 2);
        return {{{x, window}, of(true, {})},
                {{x, window}, of(false, Attribute(int64_t{10}))},
                {{all, window}, of(true, {}, true)}};
      });
}

}  // namespace tenon::ops
