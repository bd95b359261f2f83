// A tensor plus a multiple of a product or a quotient: addcmul, addcdiv.

#include "tenon/core/promotion.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Tensor scaled(const Tensor& x, Scalar value) { return value == Scalar(1) ? x : x * value; }

/// A factor as a number of the dtype that all three promote to: a product in its own could be too
/// small for what it is added to.
Tensor promoted(const Tensor& input, const Tensor& tensor1, const Tensor& tensor2) {
  const Tensor* const all[] = {&input, &tensor1, &tensor2};
  return tensor1.to(result_type(all));
}

std::vector<Sample> three_tensors() {
  std::vector<Sample> samples;
  for (const Scalar& value : {Scalar(1), Scalar(-0.5)}) {
    samples.push_back(
        {{sample_tensor({3, 4}), sample_tensor({4}, -1, 1, 2), sample_tensor({3, 1}, 0.5, 2, 3)},
         {Attribute(value)}});
  }
  return samples;
}

}  // namespace

void define_addcmul(OpDef& op) {
  op.doc("input + value tensor1 tensor2. Broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& tensor1, const Tensor& tensor2,
                  Scalar value) -> Tensor {
        return input + scaled(promoted(input, tensor1, tensor2) * tensor2, value);
      })
      .samples([] { return three_tensors(); });
}

void define_addcdiv(OpDef& op) {
  op.doc("input + value tensor1 / tensor2. Broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& tensor1, const Tensor& tensor2,
                  Scalar value) -> Tensor {
        return input + scaled(promoted(input, tensor1, tensor2) / tensor2, value);
      })
      .samples([] { return three_tensors(); });
}

}  // namespace tenon::ops
