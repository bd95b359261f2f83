#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tenon/base/intrusive.h"
#include "tenon/core/tensor.h"

namespace tenon {

/// The bytes of a file, mapped privately: pages are read when touched, and writing to them never
/// changes the file. Shared by reference count.
struct MappedFile {
  ReferenceCount references;
  std::byte* data = nullptr;
  size_t bytes = 0;

  /// Throws IoError, naming `call`, where the path is no readable regular file.
  static Intrusive<MappedFile> open(const std::string& path, std::string_view call);
  static void destroy(MappedFile* file);
  std::span<const std::byte> span() const { return {data, bytes}; }
};

/// A tensor over `offset` ... of the mapping, which lives as long as it does. The data must be
/// aligned to the element size and lie within the mapping.
Tensor tensor_over(const Intrusive<MappedFile>& file, size_t offset, IntList sizes, DType dtype);

}  // namespace tenon
