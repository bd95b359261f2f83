#include "tenon/base/error.h"
#include "tenon/io/checkpoint_values_internal.h"
#include "tenon/io/safetensors_header_internal.h"

/// Any bytes either are a checkpoint, whose values come back when written anew, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto listing =
        tenon::parse_safetensors("Checkpoint::load", "fuzz", std::as_bytes(std::span(data, size)));
    const auto values = tenon::decode_checkpoint_values("fuzz", listing.metadata);
    const auto again =
        tenon::decode_checkpoint_values("fuzz", tenon::encode_checkpoint_values(values));
    if (again.size() != values.size()) __builtin_trap();
  } catch (const tenon::IoError&) {
  }
  return 0;
}
