#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// How many elements from the first to the last one.
int64_t reach(std::string_view call, IntList sizes, IntList strides) {
  const auto show = [&] {
    return fmt::format("sizes {} and strides {}", to_string(sizes), to_string(strides));
  };
  if (sizes.size() != strides.size()) {
    fail<ShapeError>(call, fmt::format("expected a stride for each size, got {}", show()));
  }
  __int128 last = 0;  // strides of the caller may overflow 64 bits
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0 || strides[i] < 0) {
      fail<ShapeError>(call, fmt::format("{} must not be negative", show()));
    }
    last += static_cast<__int128>(sizes[i] - 1) * strides[i];
    if (last > INT64_MAX - 1) {
      fail<ShapeError>(call, fmt::format("{} reach over more than 2^63 elements", show()));
    }
  }
  return count_elements(call, sizes) == 0 ? 0 : static_cast<int64_t>(last) + 1;
}

}  // namespace

void define_empty(OpDef& op) {
  op.doc("A tensor of `sizes` whose elements are whatever its memory held.")
      .shape([](IntList sizes, DType dtype, Device) -> Spec {
        return {dtype, Shape(sizes)};
      })
      .kernel()
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{
            {{}, {Attribute(Shape{2, 3}), Attribute(kFloat32), Attribute(kCpu)}},
            {{}, {Attribute(Shape{}), Attribute(kInt64), Attribute(kCpu)}}};
      });
}

void define_empty_strided(OpDef& op) {
  op.doc(
        "A tensor of `sizes` and strides `stride` (in elements) whose elements are whatever its "
        "memory held; it has memory up to its last element. ShapeError where there isn't a stride, "
        "of at least 0, for each size.")
      .compose([](IntList sizes, IntList stride, DType dtype, Device device) -> Tensor {
        const int64_t elements = reach("empty_strided", sizes, stride);
        // Detached: nobody else has the memory, so it is no view.
        return detach(as_strided(empty({elements}, dtype, device), sizes, stride));
      })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{
            {{},
             {Attribute(Shape{2, 3}), Attribute(Shape{1, 2}), Attribute(kFloat32), Attribute(kCpu)},
             false},
            {{},
             {Attribute(Shape{2, 0}), Attribute(Shape{4, 1}), Attribute(kInt64), Attribute(kCpu)},
             false}};
      });
}

void define_empty_like(OpDef& op) {
  op.doc("A tensor of the sizes of `x`, and its dtype unless `dtype` is given; see empty.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, std::optional<DType> dtype) -> Spec {
        return {dtype.value_or(x.dtype()), x.sizes()};
      })
      .kernel()
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples(-2, 2, {Attribute()})); });
}

}  // namespace tenon::ops
