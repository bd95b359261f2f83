// Vectors by their lengths: normalize, cosine_similarity, pairwise_distance.

#include "tenon/ops/define.h"

namespace tenon::ops {

void define_normalize(OpDef& op) {
  op.doc("Vectors along `dims` divided by their p-norm: x / max(norm(x, p, dims), eps).")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, double p, IntList dims, double eps) -> Tensor {
        return x / clamp(norm(x, p, dims, true), eps);
      })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](double p, IntList dims) {
          return Sample{{sample_tensor({3, 4}, 0.2, 2)},
                        {Attribute(p), Attribute(dims), Attribute(1e-12)}};
        };
        return {sample(2, {1}), sample(1, {0}), sample(3, {-1}), sample(2, {0, 1})};
      });
}

void define_cosine_similarity(OpDef& op) {
  op.doc(
        "The cosine of the angle between vectors along `dim`: sum(x1 x2) / (max(|x1|, eps) "
        "max(|x2|, eps)). `x1` and `x2` broadcast.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x1, const Tensor& x2, int64_t dim, double eps) -> Tensor {
        const Shape sizes = broadcast_shapes("cosine_similarity", x1.sizes(), x2.sizes());
        const int64_t along =
            normalize_dim("cosine_similarity", dim, static_cast<int64_t>(sizes.size()));
        const Tensor a = expand(x1, sizes), b = expand(x2, sizes);
        const auto length = [&](const Tensor& x) { return clamp(norm(x, 2, {along}), eps); };
        return sum(a * b, {along}) / (length(a) * length(b));
      })
      .samples([]() -> std::vector<Sample> {
        const Attribute eps(1e-8);
        return {{{sample_tensor({3, 4}), sample_tensor({3, 4}, -1, 1, 2)},
                 {Attribute(int64_t{1}), eps}},
                {{sample_tensor({2, 3, 4}), sample_tensor({3, 1}, 0.5, 1, 2)},
                 {Attribute(int64_t{1}), eps}},
                {{sample_tensor({5}), sample_tensor({5}, -1, 1, 2)}, {Attribute(int64_t{0}), eps}}};
      });
}

void define_pairwise_distance(OpDef& op) {
  op.doc(
        "The p-norm of x1 - x2 + eps along the last dim, which `keepdim` keeps with size 1. `x1` "
        "and `x2` are vectors or batches of them, [..., d], and broadcast.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x1, const Tensor& x2, double p, double eps,
                  bool keepdim) -> Tensor { return norm(x1 - x2 + eps, p, {-1}, keepdim); })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](double p, bool keepdim, Shape second) {
          return Sample{{sample_tensor({3, 4}, 1, 2), sample_tensor(second, -1, 0.9, 2)},
                        {Attribute(p), Attribute(1e-6), Attribute(keepdim)}};
        };
        return {sample(2, false, {3, 4}), sample(1, true, {3, 4}), sample(3, false, {4})};
      });
}

}  // namespace tenon::ops
