#include "apps/tenon/digits.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/data/digits.h"

namespace tenon::app {
namespace {

// The drawn digits are the same for every training seed, so that results can be compared.
constexpr int64_t kDrawnToTrain = 8000, kDrawnToTest = 2000;
constexpr uint64_t kDrawnSeed = 2026;

constexpr const char* kModelKey = "tenon.model";
constexpr const char* kModelName = "digits_cnn";

}  // namespace

data::TrainAndTest load_digits(const std::string& folder) {
  if (!folder.empty()) return data::read_digit_sets(folder);
  return data::draw_digit_sets(kDrawnToTrain, kDrawnToTest, kDrawnSeed);
}

Metadata network_metadata() { return {{kModelKey, kModelName}}; }

models::DigitsCNN load_network(const std::string& path) {
  Metadata metadata;
  const StateDict state = load(path, metadata);
  const auto found = metadata.find(kModelKey);
  if (found != metadata.end() && found->second != kModelName) {
    fail<ValueError>("load_network", fmt::format("{} holds the model '{}'; expected '{}', as "
                                                 "`tenon train digits` writes it",
                                                 path, found->second, kModelName));
  }
  models::DigitsCNN model;
  model.load_state_dict(state);
  model.eval();
  return model;
}

}  // namespace tenon::app
