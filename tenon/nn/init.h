#pragma once

#include <string_view>

#include "tenon/core/generator.h"
#include "tenon/core/tensor.h"

/// Starting values of weights, written in place and outside of the backward graph. A weight is
/// [out, in, kernel...]: `fan_in` is in * kernel, `fan_out` is out * kernel. Each takes the
/// generator to draw from; null is the thread's default one. Each returns its tensor.
namespace tenon::nn::init {

struct Fans {
  int64_t in;
  int64_t out;
};
/// Throws ShapeError for fewer than two dims.
TENON_API Fans fans_of(const Tensor& weight);
/// The factor on the standard deviation that keeps variance through a nonlinearity: "linear" and
/// "sigmoid" 1, "tanh" 5/3, "relu" sqrt 2, "leaky_relu" sqrt(2 / (1 + slope^2)), "selu" 3/4.
TENON_API double gain_of(std::string_view nonlinearity, double negative_slope = 0.01);

TENON_API Tensor uniform_(Tensor tensor, double from = 0, double to = 1,
                          Generator* generator = nullptr);
TENON_API Tensor normal_(Tensor tensor, double mean = 0, double std = 1,
                         Generator* generator = nullptr);
/// Normal numbers between `low` and `high` by the inverse of the distribution function; PyTorch's
/// trunc_normal_, whose bounds are absolute.
TENON_API Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double low = -2,
                               double high = 2, Generator* generator = nullptr);
TENON_API Tensor constant_(Tensor tensor, double value);
TENON_API Tensor zeros_(Tensor tensor);
TENON_API Tensor ones_(Tensor tensor);
/// Ones on the diagonal of a matrix. Throws ShapeError for other ranks.
TENON_API Tensor eye_(Tensor tensor);
/// Rows (or columns, whichever are fewer) that are orthonormal times `gain`; dims after the first
/// count as one. Saxe et al. 2013.
TENON_API Tensor orthogonal_(Tensor tensor, double gain = 1, Generator* generator = nullptr);

/// Uniform within gain * sqrt(6 / (fan_in + fan_out)). Glorot and Bengio 2010.
TENON_API Tensor xavier_uniform_(Tensor tensor, double gain = 1, Generator* generator = nullptr);
/// Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)).
TENON_API Tensor xavier_normal_(Tensor tensor, double gain = 1, Generator* generator = nullptr);

struct KaimingOptions {
  double negative_slope = 0;  ///< of leaky_relu; PyTorch's `a`
  std::string_view mode = "fan_in";
  std::string_view nonlinearity = "leaky_relu";
};
/// Uniform within gain * sqrt(3 / fan). He et al. 2015. Throws ValueError on another mode.
TENON_API Tensor kaiming_uniform_(Tensor tensor, KaimingOptions options = {},
                                  Generator* generator = nullptr);
/// Normal with standard deviation gain / sqrt(fan).
TENON_API Tensor kaiming_normal_(Tensor tensor, KaimingOptions options = {},
                                 Generator* generator = nullptr);

// Keras's. Its normal ones are truncated at two standard deviations and widened by 1 / 0.8796 so
// that the variance after truncation is the stated one.

/// As xavier_uniform_ with gain 1.
TENON_API Tensor glorot_uniform_(Tensor tensor, Generator* generator = nullptr);
/// Variance 2 / (fan_in + fan_out).
TENON_API Tensor glorot_normal_(Tensor tensor, Generator* generator = nullptr);
/// Uniform within sqrt(6 / fan_in).
TENON_API Tensor he_uniform_(Tensor tensor, Generator* generator = nullptr);
/// Variance 2 / fan_in.
TENON_API Tensor he_normal_(Tensor tensor, Generator* generator = nullptr);
/// Uniform within sqrt(3 / fan_in). LeCun et al. 1998.
TENON_API Tensor lecun_uniform_(Tensor tensor, Generator* generator = nullptr);
/// Variance 1 / fan_in.
TENON_API Tensor lecun_normal_(Tensor tensor, Generator* generator = nullptr);

}  // namespace tenon::nn::init
