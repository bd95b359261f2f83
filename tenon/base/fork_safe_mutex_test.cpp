#include "tenon/base/fork_safe_mutex.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace tenon {
namespace {

int status_of_child(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that waits for nobody
    _exit(body());
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

ForkSafeMutex outer, inner;
int first = 0, second = 0;  // guarded by the two; the same outside of critical sections

/// Holds one while it waits for the other, which fork may have by then.
void write() {
  const std::lock_guard outer_lock(outer);
  ++first;
  std::this_thread::sleep_for(std::chrono::microseconds(100));
  const std::lock_guard inner_lock(inner);
  ++second;
}

TEST(ForkSafeMutex, ChildrenFindThemFreeAndWhatTheyGuardWhole) {
  std::atomic<bool> ends{false};
  std::thread writer([&] {
    while (!ends) write();
  });
  for (int i = 0; i < 50; ++i) {
    const int status = status_of_child([] {
      if (first != second) return 1;
      write();
      return first == second ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
  }
  ends = true;
  writer.join();
}

TEST(ForkSafeMutex, ForkWaitsForCallsIntoOthers) {
  static std::atomic<bool> is_inside{false};
  std::atomic<bool> has_begun{false}, ends{false};
  std::thread caller([&] {
    {
      const NoFork no_fork;
      is_inside = true;
      has_begun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      is_inside = false;
    }
    while (!ends) std::this_thread::yield();  // one that had ended would be leaked by the child
  });
  while (!has_begun) std::this_thread::yield();
  EXPECT_EQ(status_of_child([] { return is_inside ? 1 : 0; }), 0);
  ends = true;
  caller.join();
}

TEST(ForkSafeMutex, OnesThatAreGoneAreForgotten) {
  for (int i = 0; i < 100; ++i) {
    ForkSafeMutex local;
    const std::lock_guard lock(local);
  }
  EXPECT_EQ(status_of_child([] { return 0; }), 0);
}

}  // namespace
}  // namespace tenon
