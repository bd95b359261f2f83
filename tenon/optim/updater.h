#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/optim/formula.h"

namespace tenon::tile {
struct Launch;
}

namespace tenon::optim {

/// A parameter, and what is kept for it from one update to the next.
struct Updated {
  Tensor parameter;
  Tensor gradient;  ///< of the next update; undefined: there is none
  std::array<Tensor, Formula::kMostStates> states;  ///< undefined before the first update
  int64_t step = 0;                                 ///< updates so far
  std::array<double, Formula::kMostNumbers> numbers = {};
  // Of capturable formulas: 0-d and floating. The first two are the caller's.
  const Tensor* rate = nullptr;
  const Tensor* clock = nullptr;  ///< updates, with the next one; of those that count them
  std::array<Tensor, Formula::kMostNumbers> counted;  ///< in place of `numbers`
};

/// Updates parameters by a formula, all of them in one run of a fused tile program; in a compiled
/// function the updates are part of its stream. Arithmetic is in float32 (float64 for float64
/// parameters). Keeps what it found out of its parameters for the next run: have one for each list
/// of parameters. On the meta device it only checks.
class TENON_API Updater {
 public:
  Updater();
  ~Updater();
  Updater(Updater&&) noexcept;
  Updater& operator=(Updater&&) noexcept;

  /// Every parameter that has a gradient takes a step. Throws ShapeError, DTypeError or DeviceError
  /// where a gradient or state doesn't fit its parameter, and ValueError in a pure compiled
  /// function whose calls would all take this step (graph/compile.h); nothing has changed then.
  void run(const Formula& formula, double learning_rate, std::span<Updated> parameters);
  /// The same in two parts, for several updaters in one run: what `launches` gains is to be run
  /// before anything that is pointed at changes.
  void ready(const Formula& formula, double learning_rate, std::span<Updated> parameters,
             std::vector<tile::Launch>& launches);
  static void run(std::span<const tile::Launch> launches, Device device);
  /// Afterwards: moves on the numbers of capturable formulas.
  static void move_on(const Formula& formula, std::span<const Updated> parameters);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Throws as `Updater::run` does.
TENON_API void check_update(const Formula& formula, const Updated& updated);
/// Makes `counted` of what isn't there yet.
TENON_API void make_counted(const Formula& formula, double learning_rate, Updated& updated);
/// Makes the states that aren't there yet, and sets the numbers where no update was made so far.
TENON_API void make_states(const Formula& formula, double learning_rate, Updated& updated);

}  // namespace tenon::optim
