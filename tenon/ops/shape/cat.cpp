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

namespace {

template <class Raise>
std::vector<Tensor> each(TensorList tensors, Raise raise) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(raise(tensor));
  return result;
}

Sample joined_sample(std::initializer_list<Shape> sizes) {
  Sample sample;
  for (const Shape& s : sizes) sample.inputs.push_back(sample_tensor(s));
  return sample;
}

}  // namespace

void define_vstack(OpDef& op) {
  op.doc("The tensors one below the other: joined along dim 0, vectors as rows.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> Tensor {
        return cat(each(tensors, [](const Tensor& x) { return atleast_2d(x); }), 0);
      })
      .samples([]() -> std::vector<Sample> {
        return {joined_sample({{3}, {3}}), joined_sample({{2, 3}, {1, 3}})};
      });
}

void define_hstack(OpDef& op) {
  op.doc("The tensors side by side: joined along dim 1, vectors and numbers along dim 0.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> Tensor {
        const auto parts = each(tensors, [](const Tensor& x) { return atleast_1d(x); });
        return cat(parts, !parts.empty() && parts[0].dim() > 1 ? 1 : 0);
      })
      .samples([]() -> std::vector<Sample> {
        return {joined_sample({{3}, {2}}), joined_sample({{2, 3}, {2, 1}})};
      });
}

void define_dstack(OpDef& op) {
  op.doc("The tensors one behind the other: joined along dim 2; see atleast_3d.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> Tensor {
        return cat(each(tensors, [](const Tensor& x) { return atleast_3d(x); }), 2);
      })
      .samples([]() -> std::vector<Sample> {
        return {joined_sample({{3}, {3}}), joined_sample({{2, 3}, {2, 3}})};
      });
}

void define_column_stack(OpDef& op) {
  op.doc("The tensors side by side: joined along dim 1, vectors as columns.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> Tensor {
        return cat(each(tensors,
                        [](const Tensor& x) {
                          return x.dim() > 1 ? x : reshape(x, {-1, 1});
                        }),
                   1);
      })
      .samples([]() -> std::vector<Sample> {
        return {joined_sample({{3}, {3}}), joined_sample({{3, 2}, {3}})};
      });
}

void define_block_diag(OpDef& op) {
  op.doc(
        "A matrix with the given ones along its diagonal and zeros elsewhere; vectors count as "
        "rows. ShapeError of more than two dims.")
      .accepts(kNumberSet)
      .compose([](TensorList tensors) -> Tensor {
        int64_t columns = 0, before = 0;
        for (const Tensor& x : tensors) {
          if (x.dim() > 2) {
            fail<ShapeError>("block_diag",
                             fmt::format("expected matrices, got sizes {}", to_string(x.sizes())));
          }
          columns += atleast_2d(x).size(1);
        }
        std::vector<Tensor> rows;
        for (const Tensor& x : tensors) {
          const Tensor block = atleast_2d(x);
          const int64_t width = block.size(1);
          rows.push_back(pad(block, {before, columns - before - width}));
          before += width;
        }
        return cat(rows, 0);
      })
      .samples([]() -> std::vector<Sample> {
        return {joined_sample({{2, 3}, {3, 1}}), joined_sample({{2}, {2, 2}})};
      });
}

namespace {

std::vector<Sample> rank_samples() {
  return {joined_sample({{}}), joined_sample({{3}}), joined_sample({{2, 3}}),
          joined_sample({{2, 1, 3}})};
}

}  // namespace

void define_atleast_1d(OpDef& op) {
  op.doc("`x`, with a dim of size 1 where it has none.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor { return x.dim() == 0 ? reshape(x, {1}) : x; })
      .samples(rank_samples);
}

void define_atleast_2d(OpDef& op) {
  op.doc("`x`, with dims of size 1 in front where it has fewer than two.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        return x.dim() < 2 ? reshape(x, {1, -1}) : x;
      })
      .samples(rank_samples);
}

void define_atleast_3d(OpDef& op) {
  op.doc("`x` as [1, n, 1] of a vector or number, as [m, n, 1] of a matrix.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        if (x.dim() < 2) return reshape(x, {1, -1, 1});
        return x.dim() == 2 ? unsqueeze(x, -1) : x;
      })
      .samples(rank_samples);
}

}  // namespace tenon::ops
