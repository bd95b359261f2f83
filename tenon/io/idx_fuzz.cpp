#include <vector>

#include "tenon/base/error.h"
#include "tenon/io/idx_decoder_internal.h"

/// Any bytes, plain or gzipped, either are an IDX file or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    tenon::IdxDecoder decoder("fuzz", std::as_bytes(std::span(data, size)));
    std::vector<char> elements(decoder.bytes());
    decoder.read_elements(elements.data());
  } catch (const tenon::IoError&) {
  }
  return 0;
}
