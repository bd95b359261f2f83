#include "tenon/base/long_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tenon/base/parallel.h"

namespace tenon {
namespace {

struct Stop {};

/// A host that stops what it is asked about.
class Host {
 public:
  Host() { set_host({leave, come_back, check}); }
  ~Host() { set_host({}); }

  static inline std::atomic<int> left{0}, checks{0};

 private:
  static void* leave() {
    ++left;
    return &left;
  }
  static void come_back(void*) { --left; }
  static void check(void* state) {
    EXPECT_EQ(state, &left);
    ++checks;
    throw Stop();
  }
};

class LongWorkTest : public testing::Test {
 protected:
  LongWorkTest() : threads_before_(num_threads()) { Host::checks = 0; }
  ~LongWorkTest() override { set_num_threads(threads_before_); }

  const Host host_;
  const int threads_before_;
};

constexpr int64_t kChunks = 300;

/// Chunks of a loop that ran, each a few milliseconds long; checks come after 100.
int64_t chunks_run(decltype(parallel_for) loop, int threads) {
  set_num_threads(threads);
  std::atomic<int64_t> ran{0};
  try {
    loop(kChunks, 1, [&](int64_t, int64_t) {
      check_interrupt();  // nothing within a chunk of several threads' loop
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
      ++ran;
    });
  } catch (const Stop&) {
  }
  return ran;
}

TEST_F(LongWorkTest, TheHostStopsLoopsBetweenChunks) {
  for (const int threads : {1, 2, 3}) {
    for (const auto loop : {parallel_for, parallel_for_shares}) {
      Host::checks = 0;
      {
        const LongWork work;
        EXPECT_LT(chunks_run(*loop, threads), kChunks);
        EXPECT_EQ(Host::left, 1);
      }
      EXPECT_EQ(Host::checks, 1);
      EXPECT_EQ(Host::left, 0);
    }
  }
}

TEST_F(LongWorkTest, WhatMustBeWholeEnds) {
  const LongWork work;
  {
    const Uninterrupted whole;
    EXPECT_EQ(chunks_run(parallel_for, 3), kChunks);
  }
  EXPECT_EQ(Host::checks, 0);
  EXPECT_THROW(check_interrupt(), Stop);
}

TEST_F(LongWorkTest, NothingIsAskedOutsideOfLongWork) {
  EXPECT_EQ(chunks_run(parallel_for, 3), kChunks);
  {
    const LongWork is_short(false);
    EXPECT_EQ(Host::left, 0);
  }
  const LongWork work;
  const LongWork inner;
  EXPECT_EQ(Host::left, 1);
  {
    const HostCode callback;
    EXPECT_EQ(chunks_run(parallel_for, 1), kChunks);
    const LongWork of_its_own;
    EXPECT_EQ(Host::left, 2);
  }
  EXPECT_EQ(Host::left, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_THROW(check_interrupt(), Stop);
}

TEST_F(LongWorkTest, ErrorsOfChunksComeThrough) {
  const LongWork work;
  set_num_threads(2);
  EXPECT_THROW(parallel_for(4, 1,
                            [](int64_t begin, int64_t) {
                              if (begin == 2) throw 2;
                            }),
               int);
  std::atomic<int64_t> sum{0};
  parallel_for(100, 1, [&](int64_t begin, int64_t) { sum += begin; });
  EXPECT_EQ(sum, 4950);
}

}  // namespace
}  // namespace tenon
