#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tenon/base/export.h"

namespace tenon {

/// Root of every exception that Tenon raises on purpose. The message reads
/// `[call] expected ..., got ...; what to do`.
class TENON_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  ~Error() override;
};

/// Sizes or ranks that don't fit together.
class TENON_API ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// An element type that the call doesn't accept.
class TENON_API DTypeError : public Error {
 public:
  using Error::Error;
  ~DTypeError() override;
};

/// An index or dimension outside its range.
class TENON_API IndexError : public Error {
 public:
  using Error::Error;
  ~IndexError() override;
};

/// An argument whose value makes no sense for the call.
class TENON_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// Tensors on devices that don't fit together, or a device that isn't there.
class TENON_API DeviceError : public Error {
 public:
  using Error::Error;
  ~DeviceError() override;
};

/// A file that can't be read, written, or trusted.
class TENON_API IoError : public Error {
 public:
  using Error::Error;
  ~IoError() override;
};

/// Memory that could not be had.
class TENON_API OutOfMemoryError : public Error {
 public:
  using Error::Error;
  ~OutOfMemoryError() override;
};

/// A gradient that can't be computed: a saved tensor was overwritten, a graph was freed, an op has
/// no gradient.
class TENON_API AutogradError : public Error {
 public:
  using Error::Error;
  ~AutogradError() override;
};

/// Throws `E` with the message `[call] message`.
template <class E>
[[noreturn]] void fail(std::string_view call, const std::string& message) {
  throw E("[" + std::string(call) + "] " + message);
}

}  // namespace tenon
