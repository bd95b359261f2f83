// Products of vectors: outer, dot.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_vectors(std::string_view call, const Tensor& a, const Tensor& b) {
  if (a.dim() != 1 || b.dim() != 1) {
    fail<ShapeError>(call, fmt::format("expected 1-d tensors, got {} and {}", to_string(a.sizes()),
                                       to_string(b.sizes())));
  }
}

}  // namespace

void define_outer(OpDef& op) {
  op.doc("y[i, j] = input[i] vec2[j] of two vectors.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        check_vectors("outer", a, b);
        return unsqueeze(a, 1) * b;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3}), sample_tensor({4}, -1, 1, 2)}, {}}};
      });
}

void define_dot(OpDef& op) {
  op.doc("The sum of input[i] tensor[i] of two vectors of equal length.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        check_vectors("dot", a, b);
        if (a.sizes() != b.sizes()) {
          fail<ShapeError>(
              "dot", fmt::format("expected equal lengths, got {} and {}", a.size(0), b.size(0)));
        }
        return matmul(a, b);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5}), sample_tensor({5}, -1, 1, 2)}, {}}};
      });
}

}  // namespace tenon::ops
