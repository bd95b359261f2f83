// Copies of a tensor side by side: repeat, tile.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_repeat(OpDef& op) {
  op.doc(
        "`x` repeated repeats[i] times along each dim; more repeats than dims add dims in front. "
        "ShapeError with fewer (tile takes them).")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList repeats) -> Tensor {
        if (repeats.size() < x.sizes().size()) {
          fail<ShapeError>("repeat",
                           fmt::format("{} repeats for a tensor of sizes {}; give one per "
                                       "dim, or use tile()",
                                       repeats.size(), to_string(x.sizes())));
        }
        // Each dim as (repeat, size): expanded along the first, then the two become one.
        const size_t added = repeats.size() - x.sizes().size();
        Shape apart, expanded, merged;
        for (size_t i = 0; i < repeats.size(); ++i) {
          const int64_t size = i < added ? 1 : x.sizes()[i - added];
          if (repeats[i] < 0) {
            fail<ValueError>("repeat", fmt::format("expected repeats of at least 0, got {}",
                                                   to_string(repeats)));
          }
          apart.push_back(1);
          apart.push_back(size);
          expanded.push_back(repeats[i]);
          expanded.push_back(size);
          merged.push_back(count_elements("repeat", {repeats[i], size}));
        }
        return reshape(clone(expand(reshape(x, apart), expanded)), merged);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {Attribute(Shape{2, 2})}},
                {{sample_tensor({3})}, {Attribute(Shape{2, 1})}}};
      });
}

void define_tile(OpDef& op) {
  op.doc("As repeat; with fewer repeats than dims, the first dims are repeated once.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList repeats) -> Tensor {
        Shape full(repeats);
        while (full.size() < x.sizes().size()) full.insert(0, 1);
        return repeat(x, full);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {Attribute(Shape{2})}},
                {{sample_tensor({2})}, {Attribute(Shape{2, 2})}}};
      });
}

}  // namespace tenon::ops
