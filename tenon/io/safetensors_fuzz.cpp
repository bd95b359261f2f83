#include "tenon/base/error.h"
#include "tenon/io/safetensors_header_internal.h"

/// Any bytes either are a safetensors file whose tensors cover the data exactly, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto listing =
        tenon::parse_safetensors("load", "fuzz", std::as_bytes(std::span(data, size)));
    uint64_t covered = 0;
    for (const tenon::TensorEntry& entry : listing.tensors) {
      covered += entry.bytes;
      if (entry.offset > size || entry.bytes > size - entry.offset) __builtin_trap();
    }
    if (covered > size) __builtin_trap();
  } catch (const tenon::IoError&) {
  }
  return 0;
}
