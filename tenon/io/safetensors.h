#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tenon/io/state_dict.h"

namespace tenon {

/// Free text that travels in a safetensors file beside the tensors.
using Metadata = std::map<std::string, std::string>;

/// Writes the tensors as a safetensors file (https://github.com/huggingface/safetensors), data
/// aligned to 64 bytes so that `load` can map it. The file appears whole or not at all: it is
/// written beside `path`, synced and renamed. Throws IoError when the disk or folder refuses,
/// DTypeError for complex128 (the format has no such type), DeviceError for tensors without data.
TENON_API void save(const StateDict& tensors, const std::string& path,
                    const Metadata& metadata = {});

/// The tensors of a safetensors file, in the order of its header (the
/// order they were saved in). They are zero-copy views of a
/// private mapping: pages are read when touched, writing to the tensors never changes the file, and
/// replacing the file by renaming (as `save` does) never changes them. The mapping goes with the
/// last tensor. Data that isn't aligned to its element size is copied. Throws IoError that names
/// the path, the offset and what was expected on any file that the format doesn't allow.
TENON_API StateDict load(const std::string& path);
/// The same, and the metadata of the same version of the file, should it be replaced meanwhile.
TENON_API StateDict load(const std::string& path, Metadata& metadata);

/// The file's metadata, without touching its data. Throws IoError as `load`.
TENON_API Metadata load_metadata(const std::string& path);

/// What one tensor of a file is, and where in the file its data lies.
struct TensorEntry {
  std::string name;
  DType dtype;
  Shape sizes;
  uint64_t offset;  ///< of the first byte, from the start of the file
  uint64_t bytes;
};

/// What a safetensors file holds.
struct SafetensorsListing {
  std::vector<TensorEntry> tensors;  ///< in the order of the header
  Metadata metadata;
  uint64_t file_bytes = 0;
};

/// Reads and checks the header alone. Throws IoError as `load`.
TENON_API SafetensorsListing list_safetensors(const std::string& path);

}  // namespace tenon
