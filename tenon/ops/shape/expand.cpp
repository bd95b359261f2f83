// Broadcasting by name: expand, expand_as.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_expand(OpDef& op) {
  op.doc(
        "`x` broadcast to `sizes`, a view with stride 0 along repeated dims; -1 keeps a size. "
        "ShapeError where a size is neither 1 nor the wanted one.")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList sizes) -> ViewSpec {
        ViewSpec spec{Shape(sizes), {}, x.storage_offset()};
        if (sizes.size() < x.sizes().size()) {
          fail<ShapeError>("expand", fmt::format("sizes {} have fewer dims than the tensor of {}",
                                                 to_string(sizes), to_string(x.sizes())));
        }
        const size_t added = sizes.size() - x.sizes().size();
        for (size_t i = 0; i < sizes.size(); ++i) {
          if (sizes[i] != -1) continue;
          if (i < added) {
            fail<ShapeError>("expand", fmt::format("-1 stands for a size of the tensor, but dim {} "
                                                   "of {} is new",
                                                   i, to_string(sizes)));
          }
          spec.sizes[i] = x.sizes()[i - added];
        }
        count_elements("expand", spec.sizes);
        spec.strides = broadcast_strides("expand", x.sizes(), x.strides(), spec.sizes);
        // Dims of size 1 that stay keep their stride: a tensor expanded to itself is unchanged.
        for (size_t i = added; i < spec.sizes.size(); ++i) {
          if (spec.sizes[i] == x.sizes()[i - added]) spec.strides[i] = x.strides()[i - added];
        }
        return spec;
      })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {dy}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 1})}, {Attribute(Shape{3, 4})}},
                {{sample_tensor({1, 3})}, {Attribute(Shape{2, 2, -1})}},
                {{sample_tensor({})}, {Attribute(Shape{2, 2})}}};
      });
}

void define_expand_as(OpDef& op) {
  op.doc("`x` broadcast to the sizes of `other`, a view; see expand.")
      .accepts(kAnySet)
      .compose(
          [](const Tensor& x, const Tensor& other) -> Tensor { return expand(x, other.sizes()); })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 1}), sample_tensor({3, 4})}, {}}};
      });
}

}  // namespace tenon::ops
