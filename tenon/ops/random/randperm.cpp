#include "tenon/ops/define.h"

namespace tenon::ops {

void define_randperm(OpDef& op) {
  op.doc("The numbers 0 to n - 1 in a random order: that of n random keys, sorted.")
      .compose([](int64_t n, DType dtype, Device device, Generator* generator) -> Tensor {
        const Tensor keys = random_integers(0, INT64_MAX, {n}, device, generator);
        return argsort(keys, 0, false).to(dtype);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {
            {{}, {Attribute(int64_t{7}), Attribute(kInt64), Attribute(kCpu), Attribute()}, false}};
      });
}

}  // namespace tenon::ops
