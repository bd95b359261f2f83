#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias) {
  if (x.dim() < 2) {
    fail<ShapeError>("group_norm",
                     fmt::format("expected an input of [N, C, ...], got {}", to_string(x.sizes())));
  }
  const int64_t channels = x.size(1);
  if (groups <= 0 || channels % groups != 0) {
    fail<ValueError>("group_norm", fmt::format("expected num_groups that divides the {} channels "
                                               "of {}, got {}",
                                               channels, to_string(x.sizes()), groups));
  }
  for (const Tensor* parameter : {&weight, &bias}) {
    if (!parameter->defined() || (parameter->dim() == 1 && parameter->size(0) == channels))
      continue;
    fail<ShapeError>("group_norm", fmt::format("expected a weight and bias of [{}], one number a "
                                               "channel, got {}",
                                               channels, to_string(parameter->sizes())));
  }
}

}  // namespace

void define_group_norm(OpDef& op) {
  op.doc(
        "Group normalisation (Wu and He 2018) of [N, C, ...]: each sample's channels, in "
        "`num_groups` groups, brought to mean 0 and variance 1 over the group's channels and all "
        "later dims, then scaled and shifted per channel: y = (x - mean) / sqrt(variance + eps) "
        "weight + bias. `weight` and `bias` are [C]. A ValueError where num_groups doesn't divide "
        "C, a ShapeError where sizes don't match.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                  double eps) -> Tensor {
        check_group_norm(x, groups, weight, bias);
        const int64_t members = x.size(1) / groups;
        // [N, G, C / G, ...], where a row is all but the first two dims.
        Shape grouped = {x.size(0), groups, members};
        Shape parameter = {1, groups, members};
        Shape dims = {2};
        for (int64_t i = 2; i < x.dim(); ++i) {
          grouped.push_back(x.size(i));
          parameter.push_back(1);
          dims.push_back(i + 1);
        }
        const auto wide = [&](const Tensor& p) { return p.defined() ? reshape(p, parameter) : p; };
        auto [y, mean, rstd] =
            standardize(reshape(x, grouped), wide(weight), wide(bias), dims, eps);
        return reshape(y, x.sizes());
      })
      .samples([] {
        const Attribute groups(int64_t{2}), eps(1e-5);
        return std::vector<Sample>{
            {{sample_tensor({3, 4, 2}), sample_tensor({4}, 0.5, 1.5, 2),
              sample_tensor({4}, -1, 1, 3)},
             {groups, eps}},
            {{sample_tensor({2, 6}), Tensor(), Tensor()}, {groups, eps}},
            {{sample_tensor({2, 4, 2, 2}), sample_tensor({4}, 0.5, 1.5, 2), Tensor()},
             {groups, eps}}};
      });
}

}  // namespace tenon::ops
