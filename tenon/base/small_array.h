#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace tenon {

/// A fixed-size array whose first `N` elements live inside the object.
template <class T, size_t N>
class SmallArray {
 public:
  SmallArray() = default;
  SmallArray(SmallArray&& other) noexcept
      : SmallArray(std::move(other), std::make_index_sequence<N>()) {}
  SmallArray& operator=(SmallArray&& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    heap_ = std::move(other.heap_);
    for (size_t i = 0; i < N; ++i) inline_[i] = std::move(other.inline_[i]);
    return *this;
  }
  /// Sets the size, once. Elements are default-made, or what `forget` left.
  void allocate(size_t size) {
    size_ = size;
    if (size > N) heap_ = std::make_unique<T[]>(size);
  }
  void clear() {
    for (size_t i = 0; i < size_ && !heap_; ++i) {  // cheaper than to assign an empty one
      std::destroy_at(&inline_[i]);
      std::construct_at(&inline_[i]);
    }
    forget();
  }
  /// Size 0. Unlike `clear`, it leaves elements inside the object as they are: for elements that
  /// hold on to nothing and are all assigned after the next `allocate`.
  void forget() {
    if (heap_) heap_.reset();
    size_ = 0;
  }
  size_t size() const { return size_; }
  T* data() { return heap_ ? heap_.get() : inline_; }
  const T* data() const { return heap_ ? heap_.get() : inline_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  operator std::span<const T>() const { return {data(), size_}; }

 private:
  template <size_t... I>
  SmallArray(SmallArray&& other, std::index_sequence<I...>)
      : size_(std::exchange(other.size_, 0)),
        heap_(std::move(other.heap_)),
        inline_{std::move(other.inline_[I])...} {}

  size_t size_ = 0;
  std::unique_ptr<T[]> heap_;
  T inline_[N] = {};
};

}  // namespace tenon
