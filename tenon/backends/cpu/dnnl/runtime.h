#pragma once

#include <array>
#include <cstdint>
#include <dnnl.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenon/base/fork_safe_mutex.h"
#include "tenon/core/dtype.h"

/// What all oneDNN wrappers share. Every primitive is created for and run by one thread; the
/// wrappers cut the work into pieces by sizes alone and hand the pieces to `parallel_for`. So there
/// is one pool, `set_num_threads` governs it, no primitive depends on the number of threads, and
/// neither do the results.
namespace tenon::cpu {

/// While it lives, oneDNN uses the calling thread alone.
class OneDnnThread {
 public:
  OneDnnThread();
  ~OneDnnThread();
  OneDnnThread(const OneDnnThread&) = delete;
  OneDnnThread& operator=(const OneDnnThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& dnnl_engine();
/// Attributes of every primitive here: scratch memory comes from us.
dnnl::primitive_attr dnnl_attributes();
dnnl::memory::data_type dnnl_type(DType dtype);
/// Whether oneDNN has 512-bit vectors to work with; some of its weak spots are those of AVX2 alone.
bool has_wide_vectors();
/// Whether it has a matrix unit (AMX) for bfloat16.
bool has_matrix_unit();
/// Whether the implementation is oneDNN's unoptimised reference.
bool is_reference(const char* implementation);

/// Turns the exception in flight, a dnnl::error, into OutOfMemoryError or Error.
[[noreturn]] void rethrow_dnnl_error(const char* call, const dnnl::error& error);

/// Runs `body`; an error of oneDNN leaves as one of Tenon's.
template <class Body>
decltype(auto) with_tenon_errors(const char* call, Body&& body) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    rethrow_dnnl_error(call, error);
  }
}

/// A primitive with the memory objects that it runs on, which are kept between calls. Any number of
/// threads may run it at once.
class DnnlKernel {
 public:
  struct Argument {
    int index;  // DNNL_ARG_...
    dnnl::memory::desc desc;
  };

  DnnlKernel(dnnl::primitive primitive, std::vector<Argument> arguments,
             const dnnl::memory::desc& scratchpad);
  ~DnnlKernel();
  DnnlKernel(const DnnlKernel&) = delete;
  DnnlKernel& operator=(const DnnlKernel&) = delete;

  /// Runs on the calling thread; pointers in the order of the arguments.
  void run(const char* call, std::span<void* const> pointers) const;

  /// Copies `from` to `to`, changing layout and type; null where the two are the same.
  static std::unique_ptr<DnnlKernel> reorder(const dnnl::memory::desc& from,
                                             const dnnl::memory::desc& to);

 private:
  struct Binding;
  std::unique_ptr<Binding> take() const;

  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  size_t scratchpad_size_;
  mutable ForkSafeMutex mutex_;
  mutable std::vector<std::unique_ptr<Binding>> idle_;
};

/// Everything that a plan depends on; unused places are zero.
using DnnlKey = std::array<int64_t, 24>;
struct DnnlKeyHash {
  size_t operator()(const DnnlKey& key) const;
};

/// The most recently used plans, for any number of threads.
template <class Plan>
class DnnlPlanCache {
 public:
  explicit DnnlPlanCache(size_t capacity) : capacity_(capacity) {}

  /// The plan of `key`, from `make()` (a shared_ptr) the first time. Two threads that miss at once
  /// may both make it; one of the two is kept.
  template <class Make>
  std::shared_ptr<const Plan> find(const DnnlKey& key, Make&& make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto at = places_.find(key); at != places_.end()) {
        plans_.splice(plans_.begin(), plans_, at->second);
        return at->second->second;
      }
    }
    std::shared_ptr<const Plan> plan = [&] {
      const NoFork no_fork;  // oneDNN has a cache of its own, with locks
      return make();
    }();
    const std::lock_guard lock(mutex_);
    if (const auto at = places_.find(key); at != places_.end()) return at->second->second;
    plans_.emplace_front(key, plan);
    places_.emplace(key, plans_.begin());
    if (plans_.size() > capacity_) {
      places_.erase(plans_.back().first);
      plans_.pop_back();
    }
    return plan;
  }

 private:
  using Entry = std::pair<DnnlKey, std::shared_ptr<const Plan>>;
  ForkSafeMutex mutex_;
  size_t capacity_;
  std::list<Entry> plans_;  // most recently used first
  std::unordered_map<DnnlKey, typename std::list<Entry>::iterator, DnnlKeyHash> places_;
};

}  // namespace tenon::cpu
