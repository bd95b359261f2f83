#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/io/state_dict.h"
#include "tenon/optim/formula.h"

namespace tenon::optim {

/// Parameters that are updated with the same options.
template <class Options>
struct ParameterGroup {
  std::vector<Tensor> parameters;
  Options options;
};

/// Changes parameters by their gradients, in place, each group by a formula. Each step is one run
/// of a fused tile program over all parameters; arithmetic is in float32 (float64 for float64
/// parameters). Parameters without a gradient are left alone. Not copyable; threads: as its
/// parameters.
class TENON_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  /// Drops the gradients of all parameters.
  void zero_grad();
  /// Updates every parameter that has a gradient. On the meta device it only checks. Throws
  /// ShapeError or DTypeError when a gradient doesn't fit its parameter.
  void step();

  size_t group_count() const;
  const std::vector<Tensor>& parameters(size_t group) const;
  std::vector<Tensor> parameters() const;
  double learning_rate(size_t group = 0) const;
  /// Of every group.
  void set_learning_rate(double learning_rate);
  void set_learning_rate(size_t group, double learning_rate);
  /// What the group was made with: what schedules start from.
  double initial_learning_rate(size_t group = 0) const;

  /// Everything that the next steps depend on, flat: "group.0.learning_rate",
  /// "parameter.3.step", "parameter.3.exp_avg". Parameters are numbered over all groups. The
  /// tensors are copies.
  StateDict state_dict() const;
  /// Throws ValueError that lists missing and unexpected names and ShapeError on tensors that
  /// don't fit; the optimizer is as before in both cases.
  void load_state_dict(const StateDict& state);

 protected:
  Optimizer();
  /// Throws ValueError for no parameters, one that comes twice or is the result of an op, or a
  /// learning rate below 0; DTypeError where a parameter isn't floating. Parameters that require no
  /// gradient are fine: they are frozen, and may be asked for one later.
  void add_group(std::string_view optimizer, std::vector<Tensor> parameters, double learning_rate,
                 std::unique_ptr<const Formula> formula);
  template <class Options>
  void add_groups(std::string_view optimizer, std::vector<ParameterGroup<Options>> groups) {
    for (ParameterGroup<Options>& group : groups) {
      std::unique_ptr<const Formula> formula = formula_of(group.options);
      add_group(optimizer, std::move(group.parameters), group.options.learning_rate,
                std::move(formula));
    }
  }

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tenon::optim
