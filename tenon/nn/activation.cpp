#include "tenon/nn/activation.h"

#include <fmt/format.h>

#include "tenon/ops/functions.h"

namespace tenon::nn {

Tensor ReLU::forward(const Tensor& x) { return relu(x); }

Tensor GELU::forward(const Tensor& x) { return gelu(x, options_.approximate); }
std::string GELU::description() const {
  return options_.approximate == "none" ? "" : "approximate=" + options_.approximate;
}

Tensor SiLU::forward(const Tensor& x) { return silu(x); }
Tensor Tanh::forward(const Tensor& x) { return tanh(x); }
Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x); }

Tensor Softmax::forward(const Tensor& x) { return softmax(x, dim_); }
std::string Softmax::description() const { return fmt::format("dim={}", dim_); }

Tensor LogSoftmax::forward(const Tensor& x) { return log_softmax(x, dim_); }
std::string LogSoftmax::description() const { return fmt::format("dim={}", dim_); }

Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, negative_slope_); }
std::string LeakyReLU::description() const { return fmt::format("{}", negative_slope_); }

Tensor ELU::forward(const Tensor& x) { return elu(x, alpha_); }
std::string ELU::description() const { return fmt::format("{}", alpha_); }

Tensor Softplus::forward(const Tensor& x) { return softplus(x, options_.beta, options_.threshold); }
std::string Softplus::description() const {
  return fmt::format("beta={}, threshold={}", options_.beta, options_.threshold);
}

Tensor Hardtanh::forward(const Tensor& x) {
  return hardtanh(x, options_.min_value, options_.max_value);
}
std::string Hardtanh::description() const {
  return fmt::format("{}, {}", options_.min_value, options_.max_value);
}

}  // namespace tenon::nn
