#pragma once

#include <cstdint>
#include <map>

#include "tenon/core/tensor.h"
#include "tenon/io/state_dict.h"

namespace tenon::optim {

class Optimizer;

struct GradScalerOptions {
  double init_scale = 65536;
  double growth_factor = 2;
  double backoff_factor = 0.5;
  int64_t growth_interval = 2000;
  bool enabled = true;  ///< false: scale gives the loss itself, step is the optimizer's
};

/// Loss scaling for training in float16, whose smallest number, 6e-8, is above many a gradient: the
/// loss is multiplied by a scale before backward and the gradients divided by it before the update
/// (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2). A step whose gradients hold
/// infinities or NaN is left out and the scale is multiplied by `backoff_factor`; after
/// `growth_interval` steps in a row without such it is multiplied by `growth_factor`. bfloat16 has
/// float32's range and needs none of this.
///
///     scaler.scale(loss).backward();
///     scaler.unscale_(optimizer);  // only for code that sees gradients, such as clipping
///     nn::clip_grad_norm_(optimizer.parameters(), 1.0);
///     scaler.step(optimizer);
///     scaler.update();
///
/// Threads: as its optimizers.
class TENON_API GradScaler {
 public:
  /// Throws ValueError unless init_scale > 0, growth_factor > 1, 0 < backoff_factor < 1 and
  /// growth_interval > 0.
  explicit GradScaler(GradScalerOptions options = {});

  /// loss * get_scale()
  Tensor scale(const Tensor& loss) const;
  /// Divides the gradients of the optimizer's parameters by the scale, in place. Throws ValueError
  /// when that was done since the last `update`, or the optimizer has stepped since.
  void unscale_(const Optimizer& optimizer);
  /// The optimizer's step, on divided gradients (`unscale_` is called if it wasn't), unless they
  /// hold infinities or NaN; whether it was done. Throws ValueError for a second step before
  /// `update`.
  bool step(Optimizer& optimizer);
  /// Adapts the scale to what the optimizers' gradients held since the last call. Throws ValueError
  /// where none was unscaled or stepped.
  void update();

  double get_scale() const { return options_.enabled ? scale_ : 1; }
  bool is_enabled() const { return options_.enabled; }

  /// "scale" and "growth_tracker", the steps since the scale last changed.
  StateDict state_dict() const;
  /// Throws ValueError where a name is missing.
  void load_state_dict(const StateDict& state);

 private:
  /// How far an optimizer has come since the last `update`.
  struct Progress {
    bool finite = true;
    bool stepped = false;
  };

  GradScalerOptions options_;
  double scale_;
  int64_t growth_tracker_ = 0;
  std::map<const Optimizer*, Progress> progress_;
};

/// Divides gradients by a scale, in place; whether all of them are finite. Undefined ones are left
/// out.
TENON_API bool unscale(TensorList gradients, double scale);

}  // namespace tenon::optim
