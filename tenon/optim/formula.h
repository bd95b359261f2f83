#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tenon/base/export.h"

namespace tenon {
class Tensor;
namespace tile {
class TileBuilder;
struct Scalar64;
}  // namespace tile
}  // namespace tenon

namespace tenon::optim {

/// What a parameter's update number `step`, from 1, is made with. `numbers` are those that the
/// formula keeps of the parameter; it moves them on.
struct UpdateNumbers {
  double learning_rate;
  int64_t step;
  double* numbers;
};

/// How an optimizer changes a parameter: a tile program over it, its gradient and its states, and
/// the numbers that each run of the program takes. `formula_of(options)` makes those of the
/// optimizers here; a class of its own makes another optimizer.
class TENON_API Formula {
 public:
  static constexpr int kMostScalars = 10;
  static constexpr int kMostStates = 4;
  static constexpr int kMostNumbers = 2;

  virtual ~Formula();

  /// Which of the class's programs it is; programs differ by some options.
  virtual int variant() const { return 0; }
  /// The tensors beside the parameter that each update reads and writes, all of its shape.
  virtual std::span<const std::string_view> state_names() const { return {}; }
  /// What state number `number` starts from.
  virtual double initial_state(size_t number, double learning_rate) const;
  /// Numbers that are kept of each parameter beside the count of its steps.
  virtual std::span<const std::string_view> number_names() const { return {}; }
  virtual double initial_number(size_t number, double learning_rate) const;
  /// Whether numbers depend on the step in more than its being the first.
  virtual bool counts_steps() const { return true; }
  /// The update: input 0 the parameter, 1 the gradient, 2... the states; output 0 the parameter,
  /// 1... the states.
  virtual void write_program(tile::TileBuilder& t) const = 0;
  /// The program's scalars for one update; their count.
  virtual int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const = 0;

  /// Whether the learning rate, the number of a parameter's steps and the numbers that are kept are
  /// tensors, which the program reads as inputs, and not scalars. They are 0-d and floating.
  virtual bool is_capturable() const { return false; }
  int rate_input() const { return 2 + static_cast<int>(state_names().size()); }
  /// The step's number counts from 1.
  int step_input() const { return rate_input() + 1; }
  int number_input(int number) const { return step_input() + 1 + number; }
  /// Of capturable formulas: writes what the kept numbers are after update number `step`.
  virtual void move_on(const Tensor& rate, const Tensor& step,
                       std::span<const Tensor> numbers) const;
  /// Whether what is kept starts from the learning rate.
  virtual bool starts_from_rate() const { return false; }
};

}  // namespace tenon::optim
