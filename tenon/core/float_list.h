#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace tenon {

/// A borrowed list of numbers (factors, one a dim): binds to braces and vectors for the length of a
/// call.
class FloatList {
 public:
  FloatList() = default;
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Winit-list-lifetime"  // lives to the end of the call, as meant
#endif
  FloatList(std::initializer_list<double> values) : data_(values.begin()), size_(values.size()) {}
#pragma GCC diagnostic pop
  FloatList(const std::vector<double>& values) : data_(values.data()), size_(values.size()) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  double operator[](size_t i) const { return data_[i]; }
  const double* begin() const { return data_; }
  const double* end() const { return data_ + size_; }

 private:
  const double* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tenon
