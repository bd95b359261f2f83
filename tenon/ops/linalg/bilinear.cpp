#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_bilinear(const Tensor& a, const Tensor& b, const Tensor& weight, const Tensor& bias) {
  bool fits = weight.dim() == 3 && a.dim() >= 1 && a.dim() == b.dim() &&
              a.size(-1) == weight.size(1) && b.size(-1) == weight.size(2);
  for (int64_t i = 0; fits && i + 1 < a.dim(); ++i) fits = a.size(i) == b.size(i);
  if (!fits) {
    fail<ShapeError>("bilinear", fmt::format("expected input1 [..., in1], input2 [..., in2] and "
                                             "weight [out, in1, in2], got {}, {} and {}",
                                             to_string(a.sizes()), to_string(b.sizes()),
                                             to_string(weight.sizes())));
  }
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != weight.size(0))) {
    fail<ShapeError>("bilinear", fmt::format("expected a bias of [{}], got {}", weight.size(0),
                                             to_string(bias.sizes())));
  }
}

}  // namespace

void define_bilinear(OpDef& op) {
  op.doc(
        "y[..., o] = the sum over i, j of input1[..., i] weight[o, i, j] input2[..., j], + "
        "bias[o]. "
        "ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& input1, const Tensor& input2, const Tensor& weight,
                  const Tensor& bias) -> Tensor {
        check_bilinear(input1, input2, weight, bias);
        const int64_t out = weight.size(0), in1 = weight.size(1), in2 = weight.size(2);
        Shape sizes = input1.sizes();
        sizes.back() = out;
        const int64_t n = input1.numel() / std::max<int64_t>(in1, 1);
        const Tensor by_first = reshape(permute(weight, {1, 0, 2}), {in1, out * in2});
        const Tensor partial = reshape(matmul(reshape(input1, {n, in1}), by_first), {n, out, in2});
        const Tensor y = reshape(matmul(partial, reshape(input2, {n, in2, 1})), sizes);
        return bias.defined() ? y + bias : y;
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor weight = sample_tensor({2, 3, 4}, -1, 1, 3);
        return {{{sample_tensor({5, 3}), sample_tensor({5, 4}, -1, 1, 2), weight,
                  sample_tensor({2}, -1, 1, 4)},
                 {}},
                {{sample_tensor({3}), sample_tensor({4}, -1, 1, 2), weight, Tensor()}, {}}};
      });
}

}  // namespace tenon::ops
