#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct AdadeltaOptions {
  double learning_rate = 1;
  double rho = 0.9;  ///< how much of the running means of squares stays
  double eps = 1e-6;
  double weight_decay = 0;  ///< added to the gradient
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const AdadeltaOptions& options);

/// Adadelta (Zeiler 2012): v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) * g;
/// u = rho u + (1 - rho) d^2; p -= learning_rate * d.
class TENON_API Adadelta : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit Adadelta(std::vector<Tensor> parameters, AdadeltaOptions options = {});
  explicit Adadelta(std::vector<ParameterGroup<AdadeltaOptions>> groups);
};

}  // namespace tenon::optim
