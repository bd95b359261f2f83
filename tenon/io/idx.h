#pragma once

#include <string>

#include "tenon/core/tensor.h"

namespace tenon {

/// Reads an IDX file, plain or gzipped (told apart by content): the format of the MNIST digits
/// (LeCun, Cortes, Burges, "The MNIST database"). The tensor has the file's sizes and its element
/// type: uint8, int8, int16, int32, float32 or float64. Throws IoError that names the path, the
/// offset, what was expected and what came on any file that the format doesn't allow.
TENON_API Tensor read_idx(const std::string& path);

/// Writes an IDX file, gzipped where `path` ends in ".gz"; it appears whole or not at all. Throws
/// DTypeError for other element types than `read_idx` gives, ShapeError for sizes from 2^32 or more
/// than 255 dims, ValueError for tensors that aren't contiguous host memory, IoError.
TENON_API void write_idx(const Tensor& tensor, const std::string& path);

}  // namespace tenon
