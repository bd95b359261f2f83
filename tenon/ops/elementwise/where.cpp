#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_where(OpDef& op) {
  op.doc(
        "`a` where `condition`, else `b`. All three broadcast. `condition` is bool; a DTypeError "
        "otherwise.")
      .accepts(kAnySet)
      .variant([](const Tensor& condition, const Tensor&, const Tensor&) {
        if (condition.dtype() != kBool) {
          fail<DTypeError>("where",
                           fmt::format("expected a bool condition, got {}; compare it with a "
                                       "number, for example ne(x, 0)",
                                       name_of(condition.dtype())));
        }
        return 0;
      })
      .tile([](TileBuilder& t) { t.store(0, t.select(t.load(0), t.load(1), t.load(2))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& condition = saved.input(0);
        return {Tensor(), saved.needs(1) ? where(condition, dy, 0) : Tensor(),
                saved.needs(2) ? where(condition, 0, dy) : Tensor()};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples();
        const Shape conditions[] = {{3, 4}, {3, 4}, {2, 4, 3}, {5}, {}};
        for (size_t i = 0; i < samples.size(); ++i) {
          auto& inputs = samples[i].inputs;
          inputs.insert(inputs.begin(), sample_mask(conditions[i]));
        }
        return samples;
      });
}

}  // namespace tenon::ops
