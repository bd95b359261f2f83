#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/core/promotion.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/loss/reduction_internal.h"
#include "tenon/ops/samples.h"

namespace tenon::ops {

Reduction reduction_of(std::string_view call, std::string_view text) {
  if (text == "none") return kNone;
  if (text == "mean") return kMean;
  if (text == "sum") return kSum;
  fail<ValueError>(
      call, fmt::format("expected reduction=\"none\", \"mean\" or \"sum\", got \"{}\"", text));
}

Spec elementwise_loss_spec(const Call& call) {
  Shape space = call.input(0).sizes();
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    if (!call.has(i)) continue;
    space = broadcast_shapes(call.op.name, space, call.input(i).sizes());
  }
  const bool reduces = reduction_of(call.op.name, call.get<std::string_view>(0)) != kNone;
  return {result_type(call.inputs), reduces ? Shape() : space};
}

uint64_t elementwise_loss_rows(const Call& call, const Shape&) {
  return reduction_of(call.op.name, call.get<std::string_view>(0)) == kNone ? 0 : ~uint64_t{0};
}

void store_reduced(tile::TileBuilder& t, tile::Value loss, int reduction) {
  if (reduction != kNone) loss = t.row_sum(loss);
  if (reduction == kMean) loss = t.div(loss, t.row_length());
  t.store(0, loss);
}

Shape loss_sizes(const Saved& saved) {
  Shape space = saved.input_sizes(0);
  for (size_t i = 1; i < saved.input_specs.size(); ++i) {
    space = broadcast_shapes(saved.op.name, space, saved.input_sizes(i));
  }
  return space;
}

double gradient_scale(const Saved& saved, std::string_view reduction) {
  if (reduction != "mean") return 1;
  return 1.0 / static_cast<double>(count_elements(saved.op.name, loss_sizes(saved)));
}

Tensor reduce_loss(const Tensor& loss, Reduction reduction) {
  return reduction == kMean ? mean(loss) : reduction == kSum ? sum(loss) : loss;
}

std::vector<Sample> loss_samples(double low, double high, std::vector<Attribute> rest,
                                 double target_low, double target_high) {
  std::vector<Sample> samples;
  for (const char* reduction : {"none", "mean", "sum"}) {
    for (const Shape& target : {Shape{3, 4}, Shape{4}}) {
      std::vector<Attribute> attributes = {Attribute(reduction)};
      attributes.insert(attributes.end(), rest.begin(), rest.end());
      samples.push_back(
          {{sample_tensor({3, 4}, low, high), sample_tensor(target, target_low, target_high, 2)},
           attributes});
    }
  }
  return samples;
}

}  // namespace tenon::ops
