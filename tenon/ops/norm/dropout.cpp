#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_dropout(OpDef& op) {
  op.doc(
        "When training, each element is 0 with probability `p` and x / (1 - p) else (Srivastava et "
        "al. 2014); otherwise `x` itself. The gradient draws the same numbers again: no mask is "
        "stored. A ValueError where `p` is not in [0, 1].")
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        if (!(p >= 0 && p <= 1)) {
          fail<ValueError>("dropout", fmt::format("expected a probability in [0, 1], got {}", p));
        }
        if (!training || p == 0) return x;
        Generator& source = generator ? *generator : default_generator();
        const uint64_t offset = source.advance(static_cast<uint64_t>(x.numel()));
        return dropout_from(x, p, static_cast<int64_t>(source.seed()),
                            static_cast<int64_t>(offset));
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3, 5})},
             {Attribute(0.5), Attribute(false), Attribute(static_cast<Generator*>(nullptr))}}};
      });
}

void define_dropout_from(OpDef& op) {
  op.doc("dropout with the random numbers of `seed` and `offset`; its own gradient.")
      .accepts(kFloatSet)
      .random_from(1, 2)
      .tile([](TileBuilder& t) {
        const Value p = t.scalar(0);
        const Value scale = t.reciprocal(t.sub(t.constant(1), p));
        const Value kept = t.ge(t.random_uniform(), p);
        t.store(0, t.select(kept, t.mul(t.load(0), scale), t.constant(0)));
      })
      .vjp([](const Saved&, const Tensor& dy, double p, int64_t seed, int64_t offset) -> Grads {
        return {dropout_from(dy, p, seed, offset)};
      })
      .of_complex([](const Tensor& x, double p, int64_t seed, int64_t offset) -> Tensor {
        return x * dropout_from(ones_like(real(x)), p, seed, offset);
      })
      .samples([] {
        return unary_samples(-2, 2,
                             {Attribute(0.4), Attribute(int64_t{3}), Attribute(int64_t{1000})});
      });
}

}  // namespace tenon::ops
