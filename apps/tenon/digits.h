#pragma once

#include <string>

#include "tenon/data/dataset.h"
#include "tenon/io/safetensors.h"
#include "tenon/models/digits_cnn.h"

namespace tenon::app {

/// The digits of a folder of IDX files, or drawn ones where `folder` is empty.
data::TrainAndTest load_digits(const std::string& folder);

/// The network of a weights file that `tenon train digits` wrote, in eval mode. Throws IoError or
/// ValueError where the file holds something else.
models::DigitsCNN load_network(const std::string& path);

/// What the weights file says of itself.
Metadata network_metadata();

}  // namespace tenon::app
