#pragma once

// Sorting by the bits of keys, from the lowest byte to the highest: each pass deals all items out
// by one byte, in the order that they have, so that equal keys keep theirs.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {

/// Unsigned numbers in the order of `less`: zeros of both signs are one number, and all NaNs.
template <class K>
auto order_bits(K key) {
  if constexpr (std::is_same_v<K, bool>) {
    return static_cast<uint8_t>(key);
  } else if constexpr (std::is_floating_point_v<K>) {
    using U = std::conditional_t<sizeof(K) == 4, uint32_t, uint64_t>;
    constexpr U kSign = U{1} << (8 * sizeof(K) - 1);
    if (std::isnan(key)) return std::numeric_limits<U>::max();
    const U bits = std::bit_cast<U>(key + K(0));  // -0 + 0 is 0
    return static_cast<U>((bits & kSign) != 0 ? ~bits : bits | kSign);
  } else {
    using U = std::make_unsigned_t<K>;
    constexpr U kSign = std::is_signed_v<K> ? U(U{1} << (8 * sizeof(K) - 1)) : U(0);
    return static_cast<U>(static_cast<U>(key) ^ kSign);
  }
}

/// A key of 32 bits at most and its place, in the order of both.
struct NarrowItem {
  uint64_t bits;

  static NarrowItem of(uint64_t key, int64_t place) {
    return {key << 32 | static_cast<uint64_t>(place)};
  }
  int64_t place() const { return static_cast<int64_t>(bits & 0xFFFFFFFFu); }
  unsigned byte(int number) const { return bits >> (32 + 8 * number) & 0xFF; }
  bool operator<(const NarrowItem& other) const { return bits < other.bits; }
};

/// A key of any width.
struct WideItem {
  uint64_t key;
  int64_t at;

  static WideItem of(uint64_t key, int64_t place) { return {key, place}; }
  int64_t place() const { return at; }
  unsigned byte(int number) const { return key >> (8 * number) & 0xFF; }
  bool operator<(const WideItem& other) const {
    return key < other.key || (key == other.key && at < other.at);
  }
};

/// Calls `visitor` with an item for keys U of rows of `size` elements.
template <class U, class Visitor>
void visit_item(int64_t size, Visitor&& visitor) {
  if constexpr (sizeof(U) <= 4) {
    if (size <= int64_t{std::numeric_limits<uint32_t>::max()}) return visitor(NarrowItem{});
  }
  visitor(WideItem{});
}

/// Items of a row, uninitialised memory of the allocator.
template <class I>
class ItemMemory {
 public:
  explicit ItemMemory(int64_t count)
      : memory_(new_tensor({count * static_cast<int64_t>(sizeof(I) / 8)}, kInt64)) {}
  I* data() const { return static_cast<I*>(memory_.impl()->data()); }

 private:
  Tensor memory_;
};

/// How many items of each piece go where by one byte; then, where the next of them goes.
template <class I>
class RadixPass {
 public:
  RadixPass(const I* items, int64_t count, int number)
      : items_(items), count_(count), number_(number) {
    places_.resize(static_cast<size_t>((count + kPiece - 1) / kPiece));
    parallel_for(count, kPiece, [&](int64_t begin, int64_t end) {
      Places& places = places_[static_cast<size_t>(begin / kPiece)];
      for (int64_t i = begin; i < end; ++i) ++places[items_[i].byte(number_)];
    });
  }
  /// Whether there is nothing to do: all items have the same byte.
  bool is_idle() const {
    const unsigned byte = items_[0].byte(number_);
    int64_t same = 0;
    for (const Places& places : places_) same += places[byte];
    return same == count_;
  }
  void deal(I* to) {
    int64_t next = 0;
    for (size_t byte = 0; byte < 256; ++byte) {
      for (Places& places : places_) next += std::exchange(places[byte], next);
    }
    parallel_for(count_, kPiece, [&](int64_t begin, int64_t end) {
      Places& places = places_[static_cast<size_t>(begin / kPiece)];
      for (int64_t i = begin; i < end; ++i) to[places[items_[i].byte(number_)]++] = items_[i];
    });
  }

 private:
  using Places = std::array<int64_t, 256>;
  static constexpr int64_t kPiece = int64_t{1} << 16;

  const I* items_;
  int64_t count_;
  int number_;
  std::vector<Places> places_;
};

/// Sorts items whose keys have `bytes` bytes and whose places ascend; returns where the result
/// lies, `items` or `spare`.
template <class I>
I* sort_items(I* items, I* spare, int64_t count, int bytes) {
  constexpr int64_t kFew = 256;  // counting bytes isn't worth it
  if (count <= kFew) {
    std::sort(items, items + count);
    return items;
  }
  for (int number = 0; number < bytes; ++number) {
    RadixPass<I> pass(items, count, number);
    if (pass.is_idle()) continue;
    pass.deal(spare);
    std::swap(items, spare);
  }
  return items;
}

}  // namespace tenon::cpu
