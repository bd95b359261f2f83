// Distances of rows: cdist, pdist, and what the Euclidean ones are made of.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr DTypeSet kWideSet = set_of(kFloat32) | set_of(kFloat64);

void check_order(const char* call, double p) {
  if (!(p >= 0)) fail<ValueError>(call, fmt::format("expected p of at least 0, got {}", p));
}

/// `x` with the leading dims that both broadcast to.
Tensor with_leading_dims(const Tensor& x, const Tensor& other) {
  const auto leading = [](const Tensor& y) {
    return std::span(y.sizes().data(), y.sizes().size() - 2);
  };
  Shape sizes = broadcast_shapes("cdist", leading(x), leading(other));
  sizes.push_back(x.size(-2));
  sizes.push_back(x.size(-1));
  return sizes == x.sizes() ? x : expand(x, sizes);
}

bool are_row_pairs(const Tensor& x1, const Tensor& x2) {
  if (x1.dim() < 2 || x1.dim() != x2.dim() || x1.size(-1) != x2.size(-1)) return false;
  for (int64_t i = 0; i + 2 < x1.dim(); ++i) {
    if (x1.size(i) != x2.size(i)) return false;
  }
  return true;
}

/// [..., m, n] of [..., m, k] and [..., n, k].
Shape pair_sizes(const Tensor& x1, const Tensor& x2) {
  if (!are_row_pairs(x1, x2)) {
    fail<ShapeError>("cdist", fmt::format("expected [..., m, k] and [..., n, k], got {} and {}",
                                          to_string(x1.sizes()), to_string(x2.sizes())));
  }
  Shape sizes = x1.sizes();
  sizes.back() = x2.size(-2);
  return sizes;
}

}  // namespace

void define_cdist(OpDef& op) {
  op.doc(
        "Distances, by the p-norm, of each row of x1 [..., m, k] to each row of x2 [..., n, k]: "
        "[..., m, n]. The dims in front broadcast. The gradient of a distance of 0 is 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x1, const Tensor& x2, double p) -> Tensor {
        if (x1.dim() < 2 || x2.dim() < 2 || x1.size(-1) != x2.size(-1)) {
          fail<ShapeError>("cdist",
                           fmt::format("expected [..., m, k] and [..., n, k], got {} and {}",
                                       to_string(x1.sizes()), to_string(x2.sizes())));
        }
        check_order("cdist", p);
        if (p == 2 && x1.dtype() == x2.dtype() && contains(kWideSet, x1.dtype())) {
          return euclidean_distances(with_leading_dims(x1, x2), with_leading_dims(x2, x1));
        }
        return norm(unsqueeze(x1, -2) - unsqueeze(x2, -3), p, {-1});
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor a = sample_tensor({3, 4}), b = sample_tensor({2, 4}, -1.9, 2.2, 2);
        return {{{a, b}, {Attribute(2.0)}},
                {{a, b}, {Attribute(1.0)}},
                {{unsqueeze(a, 0), b}, {Attribute(3.0)}},
                {{sample_tensor({2, 1, 3, 5}), sample_tensor({2, 7, 5}, -1.9, 2.2, 2)},
                 {Attribute(2.0)}}};
      });
}

void define_euclidean_distances(OpDef& op) {
  op.doc(
        "y[..., i, j] = |x1_i - x2_j| of the rows of x1 [..., m, k] and x2 [..., n, k]. The "
        "gradient of a distance of 0 is 0.")
      .accepts(kWideSet)
      .shape([](const Tensor& x1, const Tensor& x2) -> Spec {
        return {x1.dtype(), pair_sizes(x1, x2)};
      })
      .kernel()
      .saves_input(0, 1)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &x1 = saved.input(0), &x2 = saved.input(1), &y = saved.output();
        const Tensor weights = where(y == 0, 0, dy / y);
        Tensor d_x1, d_x2;
        if (saved.needs(0)) d_x1 = weighted_differences(weights, x1, x2);
        if (saved.needs(1)) d_x2 = weighted_differences(transpose(weights, -2, -1), x2, x1);
        return {d_x1, d_x2};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_tensor({2, 4}, -1.9, 2.2, 2)}, {}},
                {{sample_tensor({2, 3, 5}), sample_tensor({2, 7, 5}, -1.9, 2.2, 2)}, {}}};
      });
}

void define_weighted_differences(OpDef& op) {
  op.doc(
        "y_i = sum over j of weights[i, j] (x1_i - x2_j), of weights [..., m, n] and the rows of "
        "x1 [..., m, k] and x2 [..., n, k].")
      .accepts(kWideSet)
      .shape([](const Tensor& weights, const Tensor& x1, const Tensor& x2) -> Spec {
        if (weights.sizes() != pair_sizes(x1, x2)) {
          fail<ShapeError>("cdist",
                           fmt::format("expected weights {}, got {}", to_string(pair_sizes(x1, x2)),
                                       to_string(weights.sizes())));
        }
        return {x1.dtype(), x1.sizes()};
      })
      .kernel()
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &weights = saved.input(0), &x1 = saved.input(1), &x2 = saved.input(2);
        return {sum(dy * x1, {-1}, true) - matmul(dy, transpose(x2, -2, -1)),
                dy * sum(weights, {-1}, true), -matmul(transpose(weights, -2, -1), dy)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 2}), sample_tensor({3, 4}, -1, 1, 2),
                  sample_tensor({2, 4}, -1.9, 2.2, 3)},
                 {}},
                {{sample_tensor({2, 3, 7}), sample_tensor({2, 3, 5}, -1, 1, 2),
                  sample_tensor({2, 7, 5}, -1.9, 2.2, 3)},
                 {}}};
      });
}

void define_pdist(OpDef& op) {
  op.doc(
        "Distances, by the p-norm, of each row of `input` [n, k] to each later one: those of rows "
        "0 and 1, 0 and 2, ..., n (n - 1) / 2 in all. The gradient of a distance of 0 is 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p) -> Tensor {
        if (x.dim() != 2) {
          fail<ShapeError>("pdist", fmt::format("expected [n, k], got {}", to_string(x.sizes())));
        }
        check_order("pdist", p);
        const int64_t n = x.size(0);
        const Tensor pairs = triu_indices(n, n, 1, kInt64, x.device());
        return norm(index_select(x, 0, pairs[0]) - index_select(x, 0, pairs[1]), p, {-1});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute(2.0)}},
                {{sample_tensor({3, 2})}, {Attribute(1.0)}},
                {{sample_tensor({3, 4})}, {Attribute(3.0)}}};
      });
}

}  // namespace tenon::ops
