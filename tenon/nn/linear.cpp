#include "tenon/nn/linear.h"

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/nn/init.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {

Linear::Linear(int64_t in_features, int64_t out_features, LinearOptions options) {
  if (in_features < 1 || out_features < 1) {
    fail<ValueError>("Linear",
                     fmt::format("expected at least one feature in and out, got {} and {}",
                                 in_features, out_features));
  }
  const double bound = 1 / std::sqrt(static_cast<double>(in_features));
  weight = parameter(
      "weight", init::uniform_(empty({out_features, in_features}, options.dtype, options.device),
                               -bound, bound));
  if (options.bias) {
    bias = parameter("bias", init::uniform_(empty({out_features}, options.dtype, options.device),
                                            -bound, bound));
  }
}

Tensor Linear::forward(const Tensor& x) { return linear(x, weight, bias); }

std::string Linear::description() const {
  return fmt::format("{} -> {}{}", weight.size(1), weight.size(0),
                     bias.defined() ? "" : ", bias=false");
}

}  // namespace tenon::nn
