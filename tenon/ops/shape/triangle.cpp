// Triangles of matrices: tril, triu, and the mask they share with eye.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr int64_t kBelow = -1, kOn = 0, kAbove = 1;

Tensor without(std::string_view call, const Tensor& x, int64_t diagonal, int64_t side) {
  if (x.dim() < 2) {
    fail<ShapeError>(call, fmt::format("expected a tensor of rank 2 or more, got sizes {}",
                                       to_string(x.sizes())));
  }
  const Tensor mask = diagonal_mask(x.size(-2), x.size(-1), diagonal, side, x.device());
  // A zero of bool's own kind: the integer 0 would make the result int64.
  return masked_fill(x, mask, x.dtype() == kBool ? Scalar(false) : Scalar(0));
}

std::vector<Sample> triangle_samples() {
  return {{{sample_tensor({3, 4})}, {Attribute(int64_t{0})}},
          {{sample_tensor({4, 3})}, {Attribute(int64_t{-1})}},
          {{sample_tensor({2, 3, 3})}, {Attribute(int64_t{1})}}};
}

}  // namespace

void define_diagonal_mask(OpDef& op) {
  // Integers throughout: a float32 would lose count of a big matrix's elements.
  op.doc(
        "bool [rows, columns]: whether column - row is below (`side` -1), on (0) or above (1) "
        "`diagonal`.")
      .shape([](int64_t rows, int64_t columns, int64_t, int64_t, Device) -> Spec {
        return {kBool, {rows, columns}};
      })
      .variant([](int64_t, int64_t, int64_t, int64_t side, Device) -> int {
        return static_cast<int>(side + 1);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value columns = t.scalar(1), place = t.linear_index();
        const Value row = t.floor_divide(place, columns);
        const Value distance = t.sub(t.sub(place, t.mul(row, columns)), row);
        const Value diagonal = t.scalar(2);
        t.store(0, variant == kBelow + 1 ? t.lt(distance, diagonal)
                   : variant == kOn + 1  ? t.eq(distance, diagonal)
                                         : t.gt(distance, diagonal));
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{}, {at(3), at(4), at(0), at(kBelow), Attribute(kCpu)}, false},
                {{}, {at(4), at(3), at(-1), at(kOn), Attribute(kCpu)}, false},
                {{}, {at(3), at(3), at(1), at(kAbove), Attribute(kCpu)}, false}};
      });
}

void define_tril(OpDef& op) {
  op.doc("The matrices of `x` with zeros above their `diagonal`-th diagonal (0: the main one).")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t diagonal) -> Tensor {
        return without("tril", x, diagonal, kAbove);
      })
      .samples([] { return triangle_samples(); });
}

void define_triu(OpDef& op) {
  op.doc("The matrices of `x` with zeros below their `diagonal`-th diagonal (0: the main one).")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t diagonal) -> Tensor {
        return without("triu", x, diagonal, kBelow);
      })
      .samples([] { return triangle_samples(); });
}

}  // namespace tenon::ops
