#include <limits>

#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> attributes(IntList dims, bool keepdim) {
  return {Attribute(dims), Attribute(keepdim)};
}

/// `x` with the reduced dims last, as one.
Tensor reduced_last(const Tensor& x, uint64_t mask) {
  Shape order, sizes;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (mask >> i & 1) continue;
    order.push_back(i);
    sizes.push_back(x.size(i));
  }
  int64_t count = 1;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (!(mask >> i & 1)) continue;
    order.push_back(i);
    count *= x.size(i);
  }
  sizes.push_back(count);
  return reshape(permute(x, order), sizes);
}

/// Undoes `reduced_last` of a tensor of `sizes`.
Tensor reduced_in_place(const Tensor& x, const Shape& sizes, uint64_t mask) {
  Shape order(sizes.size(), 0), permuted;
  for (const bool reduced : {false, true}) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (static_cast<bool>(mask >> i & 1) != reduced) continue;
      order[i] = static_cast<int64_t>(permuted.size());
      permuted.push_back(sizes[i]);
    }
  }
  return permute(reshape(x, permuted), order);
}

/// The gradient of prod_backward with respect to x: for each k, the sum over i of w_i times the
/// product of all x but x_i and x_k, where w = v dy. Can be differentiated again.
Tensor recorded_second_derivative(const Tensor& w, const Tensor& x, IntList dims) {
  const uint64_t mask = dim_mask("prod", dims, x.dim());
  const Tensor rows = without_each(reduced_last(x, mask));
  const Tensor weights = expand(unsqueeze(reduced_last(w, mask), -1), rows.sizes());
  const int64_t n = rows.size(-1);
  const Tensor diagonal = eye(n, n, kBool, x.device());
  const Tensor terms = where(diagonal, 0, prod_backward(weights, rows, {-1}));
  return reduced_in_place(sum(terms, {-2}), x.sizes(), mask);
}

/// The same by division, without its own derivatives where x is zero.
Tensor second_derivative(const Tensor& weighted, const Tensor& x, IntList dims) {
  const Tensor zero = x == 0;
  const Tensor zeros = sum(zero, dims, true);
  const Tensor safe = where(zero, 1, x);
  const Tensor product = prod(safe, dims, true);
  const Tensor ratio = where(zero, 0, weighted) / safe;
  const Tensor at_zeros = sum(where(zero, weighted, 0), dims, true);
  const Tensor ratios = sum(ratio, dims, true);
  const Tensor elsewhere = where(zeros == 0, ratios - ratio, where(zeros == 1, at_zeros, 0)) / safe;
  const Tensor here = where(zeros == 1, ratios, where(zeros == 2, at_zeros - weighted, 0));
  return product * where(zero, here, elsewhere);
}

/// By the products of each row's other elements, which hold where some are 0.
Tensor complex_gradient(const Tensor& dy, const Tensor& x, IntList dims, bool keepdim) {
  const uint64_t mask = dim_mask("prod", dims, x.dim());
  const Tensor others = prod(without_each(reduced_last(x, mask)), {-1});
  return times_conjugate(spread(dy, x.sizes(), dims, keepdim),
                         reduced_in_place(others, x.sizes(), mask));
}

}  // namespace

void define_prod(OpDef& op) {
  op.doc(
        "Product over `dims` (none given: all). Of no elements, 1. Integers and bool are "
        "multiplied in int64 (uint64 stays).")
      .accepts(kAnySet)
      .autocast(CastPolicy::kFloat32)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, IntList dims, bool keepdim) -> Spec {
        return {accumulation_dtype(x.dtype()), reduced_sizes("prod", x, dims, keepdim)};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, t.row_prod(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, bool keepdim) -> Grads {
        const Tensor& x = saved.input(0);
        if (x.is_complex()) return {complex_gradient(dy, x, dims, keepdim)};
        return {prod_backward(spread(dy, x.sizes(), dims, keepdim), x, dims)};
      })
      .samples([] {
        std::vector<Sample> samples = reduction_samples(attributes, 0.4, 2);
        Tensor x = sample_tensor({3, 4}, 0.5, 2);
        x.data<double>()[1] = x.data<double>()[4] = x.data<double>()[6] = 0;
        samples.push_back({{x}, attributes({1}, false)});
        return samples;
      });
}

void define_prod_backward(OpDef& op) {
  op.doc("The gradient of prod: dy times the product of the row's other elements.")
      .accepts(kFloatSet)
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) {
        const Value x = t.load(1), zero = t.constant(0), one = t.constant(1);
        const Value is_zero = t.eq(x, zero);
        const Value safe = t.select(is_zero, one, x);
        const Value zeros = t.row_sum(is_zero);
        const Value product = t.row_prod(safe);
        // 0 times an infinite one, or NaN, among the others is NaN.
        const Value unbounded = t.ne(t.mul(x, zero), zero);
        const Value others = t.sub(t.row_sum(unbounded), unbounded);
        const Value nan = t.constant(std::numeric_limits<double>::quiet_NaN());
        const Value nothing = t.select(t.gt(others, zero), nan, zero);
        const Value if_one = t.select(t.eq(zeros, one), product, nothing);
        const Value if_none = t.select(t.eq(zeros, zero), t.div(product, safe), nothing);
        t.store(0, t.mul(t.load(0), t.select(is_zero, if_one, if_none)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, IntList dims) -> Grads {
        const Tensor& x = saved.input(1);
        Tensor d_dy, d_x;
        if (saved.needs(0)) d_dy = prod_backward(v, x, dims);
        if (saved.needs(1)) {
          const Tensor weighted = v * saved.input(0);
          d_x = needs_exact_products(x) ? recorded_second_derivative(weighted, x, dims)
                                        : second_derivative(weighted, x, dims);
        }
        return {d_dy, d_x};
      })
      .samples([] {
        Tensor zeros = sample_tensor({4, 3}, 0.5, 2, 2);
        zeros.data<double>()[1] = zeros.data<double>()[6] = zeros.data<double>()[7] = 0;
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({3, 5}, 0.4, 2, 2)}, {Attribute(IntList{1})}},
            {{sample_tensor({4, 3}), zeros}, {Attribute(IntList{1})}}};
      });
}

}  // namespace tenon::ops
