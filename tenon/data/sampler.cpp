#include "tenon/data/sampler.h"

#include <array>
#include <cstddef>
#include <numeric>
#include <utility>

#include "tenon/core/philox.h"

namespace tenon::data {

std::vector<int64_t> shuffled_indices(int64_t count, uint64_t seed, int64_t epoch) {
  constexpr uint32_t kStream = 1;  // apart from what random ops draw with the same seed
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  std::array<uint32_t, 4> numbers{};
  for (uint64_t i = 0; i + 1 < indices.size(); ++i) {
    if (i % 2 == 0) numbers = philox_block(seed, static_cast<uint64_t>(epoch), kStream, i / 2);
    const uint64_t random = uint64_t{numbers[2 * (i % 2) + 1]} << 32 | numbers[2 * (i % 2)];
    const uint64_t left = indices.size() - i;
    const auto pick = static_cast<uint64_t>(static_cast<unsigned __int128>(random) * left >> 64);
    std::swap(indices[i], indices[i + pick]);
  }
  return indices;
}

}  // namespace tenon::data
