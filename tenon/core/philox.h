#pragma once

#include <array>
#include <cstdint>

namespace tenon {

/// Philox4x32-10: four 32-bit random numbers that depend on a 128-bit counter and a 64-bit key
/// alone. Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                                      std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// The four numbers of block `block` of a draw: elements 4 * block ... 4 * block + 3 of 32 bits, or
/// 2 * block and 2 * block + 1 of 64 bits (low word first). `stream` tells draws apart that share
/// seed and offset.
inline std::array<uint32_t, 4> philox_block(uint64_t seed, uint64_t offset, uint32_t stream,
                                            uint64_t block) {
  return philox(
      {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
       static_cast<uint32_t>(offset), static_cast<uint32_t>(offset >> 32) ^ (stream << 16)},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

}  // namespace tenon
