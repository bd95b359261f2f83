// What a function has seen stays bounded: segments that ran long ago go first.

#include <gtest/gtest.h>

#include "tenon/graph/trace/segments.h"

namespace tenon::graph {
namespace {

/// Makes, or finds, the segment of `length` records that branches off at the root by `name`, and
/// marks it as one that ran.
Node& run_segment(Segments& segments, uint64_t name, int length) {
  segments.counters.flushes.add(1);
  Node* at = &segments.root();
  for (int i = 0; i < length; ++i) {
    const uint64_t words[] = {name, static_cast<uint64_t>(i)};
    Node* next = Segments::find(*at, words);
    if (!next) {
      next = &segments.add(*at, words, Record());
      segments.memo_of(*next);
    }
    at = next;
  }
  segments.mark_used(*at);
  return *at;
}

bool knows(Segments& segments, uint64_t name) {
  const uint64_t words[] = {name, 0};
  return Segments::find(segments.root(), words) != nullptr;
}

TEST(Segments, TheLeastUsedGo) {
  Segments segments;
  for (uint64_t name = 0; name < 100; ++name) run_segment(segments, name, 10);
  run_segment(segments, 3, 10);
  EXPECT_FALSE(segments.keep_bounded(1000));
  run_segment(segments, 100, 10);
  run_segment(segments, 7, 5);  // a part of it is a segment of its own
  EXPECT_TRUE(segments.keep_bounded(1000));
  EXPECT_FALSE(segments.keep_bounded(500));
  for (const uint64_t hot : {3, 7, 100, 99, 60}) EXPECT_TRUE(knows(segments, hot)) << hot;
  for (const uint64_t cold : {0, 4, 20, 45}) EXPECT_FALSE(knows(segments, cold)) << cold;
}

TEST(Segments, WhatIsUsedOftenOutlivesAnyNumberOfOthers) {
  Segments segments;
  for (uint64_t name = 0; name < 5000; ++name) {
    run_segment(segments, 1, 20);
    run_segment(segments, 10 + name, 20);
    segments.keep_bounded(2000);
    ASSERT_TRUE(knows(segments, 1)) << name;
  }
  EXPECT_FALSE(knows(segments, 10));
}

TEST(Segments, LongStreams) {
  Segments segments;
  for (uint64_t name = 0; name < 20; ++name) run_segment(segments, name, 4096);
  EXPECT_TRUE(segments.keep_bounded(10 * 4096));
  EXPECT_TRUE(knows(segments, 19));
  EXPECT_FALSE(knows(segments, 0));
}

TEST(Segments, ANodeKeepsAFewMemosTheOldestIsWrittenOver) {
  Segments segments;
  Node& node = run_segment(segments, 0, 1);
  std::vector<Memo*> memos{node.memos[0].get()};
  for (size_t i = 1; i < Node::kMostMemos; ++i) memos.push_back(&segments.memo_of(node));
  for (size_t i = 0; i < memos.size(); ++i) memos[i]->used = 10 - static_cast<int64_t>(i);
  EXPECT_EQ(&segments.memo_of(node), memos.back());
  EXPECT_EQ(node.memos.size(), Node::kMostMemos);
}

}  // namespace
}  // namespace tenon::graph
