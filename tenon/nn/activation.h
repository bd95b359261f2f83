#pragma once

#include <string>

#include "tenon/nn/module.h"

/// The activation functions as modules; tenon/ops has their formulas.
namespace tenon::nn {

/// max(x, 0)
class TENON_API ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

struct GELUOptions {
  std::string approximate = "none";  ///< or "tanh"
};
/// x * P(X <= x) of a standard normal X.
class TENON_API GELU : public Module {
 public:
  explicit GELU(GELUOptions options = {}) : options_(std::move(options)) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  GELUOptions options_;
};

/// x * sigmoid(x)
class TENON_API SiLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

class TENON_API Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// 1 / (1 + exp(-x))
class TENON_API Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// exp(x) / sum(exp(x)) along `dim`.
class TENON_API Softmax : public Module {
 public:
  explicit Softmax(int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t dim_;
};

/// log(exp(x) / sum(exp(x))) along `dim`.
class TENON_API LogSoftmax : public Module {
 public:
  explicit LogSoftmax(int64_t dim) : dim_(dim) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t dim_;
};

/// x where positive, else negative_slope * x.
class TENON_API LeakyReLU : public Module {
 public:
  explicit LeakyReLU(double negative_slope = 0.01) : negative_slope_(negative_slope) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  double negative_slope_;
};

/// x where positive, else alpha * (exp(x) - 1).
class TENON_API ELU : public Module {
 public:
  explicit ELU(double alpha = 1) : alpha_(alpha) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  double alpha_;
};

struct SoftplusOptions {
  double beta = 1;
  double threshold = 20;  ///< x itself where beta * x is above
};
/// log(1 + exp(beta * x)) / beta
class TENON_API Softplus : public Module {
 public:
  explicit Softplus(SoftplusOptions options = {}) : options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  SoftplusOptions options_;
};

struct HardtanhOptions {
  double min_value = -1;
  double max_value = 1;
};
/// x clamped to [min_value, max_value].
class TENON_API Hardtanh : public Module {
 public:
  explicit Hardtanh(HardtanhOptions options = {}) : options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  HardtanhOptions options_;
};

}  // namespace tenon::nn
