#include "tenon/base/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tenon/base/error.h"

namespace tenon {
namespace {

/// Sets the number of threads for one test.
class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }

 private:
  int before_;
};

TEST(ParallelFor, EveryIndexIsVisitedOnce) {
  const Threads threads(4);
  for (const int64_t count : {1, 7, 64, 1000, 4097}) {
    std::vector<int> visits(static_cast<size_t>(count), 0);
    parallel_for(count, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
    });
    EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(count), 1)) << count;
  }
}

TEST(ParallelFor, NothingRunsForAnEmptyRange) {
  int calls = 0;
  parallel_for(0, 16, [&](int64_t, int64_t) { ++calls; });
  parallel_for(-3, 16, [&](int64_t, int64_t) { ++calls; });
  EXPECT_EQ(calls, 0);
}

TEST(ParallelFor, ChunksAreTheSameForAnyNumberOfThreads) {
  const auto ends_by_begin = [](int thread_count) {
    const Threads threads(thread_count);
    std::vector<int64_t> ends(100, -1);
    parallel_for(100, 32,
                 [&](int64_t begin, int64_t end) { ends[static_cast<size_t>(begin)] = end; });
    return ends;
  };
  const std::vector<int64_t> expected = ends_by_begin(1);
  EXPECT_EQ(expected[0], 32);
  EXPECT_EQ(expected[96], 100);
  EXPECT_EQ(ends_by_begin(2), expected);
  EXPECT_EQ(ends_by_begin(8), expected);
}

TEST(ParallelFor, TheErrorOfTheLowestChunkIsRethrown) {
  const Threads threads(4);
  for (int attempt = 0; attempt < 20; ++attempt) {
    try {
      parallel_for(64, 1, [](int64_t begin, int64_t) {
        if (begin >= 5) throw std::runtime_error(std::to_string(begin));
      });
      FAIL() << "expected an error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "5");
    }
  }
}

TEST(ParallelFor, ALoopInsideALoopRunsOnItsOwnThread) {
  const Threads threads(4);
  std::vector<int64_t> sums(8, 0);
  parallel_for(8, 1, [&](int64_t begin, int64_t) {
    const std::thread::id outer = std::this_thread::get_id();
    parallel_for(100, 10, [&](int64_t inner_begin, int64_t inner_end) {
      EXPECT_EQ(std::this_thread::get_id(), outer);
      for (int64_t i = inner_begin; i < inner_end; ++i) sums[static_cast<size_t>(begin)] += i;
    });
  });
  EXPECT_EQ(sums, std::vector<int64_t>(8, 4950));
}

TEST(ParallelFor, WhatTheCallerWroteIsSeenAndWhatTheLoopWroteIsSeenAfter) {
  const Threads threads(4);
  std::vector<int64_t> values(1000);
  for (int round = 0; round < 50; ++round) {
    std::iota(values.begin(), values.end(), round);
    parallel_for(1000, 10, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) values[static_cast<size_t>(i)] *= 2;
    });
    ASSERT_EQ(std::accumulate(values.begin(), values.end(), int64_t{0}), 999000 + 2000 * round);
  }
}

TEST(ParallelFor, SeveralCallersAtOnce) {
  std::vector<int64_t> sums(4, 0);
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&sums, caller] {
      std::vector<int64_t> parts(10, 0);
      parallel_for(1000, 100, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) parts[static_cast<size_t>(begin / 100)] += i;
      });
      sums[caller] = std::accumulate(parts.begin(), parts.end(), int64_t{0});
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sums, std::vector<int64_t>(4, 499500));
}

TEST(ParallelFor, ManyShortLoopsFromSeveralThreads) {
  const Threads threads(3);
  std::atomic<int64_t> visits{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&visits] {
      for (int64_t loop = 0; loop < 1000; ++loop) {
        parallel_for(loop % 7 + 1, 1, [&](int64_t, int64_t) { ++visits; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  int64_t expected = 0;
  for (int64_t loop = 0; loop < 1000; ++loop) expected += 4 * (loop % 7 + 1);
  EXPECT_EQ(visits, expected);
}

TEST(ParallelForShares, EveryIndexIsVisitedOnceInTheSameChunks) {
  for (const int threads : {1, 2, 3, 8, 40}) {
    const Threads count(threads);
    for (int round = 0; round < 20; ++round) {
      std::vector<int> visits(1000, 0);
      parallel_for_shares(1000, 32, [&](int64_t begin, int64_t end) {
        EXPECT_EQ(begin % 32, 0);
        EXPECT_EQ(end, std::min<int64_t>(1000, begin + 32));
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      ASSERT_EQ(visits, std::vector<int>(1000, 1)) << threads;
    }
  }
}

TEST(ParallelForShares, AThreadThatCameTakesItsOwnShare) {
  const Threads threads(2);
  const std::thread::id caller = std::this_thread::get_id();
  std::vector<std::thread::id> who(4);
  for (int round = 0; round < 3; ++round) {
    // Both are there at once: neither goes on before the other has begun.
    std::atomic<int> begun{0};
    parallel_for_shares(4, 1, [&](int64_t begin, int64_t) {
      who[static_cast<size_t>(begin)] = std::this_thread::get_id();
      if (begin % 2 == 0) {
        ++begun;
        while (begun < 2) std::this_thread::yield();
      }
    });
    EXPECT_EQ(who[0], caller);
    EXPECT_EQ(who[1], caller);
    EXPECT_NE(who[2], caller);
    EXPECT_EQ(who[3], who[2]);
  }
}

TEST(ParallelForShares, TheCallerDoesWhatABusyHelperLeaves) {
  const Threads threads(2);
  std::atomic<bool> is_busy{false}, is_done{false};
  std::thread other([&] {
    parallel_for(2, 1, [&](int64_t, int64_t) {
      // Until the loop below is done, the helper is in here.
      is_busy = true;
      while (!is_done) std::this_thread::yield();
    });
  });
  while (!is_busy) std::this_thread::yield();
  std::atomic<int64_t> sum{0};
  std::thread caller([&] { parallel_for_shares(100, 1, [&](int64_t i, int64_t) { sum += i; }); });
  caller.join();
  is_done = true;
  other.join();
  EXPECT_EQ(sum, 4950);
}

TEST(ParallelForShares, TheErrorOfTheLowestChunkIsRethrown) {
  const Threads threads(3);
  try {
    parallel_for_shares(64, 1, [](int64_t begin, int64_t) {
      if (begin >= 5) throw std::runtime_error(std::to_string(begin));
    });
    FAIL() << "expected an error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "5");
  }
}

/// Helpers that have fallen asleep are woken, and callers that wait for long ones are.
TEST(ParallelFor, LoopsAfterPausesAndLoopsThatTakeLong) {
  const Threads threads(3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    std::atomic<int> begun{0};
    parallel_for(3, 1, [&](int64_t, int64_t) {
      ++begun;
      while (begun < 3) std::this_thread::yield();
      if (begun == 3) std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
    });
    ASSERT_EQ(begun, 3);
  }
}

// A child has none of its parent's threads; data loaders of Python fork.
TEST(ParallelFor, AForkedChildHasAPoolOfItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer ends a forked child that starts threads";
#endif
  const Threads threads(3);
  const auto sum = [] {
    std::atomic<int64_t> total{0};
    parallel_for(100, 1, [&](int64_t begin, int64_t) { total += begin; });
    return total.load();
  };
  ASSERT_EQ(sum(), 4950);
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) _exit(sum() == 4950 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SetNumThreads, RefusesLessThanOne) {
  EXPECT_THROW(set_num_threads(0), ValueError);
  EXPECT_THROW(set_num_threads(-2), ValueError);
}

}  // namespace
}  // namespace tenon
