#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace tenon {

/// A fixed-size array whose first `N` elements live inside the object.
template <class T, size_t N>
class SmallArray {
 public:
  SmallArray() = default;
  /// Sets the size, once; elements are default-made.
  void allocate(size_t size) {
    size_ = size;
    if (size > N) heap_ = std::make_unique<T[]>(size);
  }
  void clear() {
    for (size_t i = 0; i < size_ && !heap_; ++i) inline_[i] = T();
    heap_.reset();
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
  size_t size_ = 0;
  std::unique_ptr<T[]> heap_;
  T inline_[N] = {};
};

}  // namespace tenon
