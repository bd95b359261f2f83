#include "tenon/ops/reduce/sum_to_size_internal.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

bool broadcasts_to(IntList sizes, IntList target) {
  if (sizes.size() > target.size()) return false;
  return std::equal(sizes.begin(), sizes.end(), target.end() - sizes.size(),
                    [](int64_t size, int64_t wanted) { return size == wanted || size == 1; });
}

Tensor summed_to(const Tensor& x, IntList sizes) {
  Shape dims;
  const size_t extra = x.sizes().size() - sizes.size();
  bool all_extra = true;
  for (size_t i = 0; i < x.sizes().size(); ++i) {
    const bool repeated = i >= extra && sizes[i - extra] == 1 && x.sizes()[i] != 1;
    if (i < extra || repeated) dims.push_back(static_cast<int64_t>(i));
    all_extra = all_extra && !repeated;
  }
  const Tensor result = sum(x, dims, !all_extra);
  return result.sizes() == Shape(sizes) ? result : reshape(result, sizes);
}

void define_sum_to_size(OpDef& op) {
  op.doc(
        "The sums of what broadcasting a tensor of `size` to the sizes of `x` repeats: the "
        "gradient of that broadcast. Where the sizes are those of `x`, a view of it. ShapeError "
        "where `size` doesn't broadcast to them.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, IntList size) -> Tensor {
        if (!broadcasts_to(size, x.sizes())) {
          fail<ShapeError>("sum_to_size", fmt::format("expected sizes that broadcast to {}, got {}",
                                                      to_string(x.sizes()), to_string(size)));
        }
        return x.sizes() == Shape(size) ? reshape(x, size) : summed_to(x, size);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](IntList sizes, IntList size) -> Sample {
          return {{sample_tensor(sizes)}, {Attribute(size)}};
        };
        return {of({2, 3}, {3}),    of({2, 3}, {2, 1}),       of({2, 3}, {1}),
                of({2, 3}, {2, 3}), of({2, 3, 4}, {1, 3, 1}), of({3}, {})};
      });
}

}  // namespace tenon::ops
