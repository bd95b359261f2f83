#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct RAdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay =
      0;  ///< added to the gradient, or, decoupled: p *= 1 - learning_rate * decay
  bool decoupled_weight_decay = false;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const RAdamOptions& options);

/// Adam whose first steps don't divide by a variance that isn't known yet (Liu et al. 2019):
/// R = 2 / (1 - beta2) - 1; r = R - 2 t beta2^t / (1 - beta2^t); m and v as Adam's. With r > 5,
/// p -= learning_rate * m / (1 - beta1^t) * sqrt(1 - beta2^t) / (sqrt(v) + eps)
///      * sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r)); else p -= learning_rate * m / (1 -
///      beta1^t).
class TENON_API RAdam : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit RAdam(std::vector<Tensor> parameters, RAdamOptions options = {});
  explicit RAdam(std::vector<ParameterGroup<RAdamOptions>> groups);
};

}  // namespace tenon::optim
