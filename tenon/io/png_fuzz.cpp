#include <zlib.h>

#include <vector>

#include "tenon/base/error.h"
#include "tenon/io/png_decoder_internal.h"

namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kLengthBytes = 4;
constexpr size_t kKindBytes = 4;
constexpr size_t kChecksumBytes = 4;

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

/// Makes the checksum of every whole chunk right: else nearly every mutation would be refused by
/// its checksum, and what lies behind would go untried.
void mend_checksums(std::vector<uint8_t>& file) {
  size_t at = kSignatureBytes;
  while (at + kLengthBytes + kKindBytes + kChecksumBytes <= file.size()) {
    const size_t length = big_endian(file.data() + at);
    const size_t body = at + kLengthBytes;
    if (length > file.size() - body - kKindBytes - kChecksumBytes) return;
    const size_t end = body + kKindBytes + length;
    const auto sum = crc32(0, file.data() + body, static_cast<uInt>(kKindBytes + length));
    for (size_t i = 0; i < kChecksumBytes; ++i) {
      file[end + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    }
    at = end + kChecksumBytes;
  }
}

}  // namespace

/// Any bytes either are a PNG image or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> file(data, data + size);
  mend_checksums(file);
  try {
    tenon::PngDecoder decoder("fuzz", std::as_bytes(std::span(file)));
    std::vector<uint8_t> samples(
        static_cast<size_t>(decoder.height() * decoder.width() * decoder.channels()));
    decoder.read_samples(samples.data());
  } catch (const tenon::IoError&) {
  }
  return 0;
}
