#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/nn/clip_grad.h"
#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

namespace tenon::programs {
namespace {

Tensor loss_of(Machine& m) {
  const Tensor x = m.pick_with_gradient(false);
  if (x.defined()) return mean(tanh(x));
  const Tensor leaf = m.pick_with_gradient(true);
  return leaf.defined() ? mean(square(leaf)) : Tensor();
}

void backward(Machine& m, const Statement&) {
  const Tensor loss = loss_of(m);
  if (!loss.defined()) return;
  loss.backward({}, m.dice().chance(70));
  m.add_inexact(loss.detach());
}

void gradient(Machine& m, const Statement&) {
  const Tensor loss = loss_of(m), leaf = m.pick_with_gradient(true);
  if (!loss.defined() || !leaf.defined()) return;
  const bool twice = m.dice().chance(40);
  const std::vector<Tensor> first =
      grad({loss}, {leaf}, {}, {.retain_graph = true, .create_graph = twice, .allow_unused = true});
  if (!first[0].defined()) return;
  if (twice && first[0].requires_grad()) sum(square(first[0])).backward();
  m.add_inexact(first[0]);
}

void read_grad(Machine& m, const Statement&) {
  const Tensor leaf = m.pick_with_gradient(true);
  if (leaf.defined() && leaf.grad().defined()) m.add_inexact(leaf.grad());
}

void clear_grads(Machine& m, const Statement&) {
  for (const Tensor& parameter : m.state().parameters) {
    if (m.dice().chance(80)) {
      Tensor(parameter).set_grad({});
    } else if (parameter.grad().defined()) {
      parameter.grad().zero_();
    }
  }
}

void update(Machine& m, const Statement&) {
  const NoGrad no_grad;
  for (const Tensor& parameter : m.state().parameters) {
    if (!parameter.grad().defined()) continue;
    parameter.sub_(parameter.grad() * (0.1 / (1 + m.call())));
    m.wrote(parameter, true);
  }
}

void optimize(Machine& m, const Statement&) {
  State& state = m.state();
  if (m.dice().chance(30)) nn::clip_grad_norm_(state.parameters, 0.5);
  state.optimizer->set_learning_rate(0.05 / (1 + m.call()));
  state.optimizer->step();
  for (const Tensor& parameter : state.parameters) m.wrote(parameter, true);
  if (m.dice().chance(60)) state.optimizer->zero_grad();
}

void hook(Machine& m, const Statement&) {
  const Tensor x = m.pick_with_gradient(m.dice().chance(30));
  if (!x.defined()) return;
  const int64_t number = x.register_hook([](const Tensor& g) { return g * 0.5; });
  // One that stays on a leaf is there at later calls.
  if (x.is_leaf() && m.dice().chance(80)) {
    mean(square(x)).backward();
    x.remove_hook(number);
  }
}

void needs_gradient(Machine& m, const Statement&) {
  Tensor x = m.pick_floating().detach();
  m.add(x.clone().requires_grad_());
}

void without_gradient(Machine& m, const Statement& statement) {
  const NoGrad no_grad;
  m.run(statement.body);
}

void recomputed(Machine& m, const Statement&) {
  const Tensor x = m.pick_floating();
  m.add(checkpoint([](const std::vector<Tensor>& in) { return tanh(in[0]) * sigmoid(in[0] + 1); },
                   {x}));
}

/// With a gradient that its ops wouldn't have.
struct Bent : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    const Tensor y = tanh(inputs[0]);
    save({inputs[0], y});
    return {y, inputs[0] * 0.5};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    return {grads[0] * (1 - square(saved(1))) + grads[1] * 0.25 + tanh(saved(0)) * 0.1};
  }
};

void custom(Machine& m, const Statement&) {
  for (const Tensor& result : autograd::apply<Bent>({m.pick_floating()})) m.add(result);
}

void lower_precision(Machine& m, const Statement& statement) {
  const DType dtype = m.dice().chance(60) ? kBFloat16 : kFloat16;
  m.state().coarsest = tolerance_of(dtype);
  const Autocast autocast(dtype, m.dice().chance(85));
  m.run(statement.body);
}

constexpr Action kActions[] = {
    {"backward", 6, false, backward},
    {"gradient", 3, false, gradient},
    {"read_grad", 2, false, read_grad},
    {"clear_grads", 2, false, clear_grads},
    {"update", 2, false, update},
    {"optimize", 3, false, optimize},
    {"hook", 1, false, hook},
    {"needs_gradient", 2, false, needs_gradient},
    {"without_gradient", 2, true, without_gradient},
    {"recomputed", 1, false, recomputed},
    {"custom", 2, false, custom},
    {"lower_precision", 2, true, lower_precision},
};

}  // namespace

std::span<const Action> gradient_actions() { return kActions; }

}  // namespace tenon::programs
