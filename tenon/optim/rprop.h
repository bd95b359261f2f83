#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct RpropOptions {
  double learning_rate = 1e-2;  ///< the first size of each element's steps
  double eta_minus = 0.5;       ///< factor of the size where the gradient has changed its sign
  double eta_plus = 1.2;        ///< factor of the size where it hasn't
  double smallest_step = 1e-6;
  double largest_step = 50;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const RpropOptions& options);

/// Resilient backpropagation (Riedmiller and Braun 1993): each element steps against the sign of
/// its gradient; the size of the step grows by eta_plus while the sign stays, and shrinks by
/// eta_minus when it changes, which leaves out one step.
class TENON_API Rprop : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit Rprop(std::vector<Tensor> parameters, RpropOptions options = {});
  explicit Rprop(std::vector<ParameterGroup<RpropOptions>> groups);
};

}  // namespace tenon::optim
