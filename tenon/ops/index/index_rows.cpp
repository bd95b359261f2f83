// What x[tensors] comes down to: rows of the first dims by number. See indexing.h.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// What the index tensors broadcast to, then the dims of `x` behind those that they index.
Shape indexed_sizes(const Tensor& x, TensorList indices) {
  if (indices.empty() || static_cast<int64_t>(indices.size()) > x.dim()) {
    fail<IndexError>("index",
                     fmt::format("{} indices for a tensor of rank {}", indices.size(), x.dim()));
  }
  Shape sizes = indices[0].sizes();
  for (const Tensor& index : indices) {
    if (!is_integer(index.dtype())) {
      fail<DTypeError>(
          "index", fmt::format("expected integer or bool indices, got {}", name_of(index.dtype())));
    }
    sizes = broadcast_shapes("index", sizes, index.sizes());
  }
  for (size_t i = indices.size(); i < x.sizes().size(); ++i) sizes.push_back(x.sizes()[i]);
  return sizes;
}

std::vector<Tensor> indices_of(const Saved& saved, size_t first) {
  return {saved.inputs.begin() + static_cast<std::ptrdiff_t>(first), saved.inputs.end()};
}

constexpr uint32_t kAllFrom(int first) { return ~uint32_t{0} << first; }

}  // namespace

void define_index_rows(OpDef& op) {
  op.doc(
        "y[p..., r...] = x[indices[0][p...], indices[1][p...], ..., r...]: the integer tensors "
        "broadcast; negative numbers count from the end. IndexError where one is out of range.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, TensorList indices) -> Spec {
        return {x.dtype(), indexed_sizes(x, indices)};
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor zero = zeros(saved.input_sizes(0), dy.dtype(), dy.device());
        std::vector<Tensor> grads(saved.inputs.size());
        grads[0] = index_put_rows(zero, dy, indices_of(saved, 1), true);
        return grads;
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({3, 4}), sample_integers({5}, -3, 3)}, {}},
            {{sample_tensor({3, 4, 2}), sample_integers({2, 1}, 0, 3), sample_integers({3}, -4, 4)},
             {}}};
      });
  op.saved_inputs = kAllFrom(1);
}

void define_index_put_rows(OpDef& op) {
  op.doc(
        "`x` with y[indices[0][p...], ..., r...] = values[p..., r...], or, with `accumulate`, the "
        "values added in order; `values` broadcasts. Without it the last of several counts.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, const Tensor& values, TensorList indices, bool) -> Spec {
        broadcast_strides("index_put", values.sizes(), values.strides(), indexed_sizes(x, indices));
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .vjp([](const Saved& saved, const Tensor& dy, bool accumulate) -> Grads {
        const std::vector<Tensor> indices = indices_of(saved, 2);
        std::vector<Tensor> grads(saved.inputs.size());
        if (saved.needs(0)) {
          const Tensor zero = zeros({}, dy.dtype(), dy.device());
          grads[0] = accumulate ? dy : index_put_rows(dy, zero, indices);
        }
        if (saved.needs(1)) grads[1] = index_rows(dy, indices);
        return grads;
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor index = sample_integers({1}, 0, 3);
        return {{{sample_tensor({3, 4}), sample_tensor({5, 4}, 5, 6), sample_integers({5}, -3, 3)},
                 {Attribute(true)}},
                {{sample_tensor({3, 4}), sample_tensor({1, 4}, 5, 6), index}, {Attribute(false)}},
                {{sample_tensor({3, 4}), sample_tensor({}, 5, 6), index}, {Attribute(false)}}};
      });
  op.saved_inputs = kAllFrom(2);
}

}  // namespace tenon::ops
