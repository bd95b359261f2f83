// Weighted sums of elements of images at points of each image: what grid_sample is made of. Three
// ops that are one another's gradients: of x[n, c, s], y[n, c, p] and weight[n, p, k], each is made
// from the other two, with index[n, p, k] saying which s the k-th term of point p is. A negative
// index is no term.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_points(const char* call, const Tensor& weight, const Tensor& index, int64_t n) {
  const bool fits = index.dim() == 3 && index.size(0) == n &&
                    (!weight.defined() || weight.sizes() == index.sizes());
  if (fits) return;
  fail<ShapeError>(call, fmt::format("expected weight and index of [{}, points, terms], got {} and "
                                     "{}",
                                     n, weight.defined() ? to_string(weight.sizes()) : "none",
                                     to_string(index.sizes())));
}

void check_planes(const char* call, const char* name, const Tensor& x) {
  if (x.dim() == 3) return;
  fail<ShapeError>(
      call, fmt::format("expected {} [n, c, ...] of rank 3, got {}", name, to_string(x.sizes())));
}

void check_same_dtype(const char* call, const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return;
  fail<DTypeError>(call, fmt::format("expected tensors of one dtype, got {} and {}",
                                     name_of(a.dtype()), name_of(b.dtype())));
}

Tensor sample_index() { return sample_integers({2, 4, 3}, -1, 5); }
Tensor sample_weight() { return sample_tensor({2, 4, 3}, -1, 1, 3); }

}  // namespace

void define_weighted_gather(OpDef& op) {
  op.doc(
        "y[n, c, p] = the sum over k of weight[n, p, k] x[n, c, index[n, p, k]], without the terms "
        "whose index is negative. IndexError where one is too large.")
      .accepts(kFloatSet)
      .accepts_input(2, set_of(kInt64))
      .shape([](const Tensor& x, const Tensor& weight, const Tensor& index) -> Spec {
        check_planes("weighted_gather", "x", x);
        check_points("weighted_gather", weight, index, x.size(0));
        check_same_dtype("weighted_gather", x, weight);
        return {x.dtype(), {x.size(0), x.size(1), index.size(1)}};
      })
      .kernel()
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &x = saved.input(0), &weight = saved.input(1), &index = saved.input(2);
        return {saved.needs(0) ? weighted_scatter(dy, weight, index, x.size(2)) : Tensor(),
                saved.needs(1) ? gather_products(dy, x, index) : Tensor(), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 5}), sample_weight(), sample_index()}, {}}};
      });
}

void define_weighted_scatter(OpDef& op) {
  op.doc(
        "x[n, c, s], with `size` places s, = the sum of weight[n, p, k] y[n, c, p] over all p, k "
        "with index[n, p, k] = s. IndexError where an index is too large.")
      .accepts(kFloatSet)
      .accepts_input(2, set_of(kInt64))
      .shape([](const Tensor& y, const Tensor& weight, const Tensor& index, int64_t size) -> Spec {
        check_planes("weighted_scatter", "y", y);
        check_points("weighted_scatter", weight, index, y.size(0));
        check_same_dtype("weighted_scatter", y, weight);
        if (y.size(2) != index.size(1) || size < 0) {
          fail<ShapeError>("weighted_scatter",
                           fmt::format("expected y of {} points and a size of at least 0, got {} "
                                       "and {}",
                                       index.size(1), to_string(y.sizes()), size));
        }
        return {y.dtype(), {y.size(0), y.size(1), size}};
      })
      .kernel()
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor &y = saved.input(0), &weight = saved.input(1), &index = saved.input(2);
        return {saved.needs(0) ? weighted_gather(v, weight, index) : Tensor(),
                saved.needs(1) ? gather_products(y, v, index) : Tensor(), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({2, 3, 4}), sample_weight(), sample_index()}, {Attribute(int64_t{5})}}};
      });
}

void define_gather_products(OpDef& op) {
  op.doc(
        "weight[n, p, k] = the sum over c of y[n, c, p] x[n, c, index[n, p, k]], 0 where the index "
        "is negative. IndexError where one is too large.")
      .accepts(kFloatSet)
      .accepts_input(2, set_of(kInt64))
      .shape([](const Tensor& y, const Tensor& x, const Tensor& index) -> Spec {
        check_planes("gather_products", "y", y);
        check_planes("gather_products", "x", x);
        check_points("gather_products", {}, index, y.size(0));
        check_same_dtype("gather_products", y, x);
        if (x.size(0) != y.size(0) || x.size(1) != y.size(1) || y.size(2) != index.size(1)) {
          fail<ShapeError>("gather_products",
                           fmt::format("expected y [n, c, points] and x [n, c, ...], got {} and {}",
                                       to_string(y.sizes()), to_string(x.sizes())));
        }
        return {y.dtype(), index.sizes()};
      })
      .kernel()
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor &y = saved.input(0), &x = saved.input(1), &index = saved.input(2);
        return {saved.needs(0) ? weighted_gather(x, v, index) : Tensor(),
                saved.needs(1) ? weighted_scatter(y, v, index, x.size(2)) : Tensor(), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({2, 3, 4}), sample_tensor({2, 3, 5}, -1, 1, 2), sample_index()}, {}}};
      });
}

}  // namespace tenon::ops
