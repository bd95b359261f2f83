// Tensors joined: cat, stack.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Spec joined(TensorList tensors, int64_t dim) {
  if (tensors.empty()) fail<ValueError>("cat", "expected at least one tensor");
  const Tensor& first = tensors[0];
  if (first.dim() == 0) {
    fail<ShapeError>("cat", "0-d tensors have no dim to join along; use stack()");
  }
  const auto along = static_cast<size_t>(normalize_dim("cat", dim, first.dim()));
  Spec spec{first.dtype(), first.sizes()};
  for (size_t i = 1; i < tensors.size(); ++i) {
    const Shape& sizes = tensors[i].sizes();
    bool fits = sizes.size() == spec.sizes.size();
    for (size_t d = 0; fits && d < sizes.size(); ++d) {
      fits = d == along || sizes[d] == spec.sizes[d];
    }
    if (!fits) {
      fail<ShapeError>("cat", fmt::format("tensor {} is {}, but tensor 0 is {}; all sizes except "
                                          "that of dim {} must be equal",
                                          i, to_string(sizes), to_string(first.sizes()), along));
    }
    if (__builtin_add_overflow(spec.sizes[along], sizes[along], &spec.sizes[along])) {
      fail<ShapeError>("cat",
                       fmt::format("the sizes along dim {} add up to more than 2^63", along));
    }
    spec.dtype = promote(spec.dtype, tensors[i].dtype());
  }
  return spec;
}

}  // namespace

void define_cat(OpDef& op) {
  op.doc(
        "The tensors one after the other along `dim`, in the dtype that all promote to. ShapeError "
        "unless their other sizes are equal.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](TensorList tensors, int64_t dim) -> Spec { return joined(tensors, dim); })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        std::vector<Tensor> grads;
        int64_t start = 0;
        const auto along = static_cast<size_t>(normalize_dim("cat", dim, dy.dim()));
        for (size_t i = 0; i < saved.input_specs.size(); ++i) {
          const int64_t size = saved.input_sizes(i)[along];
          grads.push_back(saved.needs(i) ? narrow(dy, dim, start, size) : Tensor());
          start += size;
        }
        return grads;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3}), sample_tensor({1, 3}), sample_tensor({2, 3}, 0, 1)},
                 {Attribute(int64_t{0})}},
                {{sample_tensor({2, 1, 2}), sample_tensor({2, 3, 2})}, {Attribute(int64_t{-2})}},
                {{sample_tensor({4})}, {Attribute(int64_t{0})}}};
      });
}

void define_stack(OpDef& op) {
  op.doc("Tensors of equal sizes side by side along a new dim at place `dim` of the result.")
      .accepts(kAnySet)
      .compose([](TensorList tensors, int64_t dim) -> Tensor {
        std::vector<Tensor> parts;
        for (const Tensor& tensor : tensors) {
          if (tensor.sizes() != tensors[0].sizes()) {
            fail<ShapeError>("stack",
                             fmt::format("expected equal sizes, got {} and {}",
                                         to_string(tensors[0].sizes()), to_string(tensor.sizes())));
          }
          parts.push_back(unsqueeze(tensor, dim));
        }
        return cat(parts, dim);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3}), sample_tensor({2, 3}, 0, 1)}, {Attribute(int64_t{0})}},
                {{sample_tensor({2}), sample_tensor({2}, 0, 1)}, {Attribute(int64_t{-1})}},
                {{sample_tensor({}), sample_tensor({}, 0, 1)}, {Attribute(int64_t{0})}}};
      });
}

}  // namespace tenon::ops
