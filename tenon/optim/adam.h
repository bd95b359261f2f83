#pragma once

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  ///< Adam: added to the gradient; AdamW: p *= 1 - learning_rate * decay
  bool amsgrad = false;     ///< divide by the largest second moment so far
  bool maximize = false;
  /// Without, m and v are taken as they are, and the learning rate makes up for that:
  /// p -= learning_rate * m / (sqrt(v) + eps), which is Keras's Adam with the rate
  /// learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t).
  bool bias_correction = true;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

/// Throws ValueError on options that make no sense.
TENON_API std::unique_ptr<const Formula> formula_of(const AdamOptions& options);

/// Adam (Kingma and Ba 2014): m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= learning_rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps).
class TENON_API Adam : public Optimizer {
 public:
  /// Throws ValueError on options that make no sense.
  explicit Adam(std::vector<Tensor> parameters, AdamOptions options = {});
  explicit Adam(std::vector<ParameterGroup<AdamOptions>> groups);
};

struct AdamWOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
  bool maximize = false;
  /// Learning rate and step count are tensors: a pure compiled function (graph/compile.h) may hold
  /// the whole step, and `set_learning_rate` between its calls holds for the next.
  bool capturable = false;
};

TENON_API std::unique_ptr<const Formula> formula_of(const AdamWOptions& options);

/// Adam whose weight decay shrinks the parameter and not the gradient (Loshchilov and Hutter 2017):
/// p *= 1 - learning_rate * weight_decay, then Adam's update.
class TENON_API AdamW : public Optimizer {
 public:
  explicit AdamW(std::vector<Tensor> parameters, AdamWOptions options = {});
  explicit AdamW(std::vector<ParameterGroup<AdamWOptions>> groups);
};

}  // namespace tenon::optim
