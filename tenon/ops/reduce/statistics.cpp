// Reductions that others make up: counts, means without NaN, pairs of moments and of extremes.

#include <limits>

#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> dims_and_keepdim(IntList dims, bool keepdim) {
  return {Attribute(dims), Attribute(keepdim)};
}

std::vector<Attribute> moment_attributes(IntList dims, bool keepdim) {
  return {Attribute(dims), Attribute(keepdim ? 0.0 : 1.0), Attribute(keepdim)};
}

/// Samples of several elements a row: one has no spread.
std::vector<Sample> moment_samples() {
  std::vector<Sample> samples = reduction_samples(moment_attributes);
  std::erase_if(samples, [](const Sample& sample) { return sample.inputs[0].numel() < 2; });
  return samples;
}

Tensor with_nan(IntList sizes) {
  Tensor x = sample_tensor(sizes);
  x.data<double>()[1] = x.data<double>()[4] = std::numeric_limits<double>::quiet_NaN();
  return x;
}

Tensor without_nan(const Tensor& x) {
  return x.is_floating_point() ? masked_fill(x, isnan(x), 0) : x;
}

}  // namespace

void define_count_nonzero(OpDef& op) {
  op.doc("How many elements over `dims` (none given: all) are not 0, as int64. NaN counts.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList dims) -> Tensor { return sum(x != 0, dims); })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({3, 4}, -1, 2)}, {Attribute(Shape{})}, false},
                {{sample_mask({3, 4})}, {Attribute(Shape{1})}, false}};
      });
}

void define_nansum(OpDef& op) {
  op.doc("sum, in which NaN counts as 0.")
      .compose(
          [](const Tensor& x, IntList dims, bool keepdim, std::optional<DType> dtype) -> Tensor {
            return sum(without_nan(x), dims, keepdim, dtype);
          })
      .samples([]() -> std::vector<Sample> {
        return {{{with_nan({3, 4})}, {Attribute(Shape{}), Attribute(false), Attribute()}, false},
                {{with_nan({3, 4})}, {Attribute(Shape{1}), Attribute(true), Attribute()}, false},
                {{sample_tensor({3, 4})}, {Attribute(Shape{0}), Attribute(false), Attribute()}}};
      });
}

void define_nanmean(OpDef& op) {
  op.doc("The mean over `dims` (none given: all) of what is not NaN; NaN where all are.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList dims, bool keepdim) -> Tensor {
        const Tensor count = sum(x == x, dims, keepdim);
        return sum(without_nan(x), dims, keepdim) / count.to(x.dtype());
      })
      .samples([]() -> std::vector<Sample> {
        return {{{with_nan({3, 4})}, {Attribute(Shape{}), Attribute(false)}, false},
                {{with_nan({3, 4})}, {Attribute(Shape{0}), Attribute(true)}, false},
                {{sample_tensor({3, 4})}, dims_and_keepdim({1}, false)}};
      });
}

void define_var_mean(OpDef& op) {
  op.doc("var and mean with the same arguments.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList dims, double correction,
                  bool keepdim) -> std::tuple<Tensor, Tensor> {
        return {var(x, dims, correction, keepdim), mean(x, dims, keepdim)};
      })
      .samples([] { return moment_samples(); });
}

void define_std_mean(OpDef& op) {
  op.doc("std and mean with the same arguments.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList dims, double correction,
                  bool keepdim) -> std::tuple<Tensor, Tensor> {
        return {std(x, dims, correction, keepdim), mean(x, dims, keepdim)};
      })
      .samples([] { return moment_samples(); });
}

void define_aminmax(OpDef& op) {
  op.doc("The smallest and the largest elements along `dim`, or of all; see amin and amax.")
      .compose([](const Tensor& x, std::optional<int64_t> dim,
                  bool keepdim) -> std::tuple<Tensor, Tensor> {
        const Shape dims = dim ? Shape{*dim} : Shape{};
        return {amin(x, dims, keepdim), amax(x, dims, keepdim)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(), Attribute(false)}},
                {{sample_tensor({3, 4})}, {Attribute(int64_t{1}), Attribute(true)}}};
      });
}

}  // namespace tenon::ops
