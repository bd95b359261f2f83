#pragma once

#include <cstddef>

namespace tenon::cpu {

/// 64-byte aligned memory that each thread has its own of, kept between uses; it only ever grows.
/// For static objects: `static Scratch scratch;` where it is used.
class Scratch {
 public:
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// At least `bytes` of memory with unspecified contents; what an earlier call on this thread
  /// returned is gone. Throws OutOfMemoryError that names `call`.
  void* get(size_t bytes, const char* call);
  template <class T>
  T* get_array(size_t count, const char* call) {
    return static_cast<T*>(get(count * sizeof(T), call));
  }

 private:
  const size_t number_;  ///< among a thread's
};

}  // namespace tenon::cpu
