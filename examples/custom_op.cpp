// Adds an op to Tenon's table from outside of the library: a fused tile program with a gradient.

#include <tenon/tenon.h>

#include <iostream>

using namespace tenon;

// "Squared ReLU" (So et al. 2021): max(x, 0)^2. One pass over memory, on every device that runs
// tile programs; the same program is what a compiled model fuses with its neighbours.
const CustomOp squared_relu("squared_relu(Tensor x) -> Tensor", [](OpDef& op) {
  op.doc("max(x, 0)^2")
      .accepts(kFloatSet)
      .tile([](tile::TileBuilder& t) {
        const tile::Value positive = t.maximum(t.load(0), t.constant(0));
        t.store(0, t.mul(positive, positive));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * relu(saved.input(0)) * 2};
      });
});

int main() {
  Tensor x = tensor({-2.f, -0.5f, 0.5f, 3.f}).requires_grad_();
  const Tensor y = squared_relu(x);
  sum(y).backward();
  std::cout << "x      " << x << "\nresult " << y << "\ngrad   " << x.grad() << '\n';
}
