#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "tenon/core/dtype.h"
#include "tenon/core/shape.h"

namespace tenon {

/// Reads IDX from bytes, plain or gzipped, without trusting them: sizes are checked against what
/// the file can hold before anybody allocates for them. `path` names the file in errors.
class IdxDecoder {
 public:
  /// Reads the header. Throws IoError.
  IdxDecoder(std::string path, std::span<const std::byte> file);
  ~IdxDecoder();

  DType dtype() const { return dtype_; }
  const Shape& sizes() const { return sizes_; }
  /// Of all elements.
  size_t bytes() const { return bytes_; }
  /// Writes the elements, row-major, in this machine's byte order; `destination` holds `bytes()`.
  /// Called once. Throws IoError where the file ends early or goes on afterwards.
  void read_elements(void* destination);

 private:
  class Source;
  class PlainSource;
  class GzipSource;

  void read_header();
  void read_exactly(void* destination, size_t bytes, const char* what);
  [[noreturn]] void refuse(const std::string& message) const;

  std::string path_;
  std::unique_ptr<Source> source_;
  size_t position_ = 0;  ///< in the unpacked bytes
  DType dtype_ = kUInt8;
  Shape sizes_;
  size_t bytes_ = 0;
};

}  // namespace tenon
