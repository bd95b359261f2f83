#include <limits>

#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/train/training_state_internal.h"

namespace tenon::train {

Tensor default_loss(const Tensor& output, const Tensor& target) {
  return cross_entropy(output, target);
}

Evaluation evaluate(nn::AnyModule model, data::DataLoader& loader, const LossFunction& loss) {
  const NoGrad no_grad;
  const ModeOf mode(model.get(), false);
  Metrics metrics;
  loader.set_state({});
  for (const auto& [input, target] : loader) {
    const Tensor output = model(input);
    const Tensor value = loss ? loss(output, target) : default_loss(output, target);
    metrics.add(value.item().to_double(), output, target);
  }
  return {.loss = metrics.loss(),
          .accuracy = metrics.has_accuracy() ? metrics.accuracy()
                                             : std::numeric_limits<double>::quiet_NaN(),
          .samples = metrics.samples()};
}

Tensor predict(nn::AnyModule model, data::DataLoader& loader) {
  const NoGrad no_grad;
  const ModeOf mode(model.get(), false);
  std::vector<Tensor> outputs;
  loader.set_state({});
  for (const auto& [input, target] : loader) outputs.push_back(model(input));
  if (outputs.empty()) fail<ValueError>("train::predict", "the loader has no examples");
  return cat(outputs, 0);
}

}  // namespace tenon::train
