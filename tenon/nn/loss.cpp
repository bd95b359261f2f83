#include "tenon/nn/loss.h"

#include <utility>

#include "tenon/ops/functions.h"

namespace tenon::nn {

Tensor MSELoss::loss(const Tensor& input, const Tensor& target) const {
  return mse_loss(input, target, options_.reduction);
}

Tensor L1Loss::loss(const Tensor& input, const Tensor& target) const {
  return l1_loss(input, target, options_.reduction);
}

Tensor SmoothL1Loss::loss(const Tensor& input, const Tensor& target) const {
  return smooth_l1_loss(input, target, options_.reduction, options_.beta);
}

Tensor HuberLoss::loss(const Tensor& input, const Tensor& target) const {
  return huber_loss(input, target, options_.reduction, options_.delta);
}

// The weights become buffers, and leave the options, so that they move and are cloned.

CrossEntropyLoss::CrossEntropyLoss(CrossEntropyLossOptions options) : options_(std::move(options)) {
  if (options_.weight.defined()) weight = buffer("weight", std::exchange(options_.weight, {}));
}
Tensor CrossEntropyLoss::loss(const Tensor& input, const Tensor& target) const {
  return cross_entropy(input, target, weight, options_.ignore_index, options_.reduction,
                       options_.label_smoothing);
}

NLLLoss::NLLLoss(NLLLossOptions options) : options_(std::move(options)) {
  if (options_.weight.defined()) weight = buffer("weight", std::exchange(options_.weight, {}));
}
Tensor NLLLoss::loss(const Tensor& input, const Tensor& target) const {
  return nll_loss(input, target, weight, options_.ignore_index, options_.reduction);
}

BCELoss::BCELoss(BCELossOptions options) : options_(std::move(options)) {
  if (options_.weight.defined()) weight = buffer("weight", std::exchange(options_.weight, {}));
}
Tensor BCELoss::loss(const Tensor& input, const Tensor& target) const {
  return binary_cross_entropy(input, target, weight, options_.reduction);
}

BCEWithLogitsLoss::BCEWithLogitsLoss(BCEWithLogitsLossOptions options)
    : options_(std::move(options)) {
  if (options_.weight.defined()) weight = buffer("weight", std::exchange(options_.weight, {}));
  if (options_.pos_weight.defined()) {
    pos_weight = buffer("pos_weight", std::exchange(options_.pos_weight, {}));
  }
}
Tensor BCEWithLogitsLoss::loss(const Tensor& input, const Tensor& target) const {
  return binary_cross_entropy_with_logits(input, target, weight, pos_weight, options_.reduction);
}

Tensor KLDivLoss::loss(const Tensor& input, const Tensor& target) const {
  return kl_div(input, target, options_.reduction, options_.log_target);
}

}  // namespace tenon::nn
