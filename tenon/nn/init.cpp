#include "tenon/nn/init.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::nn::init {
namespace {

/// Standard deviation of a unit normal distribution truncated at two.
constexpr double kTruncatedStd = 0.87962566103423978;

/// Draws are made in float32 at least, and rounded once.
DType draw_dtype(const Tensor& tensor) { return tensor.dtype() == kFloat64 ? kFloat64 : kFloat32; }

void check_floating(std::string_view call, const Tensor& tensor) {
  if (!tensor.is_floating_point()) {
    fail<DTypeError>(call,
                     fmt::format("expected a floating tensor, got {}", name_of(tensor.dtype())));
  }
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// The inverse of `normal_cdf`: Acklam's rational approximation, refined by one Halley step.
double inverse_normal_cdf(double p) {
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                          6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00};
  if (p <= 0) return -INFINITY;
  if (p >= 1) return INFINITY;
  double x;
  if (p < 0.02425 || p > 1 - 0.02425) {
    const double q = std::sqrt(-2 * std::log(p < 0.5 ? p : 1 - p));
    x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
        ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    if (p > 0.5) x = -x;
  } else {
    const double q = p - 0.5, r = q * q;
    x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = normal_cdf(x) - p;
  const double step = error * std::sqrt(2 * M_PI) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

/// Modified Gram-Schmidt, twice, on `count` rows of `length`: the rows become orthonormal.
void orthonormalize(std::vector<double>& rows, int64_t count, int64_t length) {
  for (int64_t i = 0; i < count; ++i) {
    double* row = rows.data() + i * length;
    for (int sweep = 0; sweep < 2; ++sweep) {
      for (int64_t j = 0; j < i; ++j) {
        const double* other = rows.data() + j * length;
        double product = 0;
        for (int64_t k = 0; k < length; ++k) product += row[k] * other[k];
        for (int64_t k = 0; k < length; ++k) row[k] -= product * other[k];
      }
    }
    double square = 0;
    for (int64_t k = 0; k < length; ++k) square += row[k] * row[k];
    const double scale = 1 / std::sqrt(square);
    for (int64_t k = 0; k < length; ++k) row[k] *= scale;
  }
}

double kaiming_std(const Tensor& tensor, const KaimingOptions& options) {
  const Fans fans = fans_of(tensor);
  if (options.mode != "fan_in" && options.mode != "fan_out") {
    fail<ValueError>("kaiming", fmt::format("expected mode \"fan_in\" or \"fan_out\", got \"{}\"",
                                            options.mode));
  }
  const int64_t fan = options.mode == "fan_in" ? fans.in : fans.out;
  if (fan == 0) return 0;
  return gain_of(options.nonlinearity, options.negative_slope) /
         std::sqrt(static_cast<double>(fan));
}

Tensor keras_normal(Tensor tensor, double variance, Generator* generator) {
  const double std = std::sqrt(variance) / kTruncatedStd;
  return trunc_normal_(std::move(tensor), 0, std, -2 * std, 2 * std, generator);
}

}  // namespace

Fans fans_of(const Tensor& weight) {
  if (weight.dim() < 2) {
    fail<ShapeError>("init", fmt::format("fans need a weight of [out, in, kernel...], got {}; use "
                                         "uniform_ or normal_",
                                         to_string(weight.sizes())));
  }
  int64_t kernel = 1;
  for (int64_t i = 2; i < weight.dim(); ++i) kernel *= weight.size(i);
  return {.in = weight.size(1) * kernel, .out = weight.size(0) * kernel};
}

double gain_of(std::string_view nonlinearity, double negative_slope) {
  if (nonlinearity == "linear" || nonlinearity == "sigmoid" || nonlinearity == "conv1d" ||
      nonlinearity == "conv2d") {
    return 1;
  }
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") return std::sqrt(2 / (1 + negative_slope * negative_slope));
  if (nonlinearity == "selu") return 0.75;
  fail<ValueError>(
      "init::gain_of",
      fmt::format("expected linear, sigmoid, tanh, relu, leaky_relu or selu, got \"{}\"",
                  nonlinearity));
}

Tensor uniform_(Tensor tensor, double from, double to, Generator* generator) {
  check_floating("init::uniform_", tensor);
  const NoGrad no_grad;
  Tensor drawn = rand(tensor.sizes(), draw_dtype(tensor), tensor.device(), generator);
  tensor.copy_(drawn.mul_(to - from).add_(from));
  return tensor;
}

Tensor normal_(Tensor tensor, double mean, double std, Generator* generator) {
  check_floating("init::normal_", tensor);
  const NoGrad no_grad;
  Tensor drawn = randn(tensor.sizes(), draw_dtype(tensor), tensor.device(), generator);
  tensor.copy_(drawn.mul_(std).add_(mean));
  return tensor;
}

Tensor trunc_normal_(Tensor tensor, double mean, double std, double low, double high,
                     Generator* generator) {
  check_floating("init::trunc_normal_", tensor);
  if (!(low < high) || !(std >= 0)) {
    fail<ValueError>("init::trunc_normal_",
                     fmt::format("expected low < high and std >= 0, got low {}, high {}, std {}",
                                 low, high, std));
  }
  const NoGrad no_grad;
  if (std == 0) return constant_(std::move(tensor), std::min(std::max(mean, low), high));
  const double first = normal_cdf((low - mean) / std), last = normal_cdf((high - mean) / std);
  Tensor drawn = rand(tensor.sizes(), kFloat64, tensor.device(), generator);
  if (tensor.device() != kMeta) {
    double* values = drawn.data<double>();
    for (int64_t i = 0; i < drawn.numel(); ++i) {
      const double value = mean + std * inverse_normal_cdf(first + (last - first) * values[i]);
      values[i] = std::min(std::max(value, low), high);
    }
  }
  tensor.copy_(drawn);
  return tensor;
}

Tensor constant_(Tensor tensor, double value) {
  const NoGrad no_grad;
  tensor.fill_(value);
  return tensor;
}
Tensor zeros_(Tensor tensor) { return constant_(std::move(tensor), 0); }
Tensor ones_(Tensor tensor) { return constant_(std::move(tensor), 1); }

Tensor eye_(Tensor tensor) {
  if (tensor.dim() != 2) {
    fail<ShapeError>("init::eye_",
                     fmt::format("expected a matrix, got {}", to_string(tensor.sizes())));
  }
  const NoGrad no_grad;
  tensor.copy_(eye(tensor.size(0), tensor.size(1), tensor.dtype(), tensor.device()));
  return tensor;
}

Tensor orthogonal_(Tensor tensor, double gain, Generator* generator) {
  check_floating("init::orthogonal_", tensor);
  if (tensor.dim() < 2) {
    fail<ShapeError>("init::orthogonal_",
                     fmt::format("expected at least two dims, got {}", to_string(tensor.sizes())));
  }
  const NoGrad no_grad;
  if (tensor.numel() == 0 || tensor.device() == kMeta) return tensor;
  const int64_t rows = tensor.size(0), columns = tensor.numel() / rows;
  const int64_t count = std::min(rows, columns), length = std::max(rows, columns);
  const Tensor drawn = randn({count, length}, kFloat64, kCpu, generator);
  std::vector<double> basis(drawn.data<double>(), drawn.data<double>() + drawn.numel());
  orthonormalize(basis, count, length);
  Tensor values = empty({rows, columns}, kFloat64);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t at = rows <= columns ? i * length + j : j * length + i;
      values.data<double>()[i * columns + j] = gain * basis[static_cast<size_t>(at)];
    }
  }
  tensor.copy_(values.reshape(tensor.sizes()));
  return tensor;
}

Tensor xavier_uniform_(Tensor tensor, double gain, Generator* generator) {
  const Fans fans = fans_of(tensor);
  const double bound = gain * std::sqrt(6.0 / static_cast<double>(fans.in + fans.out));
  return uniform_(std::move(tensor), -bound, bound, generator);
}

Tensor xavier_normal_(Tensor tensor, double gain, Generator* generator) {
  const Fans fans = fans_of(tensor);
  const double std = gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out));
  return normal_(std::move(tensor), 0, std, generator);
}

Tensor kaiming_uniform_(Tensor tensor, KaimingOptions options, Generator* generator) {
  const double bound = std::sqrt(3.0) * kaiming_std(tensor, options);
  return uniform_(std::move(tensor), -bound, bound, generator);
}

Tensor kaiming_normal_(Tensor tensor, KaimingOptions options, Generator* generator) {
  const double std = kaiming_std(tensor, options);
  return normal_(std::move(tensor), 0, std, generator);
}

Tensor glorot_uniform_(Tensor tensor, Generator* generator) {
  return xavier_uniform_(std::move(tensor), 1, generator);
}

Tensor glorot_normal_(Tensor tensor, Generator* generator) {
  const Fans fans = fans_of(tensor);
  return keras_normal(std::move(tensor), 2.0 / static_cast<double>(fans.in + fans.out), generator);
}

Tensor he_uniform_(Tensor tensor, Generator* generator) {
  const double bound = std::sqrt(6.0 / static_cast<double>(fans_of(tensor).in));
  return uniform_(std::move(tensor), -bound, bound, generator);
}

Tensor he_normal_(Tensor tensor, Generator* generator) {
  const double variance = 2.0 / static_cast<double>(fans_of(tensor).in);
  return keras_normal(std::move(tensor), variance, generator);
}

Tensor lecun_uniform_(Tensor tensor, Generator* generator) {
  const double bound = std::sqrt(3.0 / static_cast<double>(fans_of(tensor).in));
  return uniform_(std::move(tensor), -bound, bound, generator);
}

Tensor lecun_normal_(Tensor tensor, Generator* generator) {
  const double variance = 1.0 / static_cast<double>(fans_of(tensor).in);
  return keras_normal(std::move(tensor), variance, generator);
}

}  // namespace tenon::nn::init
