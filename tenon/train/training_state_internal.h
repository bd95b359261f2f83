#pragma once

#include <vector>

#include "tenon/train/trainer.h"

namespace tenon::train {

/// The results of the epochs so far, in a checkpoint.
void save_epochs(Checkpoint& checkpoint, const std::vector<EpochResult>& epochs);
std::vector<EpochResult> load_epochs(const Checkpoint& checkpoint);

/// cross_entropy(output, target)
Tensor default_loss(const Tensor& output, const Tensor& target);

/// Sets a model's training flag for its life.
class ModeOf {
 public:
  ModeOf(nn::Module& model, bool training) : model_(model), previous_(model.is_training()) {
    model_.train(training);
  }
  ~ModeOf() { model_.train(previous_); }
  ModeOf(const ModeOf&) = delete;
  ModeOf& operator=(const ModeOf&) = delete;

 private:
  nn::Module& model_;
  bool previous_;
};

}  // namespace tenon::train
