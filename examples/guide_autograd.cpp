// The guide's second part: gradients (docs/guide.md).

#include <cmath>
#include <iostream>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/gradcheck.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

using namespace tenon;

void first_gradient() {
  Tensor x = tensor({1.f, 2.f, 3.f}).requires_grad_();
  Tensor y = sum(x * x * x);
  y.backward();
  std::cout << x.grad() << '\n';  // 3 x^2: [3 12 27]
}

void second_gradient() {
  Tensor x = tensor({1.f, 2.f, 3.f}).requires_grad_();
  Tensor slope = grad({sum(x * x * x)}, {x}, {}, {.retain_graph = {}, .create_graph = true})[0];
  Tensor curvature = grad({sum(slope)}, {x})[0];
  std::cout << curvature << '\n';  // 6 x: [6 12 18]
}

void descend() {
  Tensor weight = tensor(0.f).requires_grad_();
  Tensor x = tensor({1.f, 2.f, 3.f, 4.f}), y = x * 2;
  for (int step = 0; step < 100; ++step) {
    Tensor loss = mean(square(x * weight - y));
    loss.backward();
    const NoGrad no_grad;  // the update itself is not recorded
    weight.sub_(weight.grad() * 0.05);
    weight.set_grad({});
  }
  std::cout << weight.item<float>() << '\n';  // 2
}

void check_a_gradient() {
  Tensor x = tensor({0.5, 1.5}, kFloat64).requires_grad_();
  gradcheck([](const std::vector<Tensor>& in) { return std::vector{exp(in[0]) * in[0]}; }, {x});
}

int main() {
  first_gradient();
  second_gradient();
  descend();
  check_a_gradient();
}
