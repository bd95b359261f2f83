#pragma once

#include <vector>

#include "tenon/train/trainer.h"

namespace tenon::train {

/// The results of the epochs so far, in a checkpoint.
void save_epochs(Checkpoint& checkpoint, const std::vector<EpochResult>& epochs);
std::vector<EpochResult> load_epochs(const Checkpoint& checkpoint);

}  // namespace tenon::train
