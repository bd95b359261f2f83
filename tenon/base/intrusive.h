#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tenon {

/// A reference count that skips the atomic read-modify-write when the caller holds the only
/// reference: nobody else can then be adding one.
class ReferenceCount {
 public:
  void add() { count_.fetch_add(1, std::memory_order_relaxed); }
  /// Drops one reference; true when it was the last.
  bool drop() {
    if (count_.load(std::memory_order_acquire) == 1) return true;
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
  Intrusive& operator=(Intrusive other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Intrusive() {
    if (object_ && object_->references.drop()) T::destroy(object_);
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* release() { return std::exchange(object_, nullptr); }
  friend bool operator==(const Intrusive&, const Intrusive&) = default;

 private:
  explicit Intrusive(T* object) : object_(object) {}
  T* object_ = nullptr;
};

}  // namespace tenon
