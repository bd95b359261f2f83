#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct RMSpropOptions {
  double learning_rate = 1e-2;
  double alpha = 0.99;  ///< how much of the running mean of squares stays
  double eps = 1e-8;
  double weight_decay = 0;  ///< added to the gradient
  double momentum = 0;
  bool centered = false;  ///< divide by the standard deviation, not the root mean square
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const RMSpropOptions& options);

/// RMSprop (Hinton 2012): v = alpha v + (1 - alpha) g^2; p -= learning_rate * g / (sqrt(v) + eps).
/// Centered: sqrt(v - mean^2) with mean = alpha mean + (1 - alpha) g. With momentum:
/// b = momentum * b + g / (...); p -= learning_rate * b.
class TENON_API RMSprop : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit RMSprop(std::vector<Tensor> parameters, RMSpropOptions options = {});
  explicit RMSprop(std::vector<ParameterGroup<RMSpropOptions>> groups);
};

}  // namespace tenon::optim
