#pragma once

#include <optional>

#include "tenon/nn/dims.h"
#include "tenon/nn/module.h"

namespace tenon::nn {

struct MaxPool1dOptions {
  std::optional<int64_t> stride;  ///< none: the kernel's size
  int64_t padding = 0;
  int64_t dilation = 1;
  bool ceil_mode = false;
};

/// The maximum of each window of [batch, channels, length].
class TENON_API MaxPool1d : public Module {
 public:
  explicit MaxPool1d(int64_t kernel_size, MaxPool1dOptions options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t kernel_size_;
  MaxPool1dOptions options_;
};

struct MaxPool2dOptions {
  std::optional<Pair> stride;  ///< none: the kernel's size
  Pair padding = 0;
  Pair dilation = 1;
  bool ceil_mode = false;
};

/// The maximum of each window of [batch, channels, height, width].
class TENON_API MaxPool2d : public Module {
 public:
  explicit MaxPool2d(Pair kernel_size, MaxPool2dOptions options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  Pair kernel_size_;
  MaxPool2dOptions options_;
};

struct AvgPool1dOptions {
  std::optional<int64_t> stride;  ///< none: the kernel's size
  int64_t padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
};

/// The mean of each window of [batch, channels, length].
class TENON_API AvgPool1d : public Module {
 public:
  explicit AvgPool1d(int64_t kernel_size, AvgPool1dOptions options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t kernel_size_;
  AvgPool1dOptions options_;
};

struct AvgPool2dOptions {
  std::optional<Pair> stride;  ///< none: the kernel's size
  Pair padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
};

/// The mean of each window of [batch, channels, height, width].
class TENON_API AvgPool2d : public Module {
 public:
  explicit AvgPool2d(Pair kernel_size, AvgPool2dOptions options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  Pair kernel_size_;
  AvgPool2dOptions options_;
};

/// Means of windows that divide the length into `output_size` parts.
class TENON_API AdaptiveAvgPool1d : public Module {
 public:
  explicit AdaptiveAvgPool1d(int64_t output_size) : output_size_(output_size) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  int64_t output_size_;
};

/// Means of windows that divide height and width into `output_size` parts.
class TENON_API AdaptiveAvgPool2d : public Module {
 public:
  explicit AdaptiveAvgPool2d(Pair output_size) : output_size_(output_size) {}
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

 private:
  Pair output_size_;
};

}  // namespace tenon::nn
