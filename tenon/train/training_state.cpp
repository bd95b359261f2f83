#include <fmt/format.h>

#include <string>

#include "tenon/train/training_state_internal.h"

namespace tenon::train {
namespace {

/// Calls `visit(name, member)` for every floating member that is kept.
template <class Epoch, class Visit>
void visit_numbers(Epoch& epoch, Visit&& visit) {
  visit("train_loss", epoch.train_loss);
  visit("train_accuracy", epoch.train_accuracy);
  visit("validation_loss", epoch.validation_loss);
  visit("validation_accuracy", epoch.validation_accuracy);
  visit("learning_rate", epoch.learning_rate);
  visit("seconds", epoch.seconds);
}

}  // namespace

void save_epochs(Checkpoint& checkpoint, const std::vector<EpochResult>& epochs) {
  checkpoint.set_int("epochs.count", static_cast<int64_t>(epochs.size()));
  for (size_t i = 0; i < epochs.size(); ++i) {
    const std::string prefix = fmt::format("epochs.{}.", i);
    visit_numbers(epochs[i], [&](const char* name, double value) {
      checkpoint.set_double(prefix + name, value);
    });
    checkpoint.set_int(prefix + "epoch", epochs[i].epoch);
    checkpoint.set_int(prefix + "samples", epochs[i].samples);
  }
}

std::vector<EpochResult> load_epochs(const Checkpoint& checkpoint) {
  std::vector<EpochResult> epochs;
  const int64_t count = checkpoint.get_int("epochs.count");
  for (int64_t i = 0; i < count; ++i) {
    const std::string prefix = fmt::format("epochs.{}.", i);
    EpochResult epoch;
    visit_numbers(epoch, [&](const char* name, double& value) {
      value = checkpoint.get_double(prefix + name);
    });
    epoch.epoch = checkpoint.get_int(prefix + "epoch");
    epoch.samples = checkpoint.get_int(prefix + "samples");
    epochs.push_back(epoch);
  }
  return epochs;
}

}  // namespace tenon::train
