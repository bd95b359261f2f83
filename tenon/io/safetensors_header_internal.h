#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tenon/io/safetensors.h"

namespace tenon {

/// Reads and checks everything about a safetensors file except the values of its tensors. `file` is
/// the whole file, `path` its name for the errors. Touches the header's bytes only. Throws IoError.
SafetensorsListing parse_safetensors(std::string_view call, const std::string& path,
                                     std::span<const std::byte> file);

/// The 8 bytes of length and the header, padded so that data starts at a multiple of 64. `tensors`
/// are written in their order, with offsets from the start of the data. Throws ValueError on names
/// that the format can't hold.
std::string make_safetensors_header(const std::vector<TensorEntry>& tensors,
                                    const Metadata& metadata);

/// "F32" for float32. Throws DTypeError for complex128, which the format doesn't have.
std::string_view safetensors_name(DType dtype);

}  // namespace tenon
