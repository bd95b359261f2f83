// Dims of size 1 go and come: squeeze, unsqueeze.

#include "tenon/ops/define.h"

namespace tenon::ops {

void define_squeeze(OpDef& op) {
  op.doc("`x` without its dims of size 1, or without those among `dims`; a view.")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList dims) -> ViewSpec {
        const uint64_t mask = dim_mask("squeeze", dims, x.dim());
        ViewSpec spec{{}, {}, x.storage_offset()};
        for (size_t i = 0; i < x.sizes().size(); ++i) {
          if ((mask >> i & 1) && x.sizes()[i] == 1) continue;
          spec.sizes.push_back(x.sizes()[i]);
          spec.strides.push_back(x.strides()[i]);
        }
        return spec;
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {reshape(dy, saved.input_sizes(0))};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({1, 3, 1})}, {Attribute(Shape{})}},
                {{sample_tensor({1, 3, 1})}, {Attribute(Shape{-1})}},
                {{sample_tensor({2, 3})}, {Attribute(Shape{0})}}};
      });
}

void define_unsqueeze(OpDef& op) {
  op.doc("`x` with a dim of size 1 at place `dim` (in [-rank - 1, rank]) of the result; a view.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dim) -> ViewSpec {
        const auto at = static_cast<size_t>(normalize_dim("unsqueeze", dim, x.dim() + 1));
        ViewSpec spec{x.sizes(), x.strides(), x.storage_offset()};
        const int64_t stride = at < x.sizes().size() ? x.sizes()[at] * x.strides()[at] : 1;
        spec.sizes.insert(at, 1);
        spec.strides.insert(at, stride);
        return spec;
      })
      .vjp(
          [](const Saved&, const Tensor& dy, int64_t dim) -> Grads { return {squeeze(dy, {dim})}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{-1})}},
                {{sample_tensor({})}, {Attribute(int64_t{0})}}};
      });
}

}  // namespace tenon::ops
