#pragma once

#include <cstddef>

namespace tenon::cpu {

/// 64-byte aligned memory that is kept between uses and only ever grows. One thread at a time.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  /// At least `bytes` of memory with unspecified contents; what an earlier call returned is gone.
  /// Throws OutOfMemoryError that names `call`.
  void* get(size_t bytes, const char* call);
  template <class T>
  T* get_array(size_t count, const char* call) {
    return static_cast<T*>(get(count * sizeof(T), call));
  }

 private:
  void* memory_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tenon::cpu
