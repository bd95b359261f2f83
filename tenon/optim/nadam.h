#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct NAdamOptions {
  double learning_rate = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay =
      0;  ///< added to the gradient, or, decoupled: p *= 1 - learning_rate * decay
  double momentum_decay = 4e-3;
  bool decoupled_weight_decay = false;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const NAdamOptions& options);

/// Adam with Nesterov's momentum (Dozat 2016): mu(t) = beta1 (1 - 0.96^(t * momentum_decay) / 2);
/// M = mu(1) ... mu(t); m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= learning_rate * ((1 - mu(t)) / (1 - M) g + mu(t + 1) / (1 - M mu(t + 1)) m)
///      / (sqrt(v / (1 - beta2^t)) + eps).
class TENON_API NAdam : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit NAdam(std::vector<Tensor> parameters, NAdamOptions options = {});
  explicit NAdam(std::vector<ParameterGroup<NAdamOptions>> groups);
};

}  // namespace tenon::optim
