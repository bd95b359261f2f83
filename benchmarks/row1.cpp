// Row 1: what an op on eight floats costs.

#include "benchmarks/timing.h"
#include "tenon/autograd/autograd.h"
#include "tenon/ops/functions.h"

using namespace tenon;

namespace {

constexpr int kMultiplies = 10;

/// x * y * y * ... and the gradients of its leaves.
void multiply_and_backward(const Tensor& x, const Tensor& y, const Tensor& dy) {
  Tensor h = x;
  for (int i = 0; i < kMultiplies; ++i) h = mul(h, y);
  h.backward(dy);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  suite.time("add", "ns", 1e9, [] {
    const Tensor x = ones({8}), y = ones({8});
    return [x, y] { benchmark::keep(add(x, y)); };
  });
  suite.time("add with gradient", "ns", 1e9, [] {
    Tensor x = ones({8});
    x.requires_grad_();
    return [x, y = ones({8})] { benchmark::keep(add(x, y)); };
  });
  suite.time("multiply forward + backward", "ns", 1e9 / kMultiplies, [] {
    Tensor x = ones({8});
    x.requires_grad_();
    return [x, y = ones({8}), dy = ones({8})]() mutable {
      multiply_and_backward(x, y, dy);
      x.set_grad({});
    };
  });
  suite.time("multiply forward + backward, two gradients", "ns", 1e9 / kMultiplies, [] {
    Tensor x = ones({8}), y = ones({8});
    x.requires_grad_();
    y.requires_grad_();
    return [x, y, dy = ones({8})]() mutable {
      multiply_and_backward(x, y, dy);
      x.set_grad({});
      y.set_grad({});
    };
  });
  return suite.run(argc, argv);
}
