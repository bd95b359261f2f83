// Window functions of signal processing, logspace, and the places of triangles.

#include <fmt/format.h>

#include <algorithm>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The places 0 to 1 of a window's elements, in the dtype it is computed in; a periodic one is that
/// of one element more without its last.
Tensor places(std::string_view call, int64_t length, bool periodic, DType dtype, Device device) {
  if (length < 0) {
    fail<ValueError>(call, fmt::format("expected a length of at least 0, got {}", length));
  }
  if (!is_floating(dtype)) {
    fail<DTypeError>(
        call, fmt::format("expected one of {}, got {}", to_string(kFloatSet), name_of(dtype)));
  }
  const int64_t last = std::max<int64_t>(periodic ? length : length - 1, 1);
  const DType wide = dtype == kFloat64 ? kFloat64 : kFloat32;
  return arange(0, length, 1, wide, device) / static_cast<double>(last);
}

/// first - second cos(2 pi x) + third cos(4 pi x); a window of one element is 1.
Tensor cosine_window(std::string_view call, int64_t length, bool periodic, DType dtype,
                     Device device, std::initializer_list<double> weights) {
  const Tensor angle = places(call, length, periodic, dtype, device) * (2 * std::numbers::pi);
  if (length == 1) return ones({1}, dtype, device);
  const double* weight = weights.begin();
  Tensor window = weight[0] - cos(angle) * weight[1];
  if (weights.size() > 2) window = window + cos(angle * 2) * weight[2];
  return window.to(dtype);
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

void define_logspace(OpDef& op) {
  op.doc("`base` to the power of `steps` evenly spaced numbers from `start` to `end`.")
      .compose([](Scalar start, Scalar end, int64_t steps, double base, DType dtype,
                  Device device) -> Tensor {
        const DType wide = is_floating(dtype) ? dtype : kFloat64;
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
