// A function with a gradient of its own: a step that passes gradients straight through, as
// quantized and binary networks use it (Bengio et al. 2013).

#include <tenon/tenon.h>

#include <iostream>

using namespace tenon;

struct StraightThroughStep : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    save({inputs[0]});
    return {sign(inputs[0])};
  }
  // The true gradient is zero almost everywhere. This one is that of the identity between -1 and 1.
  std::vector<Tensor> backward(TensorList grads) override {
    return {where(le(abs(saved(0)), 1.0), grads[0], 0.0)};
  }
};

int main() {
  Tensor x = tensor({-2.f, -0.3f, 0.4f, 1.5f}).requires_grad_();
  const Tensor y = autograd::apply<StraightThroughStep>({x})[0];
  sum(y * tensor({1.f, 2.f, 3.f, 4.f})).backward();
  std::cout << "x    " << x << "\nstep " << y << "\ngrad " << x.grad() << '\n';
}
