// Neighbours along a dim: diff, trapezoid, cumulative_trapezoid.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Tensor without_last(const Tensor& x, int64_t dim) { return narrow(x, dim, 0, x.size(dim) - 1); }
Tensor without_first(const Tensor& x, int64_t dim) { return narrow(x, dim, 1, x.size(dim) - 1); }

Tensor extended(const Tensor& x, int64_t dim, const Tensor& prepend, const Tensor& append) {
  std::vector<Tensor> parts;
  if (prepend.defined()) parts.push_back(prepend);
  parts.push_back(x);
  if (append.defined()) parts.push_back(append);
  return parts.size() == 1 ? x : cat(parts, dim);
}

/// The areas under the lines from each y to the next.
Tensor areas(std::string_view call, const Tensor& y, const Tensor& x, double dx, int64_t along) {
  if (y.dim() == 0) fail<ShapeError>(call, "a 0-d tensor has no dim to integrate");
  const Tensor pairs = without_first(y, along) + without_last(y, along);
  if (!x.defined()) return pairs * (dx / 2);
  Tensor steps = diff(x, 1, x.dim() == 1 ? 0 : along - y.dim());
  for (int64_t i = along + 1; x.dim() == 1 && i < y.dim(); ++i) steps = unsqueeze(steps, -1);
  return pairs * steps * 0.5;
}

std::vector<Sample> integral_samples() {
  const Tensor y = sample_tensor({3, 4});
  return {{{y, Tensor()}, {Attribute(0.5), Attribute(int64_t{-1})}},
          {{y, sample_tensor({3}, 0, 1, 2)}, {Attribute(1.0), Attribute(int64_t{0})}},
          {{y, sample_tensor({3, 4}, 0, 1, 2)}, {Attribute(1.0), Attribute(int64_t{1})}}};
}

}  // namespace

void define_diff(OpDef& op) {
  op.doc(
        "The differences of neighbours along `dim`, x[i + 1] - x[i], taken `n` times; of bool ones "
        "whether they differ. `prepend` and `append` are joined to `x` first. ShapeError of 0-d "
        "tensors, ValueError for n < 0.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x, int64_t n, int64_t dim, const Tensor& prepend,
                  const Tensor& append) -> Tensor {
        if (x.dim() == 0) fail<ShapeError>("diff", "a 0-d tensor has no neighbours");
        if (n < 0) fail<ValueError>("diff", fmt::format("expected n of at least 0, got {}", n));
        const int64_t along = normalize_dim("diff", dim, x.dim());
        Tensor y = extended(x, along, prepend, append);
        for (; n > 0 && y.size(along) > 0; --n) {
          const Tensor next = without_first(y, along), last = without_last(y, along);
          y = y.dtype() == kBool ? logical_xor(next, last) : next - last;
        }
        return y;
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        const Tensor x = sample_tensor({3, 5});
        return {
            {{x, Tensor(), Tensor()}, {at(1), at(-1)}},
            {{x, Tensor(), Tensor()}, {at(2), at(0)}},
            {{x, sample_tensor({3, 1}, 0, 1, 2), sample_tensor({3, 2}, 0, 1, 3)}, {at(1), at(1)}}};
      });
}

void define_trapezoid(OpDef& op) {
  op.doc(
        "The integral of `y` along `dim` by the trapezoidal rule: the sum of (x[i + 1] - x[i]) "
        "(y[i + 1] + y[i]) / 2, with steps of `dx` unless `x` (1-d, or broadcasting to `y`) is "
        "given.")
      .accepts(kFloatSet)
      .compose([](const Tensor& y, const Tensor& x, double dx, int64_t dim) -> Tensor {
        const int64_t along = normalize_dim("trapezoid", dim, y.dim());
        return sum(areas("trapezoid", y, x, dx, along), {along});
      })
      .samples(integral_samples);
}

void define_cumulative_trapezoid(OpDef& op) {
  op.doc(
        "The integrals of `y` along `dim` from its first element to each of the others, by the "
        "trapezoidal rule; the arguments are those of trapezoid.")
      .accepts(kFloatSet)
      .compose([](const Tensor& y, const Tensor& x, double dx, int64_t dim) -> Tensor {
        const int64_t along = normalize_dim("cumulative_trapezoid", dim, y.dim());
        return cumsum(areas("cumulative_trapezoid", y, x, dx, along), along);
      })
      .samples(integral_samples);
}

}  // namespace tenon::ops
