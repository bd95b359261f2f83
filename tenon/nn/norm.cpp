#include "tenon/nn/norm.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {

BatchNorm::BatchNorm(int64_t num_features, int64_t spatial_dims, BatchNormOptions options)
    : features_(num_features), spatial_dims_(spatial_dims), options_(options) {
  if (num_features < 1) {
    fail<ValueError>("BatchNorm",
                     fmt::format("expected at least one feature, got {}", num_features));
  }
  if (options.affine) {
    weight = parameter("weight", ones({num_features}, options.dtype, options.device));
    bias = parameter("bias", zeros({num_features}, options.dtype, options.device));
  }
  if (options.track_running_stats) {
    running_mean = buffer("running_mean", zeros({num_features}, options.dtype, options.device));
    running_var = buffer("running_var", ones({num_features}, options.dtype, options.device));
    num_batches_tracked = buffer("num_batches_tracked", zeros({}, kInt64, options.device));
  }
}

Tensor BatchNorm::forward(const Tensor& x) {
  const bool flat = spatial_dims_ == 1 && x.dim() == 2;
  if (!flat && x.dim() != 2 + spatial_dims_) {
    fail<ShapeError>(type_name(), fmt::format("expected [batch, features{}], got {}",
                                              spatial_dims_ == 1 ? "] or [batch, features, length"
                                                                 : ", height, width",
                                              tenon::to_string(x.sizes())));
  }
  const bool learns = is_training() && running_mean.defined();
  double momentum = options_.momentum.value_or(0);
  if (learns) {
    const NoGrad no_grad;
    num_batches_tracked.add_(1);
    if (!options_.momentum && x.device() != kMeta) {
      momentum = 1 / num_batches_tracked.item().to_double();
    }
  }
  return batch_norm(x, running_mean, running_var, weight, bias,
                    is_training() || !running_mean.defined(), momentum, options_.eps);
}

std::string BatchNorm::description() const {
  std::string text = fmt::format("{}", features_);
  if (options_.eps != 1e-5) text += fmt::format(", eps={}", options_.eps);
  if (!options_.momentum) text += ", momentum=none";
  if (options_.momentum && *options_.momentum != 0.1) {
    text += fmt::format(", momentum={}", *options_.momentum);
  }
  if (!options_.affine) text += ", affine=false";
  if (!options_.track_running_stats) text += ", track_running_stats=false";
  return text;
}

LayerNorm::LayerNorm(IntList normalized_shape, LayerNormOptions options)
    : sizes_(std::span<const int64_t>(normalized_shape)), eps_(options.eps) {
  if (!options.elementwise_affine) return;
  weight = parameter("weight", ones(sizes_, options.dtype, options.device));
  if (options.bias) bias = parameter("bias", zeros(sizes_, options.dtype, options.device));
}

Tensor LayerNorm::forward(const Tensor& x) { return layer_norm(x, sizes_, weight, bias, eps_); }

std::string LayerNorm::description() const {
  return fmt::format("{}{}", tenon::to_string(sizes_),
                     eps_ == 1e-5 ? "" : fmt::format(", eps={}", eps_));
}

RMSNorm::RMSNorm(IntList normalized_shape, RMSNormOptions options)
    : sizes_(std::span<const int64_t>(normalized_shape)), eps_(options.eps) {
  if (options.elementwise_affine) {
    weight = parameter("weight", ones(sizes_, options.dtype, options.device));
  }
}

Tensor RMSNorm::forward(const Tensor& x) { return rms_norm(x, sizes_, weight, eps_); }

std::string RMSNorm::description() const {
  return fmt::format("{}{}", tenon::to_string(sizes_), eps_ ? fmt::format(", eps={}", *eps_) : "");
}

GroupNorm::GroupNorm(int64_t num_groups, int64_t num_channels, GroupNormOptions options)
    : groups_(num_groups), channels_(num_channels), eps_(options.eps) {
  if (num_groups < 1 || num_channels < 1 || num_channels % num_groups != 0) {
    fail<ValueError>("GroupNorm",
                     fmt::format("expected num_channels that is a multiple of num_groups, got {} "
                                 "and {}",
                                 num_channels, num_groups));
  }
  if (!options.affine) return;
  weight = parameter("weight", ones({num_channels}, options.dtype, options.device));
  bias = parameter("bias", zeros({num_channels}, options.dtype, options.device));
}

Tensor GroupNorm::forward(const Tensor& x) { return group_norm(x, groups_, weight, bias, eps_); }

std::string GroupNorm::description() const {
  return fmt::format("{} groups, {}{}", groups_, channels_,
                     eps_ == 1e-5 ? "" : fmt::format(", eps={}", eps_));
}

}  // namespace tenon::nn
