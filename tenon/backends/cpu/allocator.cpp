#include "tenon/backends/cpu/allocator.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace tenon::cpu {
namespace {

// The address sanitizer knows of blocks, not of what they are lent for: it is told what of them a
// tensor may touch. `kGap` keeps a block's data apart from the next one's header.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kGap = 64;
void forbid(const void* data, size_t bytes) { __asan_poison_memory_region(data, bytes); }
void permit(const void* data, size_t bytes) { __asan_unpoison_memory_region(data, bytes); }
#else
constexpr size_t kGap = 0;
void forbid(const void*, size_t) {}
void permit(const void*, size_t) {}
#endif

// A block is a header (the Storage, padded to 64 bytes) followed by the data. Class `c` holds
// blocks of `class_bytes(c)`: four steps to each power of two, from 128 bytes.
constexpr size_t kHeader = 64;
static_assert(sizeof(Storage) <= kHeader);
constexpr size_t kSmallest = 128;
constexpr int kClasses = 4 * 48;
constexpr size_t kLargestSmall = size_t{32} << 10;
constexpr size_t kSlab = size_t{256} << 10;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kReportEvery = int64_t{64} << 10;

constexpr size_t class_bytes(int size_class) {
  const auto step = static_cast<unsigned>(size_class);
  const size_t base = kSmallest << (step / 4);
  return (base + base / 4 * (step % 4) + 63) & ~size_t{63};
}

constexpr int compute_class(size_t bytes) {
  if (bytes <= kSmallest) return 0;
  const int power = std::bit_width(bytes - 1) - std::bit_width(kSmallest);
  int size_class = std::max(0, 4 * power);
  while (class_bytes(size_class) < bytes) ++size_class;
  return size_class;
}

constexpr int kSmallClasses = compute_class(kLargestSmall) + 1;

/// Class of each number of 64-byte lines of a small block.
constexpr auto kClassOfLines = [] {
  std::array<uint8_t, kLargestSmall / 64 + 1> table{};
  for (size_t lines = 0; lines < table.size(); ++lines) {
    table[lines] = static_cast<uint8_t>(compute_class(lines * 64));
  }
  return table;
}();

/// class_bytes of each class of small blocks.
constexpr auto kBytesOfClass = [] {
  std::array<int64_t, kSmallClasses> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    table[c] = static_cast<int64_t>(class_bytes(static_cast<int>(c)));
  }
  return table;
}();

int class_of(size_t bytes) {
  return bytes <= kLargestSmall ? kClassOfLines[(bytes + 63) / 64] : compute_class(bytes);
}

/// Blocks of one class, linked through `next_free`.
struct FreeList {
  Storage* first = nullptr;

  void push(Storage* storage) {
    storage->next_free = first;
    first = storage;
  }
  Storage* pop() {
    Storage* storage = first;
    if (storage) first = storage->next_free;
    return storage;
  }
};

struct Counters {
  std::atomic<int64_t> allocated{0}, peak_allocated{0}, reserved{0}, peak_reserved{0}, count{0};
};

void raise_to(std::atomic<int64_t>& peak, int64_t value) {
  int64_t seen = peak.load(std::memory_order_relaxed);
  while (value > seen && !peak.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

class CpuAllocator;

/// What one thread holds: free small blocks, and counts not yet reported.
struct ThreadCache {
  explicit ThreadCache(CpuAllocator& owner);
  ~ThreadCache();

  CpuAllocator& owner;
  FreeList free[kSmallClasses];
  std::atomic<int64_t> allocated{0};  // written by this thread, read by stats()
  std::atomic<int64_t> count{0};
};

class CpuAllocator final : public Allocator {
 public:
  Storage* allocate(size_t bytes, Device) override {
    if (bytes <= kLargestSmall - kHeader - kGap && thread_cache_) [[likely]] {
      const size_t size_class = kClassOfLines[(bytes + kHeader + kGap + 63) / 64];
      if (Storage* storage = thread_cache_->free[size_class].pop()) [[likely]] {
        count_here(kBytesOfClass[size_class], 1);
        return made(storage, bytes);
      }
    }
    return allocate_slowly(bytes);
  }

  void release(Storage* storage) noexcept override {
    forbid(storage->data, storage->bytes);
    const auto size_class = reinterpret_cast<uintptr_t>(storage->owner_data);
    if (size_class < kSmallClasses && thread_cache_) [[likely]] {
      thread_cache_->free[size_class].push(storage);
      count_here(-kBytesOfClass[size_class], 0);
      return;
    }
    release_slowly(storage, static_cast<int>(size_class));
  }

  MemoryStats stats() const override {
    const std::lock_guard lock(mutex_);
    int64_t allocated = counters_.allocated, count = counters_.count;
    for (const ThreadCache* cache : caches_) {
      allocated += cache->allocated.load(std::memory_order_relaxed);
      count += cache->count.load(std::memory_order_relaxed);
    }
    MemoryStats stats;
    stats.allocated_bytes = allocated;
    stats.peak_allocated_bytes = std::max<int64_t>(counters_.peak_allocated, allocated);
    stats.reserved_bytes = counters_.reserved;
    stats.peak_reserved_bytes = counters_.peak_reserved;
    stats.allocation_count = count;
    return stats;
  }

  void reset_peak_stats() override {
    const int64_t allocated = stats().allocated_bytes;
    counters_.peak_allocated = allocated;
    counters_.peak_reserved = counters_.reserved.load();
  }

  void release_cached() override {
    const std::lock_guard lock(mutex_);
    for (int c = kSmallClasses; c < kClasses; ++c) {
      FreeList& free = free_[static_cast<size_t>(c)];
      while (Storage* storage = free.pop()) unmap(storage, class_bytes(c));
    }
  }

  void adopt(ThreadCache* cache) {
    const std::lock_guard lock(mutex_);
    caches_.push_back(cache);
  }
  void abandon(ThreadCache* cache) {
    const std::lock_guard lock(mutex_);
    for (size_t c = 0; c < kSmallClasses; ++c) {
      while (Storage* storage = cache->free[c].pop()) free_[c].push(storage);
    }
    counters_.allocated += cache->allocated;
    counters_.count += cache->count;
    std::erase(caches_, cache);
    thread_ended_ = true;
    thread_cache_ = nullptr;
  }

  /// In a forked child, which has none of them; their memory may be given to others. No lock is
  /// held, and there is nobody to wait for.
  void forget_other_threads() {
    for (const ThreadCache* cache : caches_) {
      if (cache == thread_cache_) continue;
      counters_.allocated += cache->allocated;
      counters_.count += cache->count;
    }
    std::erase_if(caches_, [](const ThreadCache* cache) { return cache != thread_cache_; });
  }

  size_t limit() const { return limit_; }

 private:
  ThreadCache& cache() {
    if (!thread_cache_) [[unlikely]] {
      thread_local ThreadCache instance(*this);
      thread_cache_ = &instance;
    }
    return *thread_cache_;
  }

  Storage* allocate_slowly(size_t bytes) {
    if (bytes > (size_t{1} << 52)) fail_out_of_memory(bytes);
    const int size_class = class_of(bytes + kHeader + kGap);
    Storage* storage =
        size_class < kSmallClasses ? take_small(size_class) : take_shared(size_class, bytes);
    count(static_cast<int64_t>(class_bytes(size_class)), 1);
    return made(storage, bytes);
  }

  void release_slowly(Storage* storage, int size_class) noexcept {
    count(-static_cast<int64_t>(class_bytes(size_class)), 0);
    if (size_class < kSmallClasses && !thread_ended_) {
      cache().free[size_class].push(storage);
    } else {
      const std::lock_guard lock(mutex_);
      free_[static_cast<size_t>(size_class)].push(storage);
    }
  }

  /// As a new one for its next user.
  static Storage* made(Storage* storage, size_t bytes) {
    storage->references.reset();
    storage->forget_writes();
    storage->lent.store(false, std::memory_order_relaxed);
    storage->saved.store(false, std::memory_order_relaxed);
    storage->bytes = bytes;
    permit(storage->data, bytes);
    return storage;
  }

  void count(int64_t bytes, int64_t allocations) {
    if (thread_ended_) {
      counters_.allocated += bytes;
      counters_.count += allocations;
      return;
    }
    cache();
    count_here(bytes, allocations);
  }

  /// In the thread's cache, which there is.
  void count_here(int64_t bytes, int64_t allocations) {
    ThreadCache& local = *thread_cache_;
    const int64_t pending = local.allocated.load(std::memory_order_relaxed) + bytes;
    local.count.store(local.count.load(std::memory_order_relaxed) + allocations,
                      std::memory_order_relaxed);
    if (pending < kReportEvery && pending > -kReportEvery) {
      local.allocated.store(pending, std::memory_order_relaxed);
      return;
    }
    local.allocated.store(0, std::memory_order_relaxed);
    raise_to(counters_.peak_allocated,
             counters_.allocated.fetch_add(pending, std::memory_order_relaxed) + pending);
  }

  Storage* place_header(void* block, int size_class) {
    auto* storage = new (block) Storage;
    storage->data = static_cast<char*>(block) + kHeader;
    storage->owner = this;
    storage->owner_data = reinterpret_cast<void*>(static_cast<intptr_t>(size_class));
    forbid(storage->data, class_bytes(size_class) - kHeader);
    return storage;
  }

  Storage* take_small(int size_class) {
    if (thread_ended_) return take_shared(size_class, class_bytes(size_class));
    FreeList& free = cache().free[size_class];
    if (!free.first) [[unlikely]] {
      refill(size_class, free);
    }
    return free.pop();
  }

  void refill(int size_class, FreeList& free) {
    {
      const std::lock_guard lock(mutex_);
      FreeList& shared = free_[static_cast<size_t>(size_class)];
      for (int i = 0; i < 16 && shared.first; ++i) free.push(shared.pop());
      if (free.first) return;
    }
    const size_t bytes = class_bytes(size_class);
    const size_t slab = std::max(bytes, std::min(kSlab, bytes * 32));
    char* memory = map(slab, slab);
    for (size_t at = 0; at + bytes <= slab; at += bytes) {
      free.push(place_header(memory + at, size_class));
    }
  }

  Storage* take_shared(int size_class, size_t wanted) {
    {
      const std::lock_guard lock(mutex_);
      if (Storage* storage = free_[static_cast<size_t>(size_class)].pop()) return storage;
    }
    return place_header(map(class_bytes(size_class), wanted), size_class);
  }

  char* map(size_t bytes, size_t wanted) {
    void* memory = try_map(bytes, wanted);
    if (!memory) {
      release_cached();
      memory = try_map(bytes, wanted);
    }
    if (!memory) fail_out_of_memory(wanted);
    const int64_t reserved =
        counters_.reserved.fetch_add(static_cast<int64_t>(bytes)) + static_cast<int64_t>(bytes);
    raise_to(counters_.peak_reserved, reserved);
    return static_cast<char*>(memory);
  }

  /// Huge pages for what is wanted only: one that begins near the end of that is resident as a
  /// whole, for a few of its bytes.
  void* try_map(size_t bytes, size_t wanted) {
    if (limit_ != 0 && static_cast<size_t>(counters_.reserved.load()) + bytes > limit_)
      return nullptr;
    const size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
    const size_t huge = wanted / kHugePage * kHugePage;
    if (memory && huge != 0) madvise(memory, huge, MADV_HUGEPAGE);
    return memory;
  }

  void unmap(Storage* storage, size_t bytes) {
    counters_.reserved -= static_cast<int64_t>(bytes);
    permit(storage->data, bytes - kHeader);
    std::free(storage);
  }

  [[noreturn]] void fail_out_of_memory(size_t bytes) {
    const MemoryStats now = stats();
    fail<OutOfMemoryError>(
        "allocate",
        fmt::format(
            "could not get {} bytes on 'cpu': tensors hold {} bytes, {} are reserved{}; use "
            "smaller batches or free tensors",
            bytes, now.allocated_bytes, now.reserved_bytes,
            limit_ ? fmt::format(", TENON_MEMORY_LIMIT is {}", limit_) : ""));
  }

  static size_t read_limit() {
    const char* text = std::getenv("TENON_MEMORY_LIMIT");
    return text ? std::strtoull(text, nullptr, 10) : 0;
  }

  inline static thread_local constinit ThreadCache* thread_cache_ = nullptr;
  inline static thread_local constinit bool thread_ended_ = false;

  mutable ForkSafeMutex mutex_;
  std::array<FreeList, kClasses> free_;
  std::vector<ThreadCache*> caches_;
  Counters counters_;
  size_t limit_ = read_limit();
};

ThreadCache::ThreadCache(CpuAllocator& o) : owner(o) { owner.adopt(this); }
ThreadCache::~ThreadCache() { owner.abandon(this); }

CpuAllocator& instance() {
  // Never destroyed: tensors may outlive static objects.
  static auto* const allocator = [] {
    pthread_atfork(nullptr, nullptr, [] { instance().forget_other_threads(); });
    return new CpuAllocator;
  }();
  return *allocator;
}

}  // namespace

Allocator& allocator() { return instance(); }
size_t memory_limit() { return instance().limit(); }

}  // namespace tenon::cpu
