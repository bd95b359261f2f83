#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace tenon {

/// Whether the process is known to have no other thread than the caller's.
inline bool is_single_threaded() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

/// A reference count that skips the atomic read-modify-write where nobody else can be counting:
/// when the caller holds the only reference, and as long as the process has one thread.
class ReferenceCount {
 public:
  void add() {
    if (is_single_threaded()) {
      count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  /// Drops one reference; true when it was the last.
  bool drop() {
    const uint32_t count = count_.load(std::memory_order_acquire);
    if (count == 1) return true;
    if (is_single_threaded()) {
      count_.store(count - 1, std::memory_order_relaxed);
      return false;
    }
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  uint32_t value() const { return count_.load(std::memory_order_acquire); }
  void reset() { count_.store(1, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> count_{1};
};

/// An owning pointer to `T`, which has a `references` member and a static `destroy(T*)`.
template <class T>
class Intrusive {
 public:
  Intrusive() = default;
  /// Takes over the reference that the caller holds.
  static Intrusive adopt(T* object) { return Intrusive(object); }
  static Intrusive share(T* object) {
    if (object) object->references.add();
    return Intrusive(object);
  }
  Intrusive(const Intrusive& other) : object_(other.object_) {
    if (object_) object_->references.add();
  }
  Intrusive(Intrusive&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Intrusive& operator=(const Intrusive& other) { return *this = Intrusive(other); }
  Intrusive& operator=(Intrusive&& other) noexcept {
    T* taken = std::exchange(other.object_, nullptr);
    drop(std::exchange(object_, taken));
    return *this;
  }
  ~Intrusive() { drop(object_); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* release() { return std::exchange(object_, nullptr); }
  friend bool operator==(const Intrusive&, const Intrusive&) = default;

 private:
  explicit Intrusive(T* object) : object_(object) {}
  static void drop(T* object) {
    if (object && object->references.drop()) T::destroy(object);
  }

  T* object_ = nullptr;
};

}  // namespace tenon
