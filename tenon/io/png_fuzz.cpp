#include <vector>

#include "tenon/base/error.h"
#include "tenon/io/png_decoder_internal.h"

/// Any bytes either are a PNG image or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    tenon::PngDecoder decoder("fuzz", std::as_bytes(std::span(data, size)));
    std::vector<uint8_t> samples(
        static_cast<size_t>(decoder.height() * decoder.width() * decoder.channels()));
    decoder.read_samples(samples.data());
  } catch (const tenon::IoError&) {
  }
  return 0;
}
