#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon::autograd {

/// An op of the user's own with a gradient of its own. One object is one call: members that
/// `forward` sets are there in `backward`.
///
///     struct Cube : autograd::Function {
///       std::vector<Tensor> forward(TensorList inputs) override {
///         save({inputs[0]});
///         return {inputs[0] * inputs[0] * inputs[0]};
///       }
///       std::vector<Tensor> backward(TensorList grads) override {
///         return {grads[0] * saved(0) * saved(0) * 3};
///       }
///     };
///     Tensor y = autograd::apply<Cube>({x})[0];
class TENON_API Function {
 public:
  virtual ~Function();
  /// The results; runs without recording.
  virtual std::vector<Tensor> forward(TensorList inputs) = 0;
  /// The gradient of each input (undefined: none), given those of the results (zeros where none
  /// arrived). Written with ordinary ops it can be differentiated again.
  virtual std::vector<Tensor> backward(TensorList grads) = 0;
  /// How errors and graphs name it.
  virtual std::string_view name() const { return "custom function"; }

  // For apply() and the backward pass.
  struct State;
  const std::shared_ptr<State>& state() const { return state_; }

 protected:
  Function();
  /// Keeps tensors (inputs, results or others) for `backward`; writing them in place before then
  /// makes `backward` throw.
  void save(TensorList tensors);
  /// A tensor kept by `save`.
  Tensor saved(size_t i) const;
  /// All of them, in the order of `save`. Throws AutogradError once the graph was freed.
  std::vector<Tensor> all_saved() const;
  /// Whether input `i` needs a gradient.
  bool needs_grad(size_t i) const;

  // For `forward`.

  /// These inputs were written in place, and are results.
  void mark_dirty(TensorList inputs);
  /// No gradient flows through these results.
  void mark_non_differentiable(TensorList results);
  /// Whether `backward` gets zeros where no gradient arrived (the default), or undefined tensors.
  void set_materialize_grads(bool materialize);

 private:
  std::shared_ptr<State> state_;
};

/// Runs `function` on `inputs` and makes its results part of the backward graph.
TENON_API std::vector<Tensor> apply(std::shared_ptr<Function> function, TensorList inputs);

/// The second half of that: makes `results`, which were computed without recording, part of the
/// graph where an input requires a gradient and recording is on. Throws AutogradError where an
/// input that was written in place can't have been.
TENON_API std::vector<Tensor> record(std::shared_ptr<Function> function, TensorList inputs,
                                     std::vector<Tensor> results);

/// Makes an `F` from `arguments` and applies it.
template <class F, class... A>
std::vector<Tensor> apply(TensorList inputs, A&&... arguments) {
  return autograd::apply(std::make_shared<F>(std::forward<A>(arguments)...), inputs);
}

}  // namespace tenon::autograd
