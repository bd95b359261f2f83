#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct AdamaxOptions {
  double learning_rate = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  ///< added to the gradient
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const AdamaxOptions& options);

/// Adamax (Kingma and Ba 2014, section 7): m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| +
/// eps); p -= learning_rate / (1 - beta1^t) * m / u.
class TENON_API Adamax : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit Adamax(std::vector<Tensor> parameters, AdamaxOptions options = {});
  explicit Adamax(std::vector<ParameterGroup<AdamaxOptions>> groups);
};

}  // namespace tenon::optim
