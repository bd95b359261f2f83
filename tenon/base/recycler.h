#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace tenon {

/// Memory for objects of one type that this thread has finished with, ready for the next. Objects
/// may be given back by another thread than the one that took them.
template <class T>
class Recycler {
 public:
  static void* take() {
    std::vector<void*>& free = list();
    if (free.empty()) return ::operator new(sizeof(T));
    void* memory = free.back();
    free.pop_back();
    return memory;
  }
  static void give(void* memory) {
    constexpr size_t kMost = 4096;
    if (ended_ || list().size() >= kMost) {
      ::operator delete(memory);
    } else {
      list().push_back(memory);
    }
  }

 private:
  struct List {
    std::vector<void*> free;
    ~List() {
      for (void* memory : free) ::operator delete(memory);
      free.clear();
      ended_ = true;
    }
  };
  static std::vector<void*>& list() {
    thread_local List instance;
    return instance.free;
  }
  /// Set when the thread's list is gone: objects that outlive it are freed at once.
  inline static thread_local bool ended_ = false;
};

}  // namespace tenon
