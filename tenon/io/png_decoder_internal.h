#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tenon {

/// Reads PNG from bytes without trusting them. `path` names the file in errors.
class PngDecoder {
 public:
  /// Reads the header. Throws IoError.
  PngDecoder(std::string path, std::span<const std::byte> file);
  ~PngDecoder();

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  /// 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha.
  int64_t channels() const { return channels_; }
  /// Writes height * width * channels samples, row-major. Called once. Throws IoError.
  void read_samples(uint8_t* destination);

 private:
  struct State;

  [[noreturn]] void refuse(const std::string& message) const;

  std::string path_;
  std::unique_ptr<State> state_;
  int64_t height_ = 0, width_ = 0, channels_ = 0;
};

}  // namespace tenon
