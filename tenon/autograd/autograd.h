#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/dispatch/modes.h"

namespace tenon {

/// Adds the gradients of `tensors` to the `grad()` of every leaf that they depend on. `grads[i]` is
/// d(loss)/d(tensors[i]); an undefined one, or none at all, means 1 for a one-element tensor. The
/// graph is freed unless `retain_graph` (default: `create_graph`). Throws AutogradError when a
/// tensor has no gradient, when the graph was freed before, and when a saved tensor was overwritten
/// in place.
TENON_API void backward(TensorList tensors, TensorList grads = {},
                        std::optional<bool> retain_graph = {}, bool create_graph = false);

/// How `grad` runs.
struct GradOptions {
  std::optional<bool> retain_graph;  ///< default: `create_graph`
  bool create_graph = false;         ///< record the pass itself, for higher orders
  bool allow_unused = false;  ///< give an undefined tensor for inputs that no output depends on
};

/// The gradients of `outputs` with respect to `inputs` (leaves or results), which are returned and
/// added nowhere. `grad_outputs` as in `backward`.
TENON_API std::vector<Tensor> grad(TensorList outputs, TensorList inputs,
                                   TensorList grad_outputs = {}, GradOptions options = {});

/// Runs `function` on `inputs` without keeping what its ops save, and again during backward, with
/// the random numbers of the first run: memory for time (Chen et al. 2016). Parameters that the
/// function reaches by other ways get their gradients, too.
TENON_API Tensor checkpoint(std::function<Tensor(const std::vector<Tensor>&)> function,
                            TensorList inputs);
/// The same of a function with several results.
TENON_API std::vector<Tensor> checkpoint(
    std::function<std::vector<Tensor>(const std::vector<Tensor>&)> function, TensorList inputs);

/// Within its life: forward calls note where they were made, and a gradient that holds NaN throws
/// an AutogradError which names that place. Slow; for finding where a NaN comes from.
class TENON_API AnomalyMode {
 public:
  AnomalyMode() : previous_(modes().anomaly) { modes().anomaly = true; }
  ~AnomalyMode() { modes().anomaly = previous_; }
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool previous_;
};

}  // namespace tenon
