#pragma once

#include <optional>

#include "tenon/nn/module.h"

namespace tenon::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  /// Share of the new batch in the running statistics; none: the mean over all batches.
  std::optional<double> momentum = 0.1;
  bool affine = true;               ///< learn a scale and a shift per channel
  bool track_running_stats = true;  ///< keep statistics for eval mode
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// What BatchNorm1d and BatchNorm2d share: (x - mean) / sqrt(var + eps) * weight + bias per
/// channel. Ioffe and Szegedy 2015.
class TENON_API BatchNorm : public Module {
 public:
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight, bias;
  Parameter running_mean, running_var, num_batches_tracked;

 protected:
  BatchNorm(int64_t num_features, int64_t spatial_dims, BatchNormOptions options);

 private:
  int64_t features_;
  int64_t spatial_dims_;
  BatchNormOptions options_;
};

/// Over [batch, features] or [batch, features, length].
class TENON_API BatchNorm1d : public BatchNorm {
 public:
  explicit BatchNorm1d(int64_t num_features, BatchNormOptions options = {})
      : BatchNorm(num_features, 1, options) {}
};

/// Over [batch, features, height, width].
class TENON_API BatchNorm2d : public BatchNorm {
 public:
  explicit BatchNorm2d(int64_t num_features, BatchNormOptions options = {})
      : BatchNorm(num_features, 2, options) {}
};

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;
  bool bias = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// (x - mean) / sqrt(var + eps) * weight + bias over the last dims, which have the sizes
/// `normalized_shape`. Ba et al. 2016.
class TENON_API LayerNorm : public Module {
 public:
  explicit LayerNorm(IntList normalized_shape, LayerNormOptions options = {});
  explicit LayerNorm(int64_t features, LayerNormOptions options = {})
      : LayerNorm(IntList{features}, options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight, bias;

 private:
  Shape sizes_;
  double eps_;
};

struct RMSNormOptions {
  std::optional<double> eps;  ///< none: the dtype's epsilon
  bool elementwise_affine = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// x / sqrt(mean(x^2) + eps) * weight over the last dims. Zhang and Sennrich 2019.
class TENON_API RMSNorm : public Module {
 public:
  explicit RMSNorm(IntList normalized_shape, RMSNormOptions options = {});
  explicit RMSNorm(int64_t features, RMSNormOptions options = {})
      : RMSNorm(IntList{features}, options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight;

 private:
  Shape sizes_;
  std::optional<double> eps_;
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// (x - mean) / sqrt(var + eps) over groups of channels of [batch, channels, ...], then scale and
/// shift per channel. Wu and He 2018.
class TENON_API GroupNorm : public Module {
 public:
  GroupNorm(int64_t num_groups, int64_t num_channels, GroupNormOptions options = {});
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight, bias;

 private:
  int64_t groups_;
  int64_t channels_;
  double eps_;
};

}  // namespace tenon::nn
