#pragma once

namespace tenon {

/// Objects of one type that this thread has finished with, still constructed, ready for the next
/// use: making one again costs a few loads. `T` has a `T* next_free` member. Objects may be given
/// back by another thread than the one that took them.
template <class T>
class Recycler {
 public:
  /// An object as `give` got it, or a new one.
  static T* take() {
    T* object = free_;
    if (!object) [[unlikely]] {
      return new T;
    }
    free_ = object->next_free;
    --count_;
    return object;
  }
  static void give(T* object) {
    constexpr int kMost = 4096;
    if (count_ >= kMost || !open()) [[unlikely]] {
      delete object;
      return;
    }
    object->next_free = free_;
    free_ = object;
    ++count_;
  }

 private:
  struct Guard {
    ~Guard() {
      while (free_) delete take();
      state_ = State::kEnded;
    }
  };
  enum class State : char { kNew, kOpen, kEnded };

  /// False once the thread's objects are gone: those that outlive it are freed at once.
  static bool open() {
    if (state_ == State::kNew) [[unlikely]] {
      thread_local Guard guard;
      (void)guard;
      state_ = State::kOpen;
    }
    return state_ == State::kOpen;
  }

  inline static thread_local constinit T* free_ = nullptr;
  inline static thread_local constinit int count_ = 0;
  inline static thread_local constinit State state_ = State::kNew;
};

}  // namespace tenon
