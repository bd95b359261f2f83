#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The last dims of `x`, which must have the sizes `normalized_shape`.
Shape normalized_dims(std::string_view call, const Tensor& x, IntList normalized_shape) {
  const auto rank = static_cast<int64_t>(normalized_shape.size());
  bool matches = rank > 0 && rank <= x.dim();
  for (int64_t i = 0; matches && i < rank; ++i) {
    matches = normalized_shape[static_cast<size_t>(i)] == x.size(x.dim() - rank + i);
  }
  if (!matches) {
    fail<ShapeError>(call, fmt::format("expected an input whose last dims are normalized_shape {}, "
                                       "got {}",
                                       to_string(normalized_shape), to_string(x.sizes())));
  }
  Shape dims;
  for (int64_t i = x.dim() - rank; i < x.dim(); ++i) dims.push_back(i);
  return dims;
}

void check_parameter(std::string_view call, std::string_view name, const Tensor& parameter,
                     IntList normalized_shape) {
  if (!parameter.defined() ||
      parameter.sizes() == Shape(std::span<const int64_t>(normalized_shape))) {
    return;
  }
  fail<ShapeError>(call, fmt::format("expected a {} of normalized_shape {}, got {}", name,
                                     to_string(normalized_shape), to_string(parameter.sizes())));
}

}  // namespace

void define_layer_norm(OpDef& op) {
  op.doc(
        "Layer normalisation (Ba et al. 2016) over the last dims, whose sizes are "
        "`normalized_shape`: y = (x - mean) / sqrt(variance + eps) weight + bias, with the "
        "population variance. `weight` and `bias` have `normalized_shape`. A ShapeError where "
        "sizes don't match.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList shape,
                  double eps) -> Tensor {
        const Shape dims = normalized_dims("layer_norm", x, shape);
        check_parameter("layer_norm", "weight", weight, shape);
        check_parameter("layer_norm", "bias", bias, shape);
        return std::get<0>(standardize(x, weight, bias, dims, eps));
      })
      .samples([] {
        const Attribute eps(1e-5);
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({5}, 0.5, 1.5, 2), sample_tensor({5}, -1, 1, 3)},
             {Attribute(IntList{5}), eps}},
            {{sample_tensor({2, 3, 4}), sample_tensor({3, 4}, 0.5, 1.5, 2), Tensor()},
             {Attribute(IntList{3, 4}), eps}},
            {{sample_tensor({6}), Tensor(), Tensor()}, {Attribute(IntList{6}), eps}}};
      });
}

void define_rms_norm(OpDef& op) {
  op.doc(
        "Root-mean-square normalisation (Zhang and Sennrich 2019) over the last dims, whose sizes "
        "are `normalized_shape`: y = x / sqrt(mean(x^2) + eps) weight. Where `eps` is left out, it "
        "is the dtype's machine epsilon. A ShapeError where sizes don't match.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, IntList shape,
                  std::optional<double> eps) -> Tensor {
        const Shape dims = normalized_dims("rms_norm", x, shape);
        check_parameter("rms_norm", "weight", weight, shape);
        double epsilon = std::numeric_limits<float>::epsilon();
        if (x.dtype() == kFloat64) epsilon = std::numeric_limits<double>::epsilon();
        if (x.dtype() == kFloat16) epsilon = 0x1p-10;
        if (x.dtype() == kBFloat16) epsilon = 0x1p-7;
        return std::get<0>(rms_standardize(x, weight, dims, eps.value_or(epsilon)));
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({5}, 0.5, 1.5, 2)},
             {Attribute(IntList{5}), Attribute(1e-5)}},
            {{sample_tensor({2, 3, 4}), Tensor()}, {Attribute(IntList{3, 4}), Attribute()}}};
      });
}

}  // namespace tenon::ops
