#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tenon/io/checkpoint.h"

namespace tenon {

using CheckpointValues = std::map<std::string, Checkpoint::Value, std::less<>>;

/// The metadata that carries the values: kind and text, floating values in hexadecimal.
Metadata encode_checkpoint_values(const CheckpointValues& values);
/// The inverse. Throws IoError that names `path`.
CheckpointValues decode_checkpoint_values(const std::string& path, const Metadata& metadata);

}  // namespace tenon
