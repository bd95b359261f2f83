#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace tenon::graph {

/// A vector for the hot path of a trace: room for several elements is asked for at once and then
/// written by plain stores, and `clear` keeps the memory.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Memory of `count` more elements, which the caller writes; valid until the next call.
  T* extend(size_t count) {
    if (size_ + count > capacity_) [[unlikely]] {
      grow(size_ + count);
    }
    T* const room = data_.get() + size_;
    size_ += count;
    return room;
  }
  void push_back(const T& value) { *extend(1) = value; }
  void clear() { size_ = 0; }
  /// Leaves the first `count` elements, of at least as many.
  void shrink(size_t count) { size_ = count; }

  size_t size() const { return size_; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  operator std::span<const T>() const { return {data_.get(), size_}; }

 private:
  [[gnu::noinline]] void grow(size_t size) {
    const size_t capacity = std::max({size, 2 * capacity_, size_t{64}});
    auto bigger = std::make_unique<T[]>(capacity);
    std::copy_n(data_.get(), size_, bigger.get());
    data_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tenon::graph
