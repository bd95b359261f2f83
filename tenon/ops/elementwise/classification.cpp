#include <limits>

#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Sample> special_samples() {
  std::vector<Sample> samples = unary_samples();
  for (Sample& sample : samples) {
    const Tensor& x = sample.inputs[0];
    x.data<double>()[0] = std::numeric_limits<double>::quiet_NaN();
    if (x.numel() > 2) {
      x.data<double>()[1] = std::numeric_limits<double>::infinity();
      x.data<double>()[2] = -std::numeric_limits<double>::infinity();
    }
  }
  return not_differentiable(std::move(samples));
}

}  // namespace

void define_isnan(OpDef& op) {
  op.doc("Whether the element is not a number, as bool.")
      .accepts(kRealSet | kBoolSet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isnan(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isinf(OpDef& op) {
  op.doc("Whether the element is inf or -inf, as bool.")
      .accepts(kRealSet | kBoolSet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isinf(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isfinite(OpDef& op) {
  op.doc("Whether the element is neither NaN nor infinite, as bool.")
      .accepts(kRealSet | kBoolSet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isfinite(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

}  // namespace tenon::ops
