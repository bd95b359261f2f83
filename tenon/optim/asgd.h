#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct ASGDOptions {
  double learning_rate = 1e-2;
  double lambd = 1e-4;
  double alpha = 0.75;
  double t0 = 1e6;          ///< the step from which on parameters are averaged
  double weight_decay = 0;  ///< added to the gradient
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const ASGDOptions& options);

/// Averaged stochastic gradient descent (Polyak and Juditsky 1992): p = (1 - lambd e) p - e g with
/// e = learning_rate at first and learning_rate / (1 + lambd * learning_rate * t)^alpha after step
/// t; the state "ax" is the mean of p since step t0.
class TENON_API ASGD : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit ASGD(std::vector<Tensor> parameters, ASGDOptions options = {});
  explicit ASGD(std::vector<ParameterGroup<ASGDOptions>> groups);
};

}  // namespace tenon::optim
