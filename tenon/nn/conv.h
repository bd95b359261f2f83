#pragma once

#include "tenon/nn/dims.h"
#include "tenon/nn/module.h"

namespace tenon::nn {

struct Conv1dOptions {
  int64_t stride = 1;
  int64_t padding = 0;  ///< zeros on both sides
  int64_t dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// Convolution over [batch, in_channels, length] (see tenon::conv1d). Starts uniform within
/// 1 / sqrt(fan_in), as PyTorch's (Kaiming with a = sqrt 5).
class TENON_API Conv1d : public Module {
 public:
  Conv1d(int64_t in_channels, int64_t out_channels, int64_t kernel_size,
         Conv1dOptions options = {});
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight;  ///< [out_channels, in_channels / groups, kernel_size]
  Parameter bias;    ///< [out_channels]; undefined without one

 private:
  Conv1dOptions options_;
};

struct Conv2dOptions {
  Pair stride = 1;
  Pair padding = 0;  ///< zeros on all sides
  Pair dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// Convolution over [batch, in_channels, height, width] (see tenon::conv2d); starts as Conv1d does.
class TENON_API Conv2d : public Module {
 public:
  Conv2d(int64_t in_channels, int64_t out_channels, Pair kernel_size, Conv2dOptions options = {});
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight;  ///< [out_channels, in_channels / groups, kernel height, kernel width]
  Parameter bias;    ///< [out_channels]; undefined without one

 private:
  Conv2dOptions options_;
};

}  // namespace tenon::nn
