#pragma once

#include <cstdint>
#include <vector>

#include "tenon/core/storage.h"

namespace tenon::graph {

/// The slots of storages that were there before the stream: an open-addressing table that is
/// emptied by forgetting its age, as that happens at every flush.
class Externals {
 public:
  static constexpr uint32_t kUnknown = ~uint32_t{0};

  Externals() : entries_(64) {}

  uint32_t find(const Storage* storage) const {
    for (size_t i = place_of(storage);; i = (i + 1) & (entries_.size() - 1)) {
      const Entry& entry = entries_[i];
      if (entry.age != age_) return kUnknown;
      if (entry.storage == storage) return entry.slot;
    }
  }
  /// Of one that isn't known yet.
  void add(const Storage* storage, uint32_t slot) {
    if (2 * ++count_ > entries_.size()) grow();
    insert({storage, slot, age_});
  }
  void clear() {
    count_ = 0;
    if (++age_ != 0) return;
    entries_.assign(entries_.size(), {});  // ages come round once in 2^32
    age_ = 1;
  }

 private:
  struct Entry {
    const Storage* storage = nullptr;
    uint32_t slot = 0;
    uint32_t age = 0;  ///< of the table when it was added; others are free places
  };

  size_t place_of(const Storage* storage) const {
    const auto bits = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(storage));
    return (bits * 0x9e3779b97f4a7c15u >> 32) & (entries_.size() - 1);
  }
  void insert(const Entry& added) {
    size_t i = place_of(added.storage);
    while (entries_[i].age == age_) i = (i + 1) & (entries_.size() - 1);
    entries_[i] = added;
  }
  void grow() {
    std::vector<Entry> old(2 * entries_.size());
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.age == age_) insert(entry);
    }
  }

  std::vector<Entry> entries_;
  size_t count_ = 0;
  uint32_t age_ = 1;
};

}  // namespace tenon::graph
