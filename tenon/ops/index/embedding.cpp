// Rows of a table by number: embedding; and one_hot.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The number of classes that holds every number of `x`.
int64_t classes_of(const Tensor& x) {
  const std::vector<int64_t> values = x.to_vector<int64_t>();
  if (values.empty()) {
    fail<ValueError>("one_hot", "no elements to count the classes of; give num_classes");
  }
  const int64_t largest = *std::max_element(values.begin(), values.end());
  if (largest == std::numeric_limits<int64_t>::max()) {
    fail<ValueError>("one_hot", fmt::format("there is no number of classes above {}", largest));
  }
  return largest + 1;
}

}  // namespace

void define_embedding(OpDef& op) {
  op.doc(
        "y[..., d] = weight[index[...], d] for `weight` [rows, d] and integers `index` of any "
        "sizes. Row `padding_idx` (-1: none) gets no gradient. IndexError where a number is out of "
        "range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& weight, const Tensor& index) -> Spec {
        if (weight.dim() != 2) {
          fail<ShapeError>("embedding", fmt::format("expected weight [rows, d], got {}",
                                                    to_string(weight.sizes())));
        }
        Spec spec{weight.dtype(), index.sizes()};
        spec.sizes.push_back(weight.size(1));
        return spec;
      })
      .kernel()
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t padding_idx) -> Grads {
        const Tensor flat = reshape(saved.input(1), {-1});
        const Shape& sizes = saved.input_sizes(0);
        Tensor rows = reshape(dy, {flat.numel(), sizes[1]});
        if (padding_idx >= 0) rows = masked_fill(rows, unsqueeze(eq(flat, padding_idx), 1), 0);
        return {index_add(zeros(sizes, dy.dtype(), dy.device()), 0, flat, rows), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor weight = sample_tensor({5, 3});
        return {{{weight, sample_integers({2, 4}, 0, 5)}, {Attribute(int64_t{-1})}},
                {{weight, sample_integers({6}, 0, 5)}, {Attribute(int64_t{-1})}}};
      });
}

void define_one_hot(OpDef& op) {
  op.doc(
        "int64 [..., num_classes] with 1 at the place that each integer of `x` names, else 0; "
        "num_classes -1: the largest number and 1. IndexError where a number is out of range.")
      .accepts(kIntegerSet)
      .compose([](const Tensor& x, int64_t num_classes) -> Tensor {
        if (!is_integer(x.dtype())) {
          fail<DTypeError>("one_hot", fmt::format("expected integers, got {}", name_of(x.dtype())));
        }
        if (num_classes < -1) {
          fail<ValueError>("one_hot", fmt::format("expected num_classes of at least 0, or -1 to "
                                                  "count them, got {}",
                                                  num_classes));
        }
        Shape sizes = x.sizes();
        sizes.push_back(num_classes == -1 ? classes_of(x) : num_classes);
        return scatter(zeros(sizes, kInt64, x.device()), -1, unsqueeze(x, -1), 1);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({2, 3}, 0, 4)}, {Attribute(int64_t{4})}, false},
                {{sample_integers({5}, 0, 4)}, {Attribute(int64_t{-1})}, false}};
      });
}

}  // namespace tenon::ops
