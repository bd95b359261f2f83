#include "tenon/backends/cpu/tile/jit/code_cache.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "tenon/backends/cpu/tile/jit/generator.h"
#include "tenon/base/fork_safe_mutex.h"
#include "tenon/tile/machine_code.h"
#include "tenon/tile/machine_code_internal.h"

namespace tenon::cpu::jit {

using tile::MachineCodeMode;

/// Owned by the cache and by the plans that run it. All but `used` is guarded by `mutex`.
class CodeEntry {
 public:
  explicit CodeEntry(PassForm form) : form(std::move(form)) {}

  const PassForm form;
  ForkSafeMutex mutex;
  std::shared_ptr<const CodeMemory> code;
  double heat = 0;                ///< nanoseconds of interpretation
  bool settled = false;           ///< being compiled by a thread, or refused for good
  std::atomic<uint64_t> used{0};  ///< a tick of the cache: when it last ran
};

namespace {

constexpr double kCompileNanoseconds = 200'000;
constexpr size_t kMostEntries = 4096;  // half a KiB each

class Cache {
 public:
  static Cache& instance() {
    static Cache* cache = new Cache;  // plans of threads that outlive main may still use it
    return *cache;
  }

  std::shared_ptr<CodeEntry> find(const PassForm& form) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= kMostEntries) forget_unused();
    std::shared_ptr<CodeEntry>& entry = entries_[form.key()];
    if (entry == nullptr) entry = std::make_shared<CodeEntry>(form);
    return entry;
  }

  uint64_t tick() { return ticks_.fetch_add(1, std::memory_order_relaxed) + 1; }

  /// Takes new code in, and drops what there is no room for.
  void put(CodeEntry& entry, std::shared_ptr<const CodeMemory> code) {
    const std::lock_guard lock(mutex_);
    bytes_ += code->bytes();
    {
      const std::lock_guard entry_lock(entry.mutex);
      entry.code = std::move(code);
      entry.settled = false;
    }
    evict(&entry);
  }

  void set_most(size_t bytes) {
    const std::lock_guard lock(mutex_);
    most_ = bytes;
    evict(nullptr);
  }

 private:
  /// Least lately used first, down to the limit; `newest` stays. Threads that run a code keep it
  /// alive to the end of their run.
  void evict(const CodeEntry* newest) {
    while (bytes_ > most_) {
      CodeEntry* oldest = nullptr;
      for (const auto& [key, entry] : entries_) {
        if (entry.get() == newest || !has_code(*entry)) continue;
        if (oldest == nullptr || entry->used < oldest->used) oldest = entry.get();
      }
      if (oldest == nullptr) return;
      drop(*oldest);
      ++tile::machine_code_counters().evicted;
    }
  }

  static bool has_code(CodeEntry& entry) {
    const std::lock_guard lock(entry.mutex);
    return entry.code != nullptr;
  }

  void drop(CodeEntry& entry) {
    const std::lock_guard lock(entry.mutex);
    if (entry.code == nullptr) return;
    bytes_ -= entry.code->bytes();
    entry.code = nullptr;
    entry.heat = 0;
  }

  /// Entries that no plan has any more.
  void forget_unused() {
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (it->second.use_count() > 1) {
        ++it;
        continue;
      }
      drop(*it->second);
      it = entries_.erase(it);
    }
  }

  ForkSafeMutex mutex_;
  std::map<std::vector<uint32_t>, std::shared_ptr<CodeEntry>> entries_;
  size_t bytes_ = 0;
  size_t most_ = kMostCodeBytes;
  std::atomic<uint64_t> ticks_{0};
};

/// Makes the entry's code, which nobody else is doing at the moment.
std::shared_ptr<const CodeMemory> compile(CodeEntry& entry) {
  using Clock = std::chrono::steady_clock;
  tile::MachineCodeCounters& counters = tile::machine_code_counters();
  const auto start = Clock::now();
  std::shared_ptr<const CodeMemory> code = generate(entry.form);
  if (code == nullptr) {
    ++counters.refused;
    return nullptr;
  }
  counters.nanoseconds += std::chrono::nanoseconds(Clock::now() - start).count();
  ++counters.compiled;
  Cache::instance().put(entry, code);
  return code;
}

}  // namespace

std::shared_ptr<CodeEntry> find_entry(const PassForm& form) { return Cache::instance().find(form); }

std::shared_ptr<const CodeMemory> code_for_run(CodeEntry& entry, double nanoseconds) {
  const MachineCodeMode mode = tile::machine_code();
  if (mode == MachineCodeMode::kOff) return nullptr;
  entry.used.store(Cache::instance().tick(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(entry.mutex);
    if (entry.code != nullptr) return entry.code;
    entry.heat += nanoseconds;
    const bool cold = mode == MachineCodeMode::kHot && entry.heat < kCompileNanoseconds;
    if (cold || entry.settled) return nullptr;
    entry.settled = true;
  }
  return compile(entry);
}

void set_most_code_bytes(size_t bytes) { Cache::instance().set_most(bytes); }

}  // namespace tenon::cpu::jit
