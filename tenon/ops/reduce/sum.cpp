#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {

void define_sum(OpDef& op) {
  op.doc(
        "Sum over `dims` (none given: all). Of no elements, 0. Integers and bool are summed in "
        "int64 (uint64 stays), or in `dtype` where it is given.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kFloat32)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, IntList dims, bool keepdim, std::optional<DType> dtype) -> Spec {
        return {dtype.value_or(accumulation_dtype(x.dtype())),
                reduced_sizes("sum", x, dims, keepdim)};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, t.row_sum(t.load(0))); })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, bool keepdim,
              std::optional<DType>) -> Grads {
        return {spread(dy, saved.input_sizes(0), dims, keepdim)};
      })
      .samples([] {
        return reduction_samples([](IntList dims, bool keepdim) -> std::vector<Attribute> {
          return {Attribute(dims), Attribute(keepdim), Attribute()};
        });
      });
}

void define_mean(OpDef& op) {
  op.doc(
        "Arithmetic mean over `dims` (none given: all); NaN of no elements. Integers become "
        "float32.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, IntList dims, bool keepdim) -> Spec {
        return {computed_floating(x.dtype()), reduced_sizes("mean", x, dims, keepdim)};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, t.div(t.row_sum(t.load(0)), t.row_length())); })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, bool keepdim) -> Grads {
        const Shape& sizes = saved.input_sizes(0);
        // Scaled before it is spread: the small tensor has the fewest elements.
        const int64_t count = count_elements("mean", sizes) / std::max<int64_t>(dy.numel(), 1);
        return {spread(dy * (1.0 / static_cast<double>(count)), sizes, dims, keepdim)};
      })
      .samples([] {
        return reduction_samples([](IntList dims, bool keepdim) -> std::vector<Attribute> {
          return {Attribute(dims), Attribute(keepdim)};
        });
      });
}

/// The view that undoes a reduction's change of sizes: what gradients of reductions return.
void define_spread(OpDef& op) {
  op.doc(
        "`x`, which has `sizes` without `dims` (with size 1 there if `keepdim`), repeated along "
        "them without a copy.")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList sizes, IntList dims, bool keepdim) -> ViewSpec {
        ViewSpec view{Shape(sizes), {}, x.storage_offset()};
        const uint64_t mask = dim_mask("spread", dims, static_cast<int64_t>(sizes.size()));
        size_t from = 0;
        bool fits = true;
        for (size_t i = 0; i < sizes.size(); ++i) {
          const bool reduced = mask >> i & 1;
          const bool read = !reduced || keepdim;
          fits = fits && (!read ||
                          (from < x.sizes().size() && x.sizes()[from] == (reduced ? 1 : sizes[i])));
          if (!fits) break;
          view.strides.push_back(reduced ? 0 : x.strides()[from]);
          if (read) ++from;
        }
        if (!fits || from != x.sizes().size()) {
          fail<ShapeError>(
              "spread", fmt::format("a tensor of {} isn't {} without dims {}", to_string(x.sizes()),
                                    to_string(sizes), to_string(dims)));
        }
        return view;
      })
      .vjp([](const Saved&, const Tensor& dy, IntList, IntList dims, bool keepdim) -> Grads {
        return {sum(dy, dims, keepdim)};
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3})},
             {Attribute(IntList{3, 5}), Attribute(IntList{1}), Attribute(false)}},
            {{sample_tensor({2, 1, 4})},
             {Attribute(IntList{2, 3, 4}), Attribute(IntList{1}), Attribute(true)}},
            {{sample_tensor({})},
             {Attribute(IntList{2, 3}), Attribute(IntList{}), Attribute(false)}}};
      });
}

}  // namespace tenon::ops
