#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct SGDOptions {
  double learning_rate = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;  ///< added to the gradient: weight_decay * p
  bool nesterov = false;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const SGDOptions& options);

/// Stochastic gradient descent. With g' = g + weight_decay * p and momentum m > 0:
/// b = m * b + (1 - dampening) * g' (b = g' at first); p -= learning_rate * b, or with Nesterov
/// p -= learning_rate * (g' + m * b). Without momentum: p -= learning_rate * g'.
class TENON_API SGD : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit SGD(std::vector<Tensor> parameters, SGDOptions options = {});
  explicit SGD(std::vector<ParameterGroup<SGDOptions>> groups);
};

}  // namespace tenon::optim
