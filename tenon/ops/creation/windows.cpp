// Window functions of signal processing, logspace, and the places of triangles.

#include <fmt/format.h>

#include <algorithm>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The numbers of a window's elements, from 0, in the dtype it is computed in.
Tensor numbers(std::string_view call, int64_t length, DType dtype, Device device) {
  if (length < 0) {
    fail<ValueError>(call, fmt::format("expected a length of at least 0, got {}", length));
  }
  if (!is_floating(dtype)) {
    fail<DTypeError>(
        call, fmt::format("expected one of {}, got {}", to_string(kFloatSet), name_of(dtype)));
  }
  return arange(0, length, 1, dtype == kFloat64 ? kFloat64 : kFloat32, device);
}

/// Their places 0 to 1 in the window; a periodic one is that of one element more without its last.
Tensor places(std::string_view call, int64_t length, bool periodic, DType dtype, Device device) {
  const int64_t last = std::max<int64_t>(periodic ? length : length - 1, 1);
  return numbers(call, length, dtype, device) / static_cast<double>(last);
}

/// The middle of a window's numbers.
double middle_of(int64_t length, bool periodic) {
  return static_cast<double>(periodic && length > 1 ? length : length - 1) / 2;
}

/// The sum of (-1)^k weights[k] cos(2 pi k x); a window of one element is 1.
Tensor cosine_window(std::string_view call, int64_t length, bool periodic, DType dtype,
                     Device device, FloatList weights) {
  const Tensor angle = places(call, length, periodic, dtype, device) * (2 * std::numbers::pi);
  if (length == 1) return ones({1}, dtype, device);
  Tensor window = full_like(angle, weights[0]);
  for (size_t k = 1; k < weights.size(); ++k) {
    const Tensor wave = cos(angle * static_cast<double>(k)) * weights[k];
    window = k % 2 == 0 ? window + wave : window - wave;
  }
  return window.to(dtype);
}

void check_positive(std::string_view call, std::string_view name, double value) {
  if (value > 0) return;
  fail<ValueError>(call, fmt::format("expected {} above 0, got {}", name, value));
}

std::vector<Sample> window_samples(std::vector<Attribute> middle = {}) {
  std::vector<Sample> samples;
  for (const auto& [length, periodic] : {std::pair(int64_t{7}, true), {8, false}, {1, true}}) {
    Sample sample{{}, {Attribute(length), Attribute(periodic)}, false};
    for (const Attribute& attribute : middle) sample.attributes.push_back(attribute);
    sample.attributes.push_back(Attribute(kFloat64));
    sample.attributes.push_back(Attribute(kCpu));
    samples.push_back(sample);
  }
  return samples;
}

/// [2, count]: rows and columns of the elements on one side of a diagonal, in row-major order.
Tensor triangle_places(std::string_view call, int64_t rows, int64_t columns, int64_t offset,
                       bool lower, DType dtype, Device device) {
  if (rows < 0 || columns < 0) {
    fail<ValueError>(call,
                     fmt::format("expected sizes of at least 0, got {} and {}", rows, columns));
  }
  offset = std::clamp(offset, -rows - 1, columns);  // further ones leave nothing, or all
  // Rows outside of these have no element on the wanted side.
  const int64_t first = lower ? std::min(std::max<int64_t>(-offset, 0), rows) : 0;
  const int64_t last = lower ? rows : std::clamp<int64_t>(columns - offset, 0, rows);
  constexpr int64_t kMost = int64_t{1} << 32;
  std::vector<int64_t> row_places, column_places;
  for (int64_t row = first; columns != 0 && row < last; ++row) {
    const int64_t edge = std::clamp<int64_t>(row + offset + (lower ? 1 : 0), 0, columns);
    const int64_t begin = lower ? 0 : edge, end = lower ? edge : columns;
    if (last - first > kMost || end - begin > kMost - static_cast<int64_t>(row_places.size())) {
      fail<ValueError>(call,
                       fmt::format("[{}, {}] has more elements than can be listed", rows, columns));
    }
    for (int64_t column = begin; column < end; ++column) {
      row_places.push_back(row);
      column_places.push_back(column);
    }
  }
  const auto count = static_cast<int64_t>(row_places.size());
  row_places.insert(row_places.end(), column_places.begin(), column_places.end());
  return from_vector(row_places, {2, count}).to(dtype).to(device);
}

std::vector<Sample> triangle_samples() {
  const auto of = [](int64_t row, int64_t col, int64_t offset) -> Sample {
    return {{},
            {Attribute(row), Attribute(col), Attribute(offset), Attribute(kInt64), Attribute(kCpu)},
            false};
  };
  return {of(3, 4, 0), of(4, 3, 1), of(3, 3, -1)};
}

}  // namespace

void define_hann_window(OpDef& op) {
  op.doc("Hann's window, (1 - cos(2 pi i / n)) / 2, with n - 1 for n unless `periodic`.")
      .compose([](int64_t window_length, bool periodic, DType dtype, Device device) -> Tensor {
        return cosine_window("hann_window", window_length, periodic, dtype, device, {0.5, 0.5});
      })
      .not_differentiable()
      .samples([] { return window_samples(); });
}

void define_hamming_window(OpDef& op) {
  op.doc("Hamming's window, alpha - beta cos(2 pi i / n), with n - 1 for n unless `periodic`.")
      .compose([](int64_t window_length, bool periodic, double alpha, double beta, DType dtype,
                  Device device) -> Tensor {
        return cosine_window("hamming_window", window_length, periodic, dtype, device,
                             {alpha, beta});
      })
      .not_differentiable()
      .samples([] {
        return window_samples({Attribute(0.54), Attribute(0.46)});
      });
}

void define_blackman_window(OpDef& op) {
  op.doc(
        "Blackman's window, 0.42 - 0.5 cos(2 pi i / n) + 0.08 cos(4 pi i / n), with n - 1 for n "
        "unless `periodic`.")
      .compose([](int64_t window_length, bool periodic, DType dtype, Device device) -> Tensor {
        return cosine_window("blackman_window", window_length, periodic, dtype, device,
                             {0.42, 0.5, 0.08});
      })
      .not_differentiable()
      .samples([] { return window_samples(); });
}

void define_bartlett_window(OpDef& op) {
  op.doc("Bartlett's window, 1 - |2 i / n - 1|, with n - 1 for n unless `periodic`.")
      .compose([](int64_t window_length, bool periodic, DType dtype, Device device) -> Tensor {
        const Tensor x = places("bartlett_window", window_length, periodic, dtype, device);
        if (window_length == 1) return ones({1}, dtype, device);
        return (1 - abs(x * 2 - 1)).to(dtype);
      })
      .not_differentiable()
      .samples([] { return window_samples(); });
}

void define_kaiser_window(OpDef& op) {
  op.doc(
        "Kaiser's window, i0(beta sqrt(1 - (2 i / n - 1)^2)) / i0(beta), with n - 1 for n unless "
        "`periodic`. ValueError where beta is negative.")
      .compose([](int64_t window_length, bool periodic, double beta, DType dtype,
                  Device device) -> Tensor {
        const Tensor x = places("kaiser_window", window_length, periodic, dtype, device);
        if (!(beta >= 0)) {
          fail<ValueError>("kaiser_window",
                           fmt::format("expected beta of at least 0, got {}", beta));
        }
        if (window_length == 1) return ones({1}, dtype, device);
        // 1 - (2 x - 1)^2, which is exact at the ends. e^-beta is in both, so that neither is inf.
        const Tensor inner = sqrt(x * (1 - x)) * (2 * beta);
        const Tensor largest = special_i0e(full({}, Scalar(beta), x.dtype(), device));
        return (special_i0e(inner) * exp(inner - beta) / largest).to(dtype);
      })
      .not_differentiable()
      .samples([] { return window_samples({Attribute(6.5)}); });
}

namespace {

/// Samples of windows that are told whether they are symmetric, after attributes of their own.
std::vector<Sample> symmetric_samples(const std::vector<Attribute>& own = {}) {
  std::vector<Sample> samples;
  for (const auto& [length, sym] : {std::pair(int64_t{7}, true), {8, false}, {1, true}}) {
    Sample sample{{}, {Attribute(length)}, false};
    for (const Attribute& attribute : own) sample.attributes.push_back(attribute);
    sample.attributes.push_back(Attribute(sym));
    sample.attributes.push_back(Attribute(kFloat64));
    sample.attributes.push_back(Attribute(kCpu));
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace

void define_signal_windows_general_cosine(OpDef& op) {
  op.doc(
        "A window of M elements, the sum of (-1)^k a[k] cos(2 pi k i / n), where n is M - 1, and M "
        "unless `sym`.")
      .compose([](int64_t M, FloatList a, bool sym, DType dtype, Device device) -> Tensor {
        constexpr std::string_view kCall = "signal_windows_general_cosine";
        if (a.empty()) fail<ValueError>(kCall, "expected at least one weight, got none");
        return cosine_window(kCall, M, !sym, dtype, device, a);
      })
      .not_differentiable()
      .samples([] {
        return symmetric_samples({Attribute(FloatList{0.4, 0.5, 0.2, 0.1})});
      });
}

void define_signal_windows_cosine(OpDef& op) {
  op.doc(
        "A window of M elements, sin(pi (i + 1/2) / n), where n is M, and M + 1 unless `sym`: half "
        "a wave.")
      .compose([](int64_t M, bool sym, DType dtype, Device device) -> Tensor {
        const Tensor x = numbers("signal_windows_cosine", M, dtype, device) + 0.5;
        if (M == 1) return ones({1}, dtype, device);
        return sin(x * (std::numbers::pi / static_cast<double>(sym ? M : M + 1))).to(dtype);
      })
      .not_differentiable()
      .samples([] { return symmetric_samples(); });
}

void define_signal_windows_exponential(OpDef& op) {
  op.doc(
        "A window of M elements, e^(-|i - center| / tau), around the middle (M - 1) / 2, or M / 2 "
        "unless `sym`. ValueError where tau isn't above 0, or a symmetric window has a `center` of "
        "its own.")
      .compose([](int64_t M, std::optional<double> center, double tau, bool sym, DType dtype,
                  Device device) -> Tensor {
        constexpr std::string_view kCall = "signal_windows_exponential";
        check_positive(kCall, "tau", tau);
        if (sym && center) {
          fail<ValueError>(kCall,
                           "a symmetric window has its center in the middle; give none, or "
                           "sym=false");
        }
        const Tensor x = numbers(kCall, M, dtype, device) - center.value_or(middle_of(M, !sym));
        return exp(abs(x) * (-1 / tau)).to(dtype);
      })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = symmetric_samples({Attribute(), Attribute(1.5)});
        samples.push_back({{},
                           {Attribute(int64_t{6}), Attribute(1.25), Attribute(2.0),
                            Attribute(false), Attribute(kFloat64), Attribute(kCpu)},
                           false});
        return samples;
      });
}

void define_signal_windows_gaussian(OpDef& op) {
  op.doc(
        "A window of M elements, e^(-(i - m)^2 / (2 std^2)), where m is (M - 1) / 2, and M / 2 "
        "unless `sym`. ValueError where std isn't above 0.")
      .compose([](int64_t M, double std, bool sym, DType dtype, Device device) -> Tensor {
        check_positive("signal_windows_gaussian", "std", std);
        const Tensor x = numbers("signal_windows_gaussian", M, dtype, device) - middle_of(M, !sym);
        return exp(square(x / std) * -0.5).to(dtype);
      })
      .not_differentiable()
      .samples([] { return symmetric_samples({Attribute(1.75)}); });
}

void define_logspace(OpDef& op) {
  op.doc(
        "`base` to the power of `steps` evenly spaced numbers from `start` to `end`. Of integer "
        "dtypes both are cut to whole numbers, and so are the powers.")
      .compose([](Scalar start, Scalar end, int64_t steps, double base, DType dtype,
                  Device device) -> Tensor {
        const DType wide = is_floating(dtype) ? dtype : kFloat64;
        if (is_integer(dtype)) start = start.to_int(), end = end.to_int();
        return pow(Scalar(base), linspace(start, end, steps, wide, device)).to(dtype);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](double start, double end, int64_t steps, double base) -> Sample {
          return {{},
                  {Attribute(Scalar(start)), Attribute(Scalar(end)), Attribute(steps),
                   Attribute(base), Attribute(kFloat64), Attribute(kCpu)},
                  false};
        };
        return {of(-1, 2, 4, 10), of(0, 3, 7, 2)};
      });
}

void define_tril_indices(OpDef& op) {
  op.doc(
        "Where the elements on and below the `offset`-th diagonal of a matrix [row, col] are, "
        "[2, count]: their rows, and their columns.")
      .compose([](int64_t row, int64_t col, int64_t offset, DType dtype, Device device) -> Tensor {
        return triangle_places("tril_indices", row, col, offset, true, dtype, device);
      })
      .not_differentiable()
      .samples(triangle_samples);
}

void define_triu_indices(OpDef& op) {
  op.doc(
        "Where the elements on and above the `offset`-th diagonal of a matrix [row, col] are, "
        "[2, count]: their rows, and their columns.")
      .compose([](int64_t row, int64_t col, int64_t offset, DType dtype, Device device) -> Tensor {
        return triangle_places("triu_indices", row, col, offset, false, dtype, device);
      })
      .not_differentiable()
      .samples(triangle_samples);
}

}  // namespace tenon::ops
