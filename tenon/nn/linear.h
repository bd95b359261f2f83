#pragma once

#include "tenon/nn/module.h"

namespace tenon::nn {

struct LinearOptions {
  bool bias = true;
  DType dtype = kFloat32;
  Device device = kCpu;
};

/// y = x weight^T + bias: [..., in_features] to [..., out_features]. Starts uniform within
/// 1 / sqrt(in_features), as PyTorch's (Kaiming with a = sqrt 5).
class TENON_API Linear : public Module {
 public:
  Linear(int64_t in_features, int64_t out_features, LinearOptions options = {});
  Tensor forward(const Tensor& x) override;
  std::string description() const override;

  Parameter weight;  ///< [out_features, in_features]
  Parameter bias;    ///< [out_features]; undefined without one
};

}  // namespace tenon::nn
