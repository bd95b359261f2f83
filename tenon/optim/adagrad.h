#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct AdagradOptions {
  double learning_rate = 1e-2;
  double learning_rate_decay = 0;
  double weight_decay = 0;  ///< added to the gradient
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const AdagradOptions& options);

/// Adagrad (Duchi et al. 2011): s += g^2;
/// p -= learning_rate / (1 + (t - 1) * learning_rate_decay) * g / (sqrt(s) + eps).
class TENON_API Adagrad : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit Adagrad(std::vector<Tensor> parameters, AdagradOptions options = {});
  explicit Adagrad(std::vector<ParameterGroup<AdagradOptions>> groups);
};

}  // namespace tenon::optim
