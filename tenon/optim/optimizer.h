#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/io/state_dict.h"

namespace tenon::tile {
class TileBuilder;
struct Scalar64;
}  // namespace tenon::tile

namespace tenon::optim {

/// Parameters that are updated with the same options.
template <class Options>
struct ParameterGroup {
  std::vector<Tensor> parameters;
  Options options;
};

/// Changes parameters by their gradients, in place. Each step is one run of a fused tile program
/// over all parameters; arithmetic is in float32 (float64 for float64 parameters). Parameters
/// without a gradient are left alone. Not copyable; threads: as its parameters.
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
  void add_group(std::string_view optimizer, std::vector<Tensor> parameters, double learning_rate);

  /// The tensors beside the parameter that each update reads and writes, all of its shape.
  virtual std::vector<std::string_view> state_names(size_t group) const = 0;
  /// What state number `number` starts from.
  virtual double initial_state(size_t group, size_t number) const;
  /// The update: input 0 the parameter, 1 the gradient, 2... the states; output 0 the parameter,
  /// 1... the states.
  virtual void write_program(tile::TileBuilder& t, size_t group) const = 0;
  /// The program's scalars for update number `step`, from 1, of a parameter; their count.
  virtual int write_scalars(size_t group, int64_t step, tile::Scalar64* scalars) const = 0;

  /// Whether the group's learning rate and the number of its parameters' steps are tensors, which
  /// the program reads as its inputs `rate_input` and `step_input`, and not scalars.
  virtual bool is_capturable(size_t group) const;
  /// 0-d and float64. The step's number counts from 1.
  int rate_input(size_t group) const;
  int step_input(size_t group) const { return rate_input(group) + 1; }

  static constexpr int kMostScalars = 10;
  static constexpr int kMostStates = 4;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tenon::optim
