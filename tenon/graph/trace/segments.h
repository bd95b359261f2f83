#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tenon/graph/ir/record.h"
#include "tenon/graph/plan/plan.h"
#include "tenon/graph/trace/memo.h"

namespace tenon::graph {

/// A record, after those on the way to the root.
struct Node {
  static constexpr size_t kMostMemos = 4;

  std::vector<uint64_t> words;  ///< the record, in a form that compares quickly
  Record record;
  bool ends = false;            ///< the stream is cut after it: see loops.h
  bool is_caught = false;       ///< or so that the code around it catches its error
  const char* cause = nullptr;  ///< why a stream that ended here ran
  std::string place;            ///< where in the user's code that was, the first time
  std::string origin;           ///< where its record came from, where `keeps_origins`
  Node* parent = nullptr;
  Node* likely = nullptr;  ///< the child that followed last
  std::vector<std::unique_ptr<Node>> children;
  std::vector<std::unique_ptr<Plan>> plans;  ///< of segments that end here
  std::vector<std::unique_ptr<Memo>> memos;  ///< of the sizes that it was seen with last
  int64_t used = 0;  ///< number of the last flush here (or, once counted, below)
};

/// What one compiled function has seen: a tree of records, in which streams that begin alike share
/// their beginning, and at the points where streams were flushed the plans that ran.
class Segments {
 public:
  /// Raised by the thread that runs the function, read by any.
  class Count {
   public:
    /// Cheaper than an atomic addition: only one thread at a time counts.
    void add(int64_t more) {
      count_.store(count_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
    int64_t value() const { return count_.load(std::memory_order_relaxed); }

   private:
    std::atomic<int64_t> count_{0};
  };
  /// Counts the nanoseconds of its life.
  class Stopwatch {
   public:
    explicit Stopwatch(Count& count) : count_(count) {}
    ~Stopwatch() { count_.add(std::chrono::nanoseconds(Clock::now() - begin_).count()); }
    Stopwatch(const Stopwatch&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    Count& count_;
    const Clock::time_point begin_ = Clock::now();
  };
  /// How often streams were followed and how often they were new.
  struct Counters {
    Count calls;
    Count flushes;
    Count records;      ///< in all streams
    Count new_records;  ///< of these, those that no earlier stream had at their place
    Count typed;        ///< of these, those that no memo knew
    Count plans;        ///< made
    Count compile_ns;   ///< that this took
    Count elements;     ///< that they worked on, roughly
  };

  Node& root() { return root_; }
  /// The child of `node` with these words; null where there is none.
  static Node* find(Node& node, std::span<const uint64_t> words) {
    if (node.likely && equal(node.likely->words, words)) [[likely]] {
      return node.likely;
    }
    return find_other(node, words);
  }
  Node& add(Node& node, std::span<const uint64_t> words, Record record);
  /// A memo of the node to write: a new one, or the one that was followed longest ago.
  Memo& memo_of(Node& node);
  /// A stream ended at the node.
  void mark_used(Node& node) { node.used = counters.flushes.value(); }
  /// Where there are more than `most` memos, forgets the segments that were run longest ago, until
  /// at most half of that are left. True if it did: nobody points to nodes and memos then.
  bool keep_bounded(int64_t most = kMostKept);
  /// After 64 calls, 128, 256 and so on: whether those since the last look followed so many memos,
  /// more than caches hold, for ops so small that running them at once would have cost less.
  bool costs_more_than_it_saves();
  /// The records from the root to `node`.
  static std::vector<const Record*> path_to(const Node& node);

  /// Calls `visit` with each plan, the number of records that it runs and the last one's node.
  template <class Visit>
  void for_each_plan(Visit visit) const {
    visit_below(root_, 0, visit);
  }
  /// Appends the plans, as text.
  void explain(std::string& text) const;

  static constexpr int64_t kMostKept = 1 << 17;

  Counters counters;
  std::vector<std::string> without_passes;  ///< that plans don't go through
  std::string last_miss;       ///< where the last call that was new left what was known, as text
  bool keeps_origins = false;  ///< of records: those of each node
  size_t memory_limit = 0;     ///< of each plan; 0: none
  bool has_warned_of_memory = false;  ///< that a plan takes more

 private:
  template <class Visit>
  static void visit_below(const Node& node, size_t depth, Visit& visit) {
    for (const auto& plan : node.plans) visit(*plan, depth, node);
    for (const auto& child : node.children) visit_below(*child, depth + 1, visit);
  }
  static bool equal(std::span<const uint64_t> a, std::span<const uint64_t> b) {
    if (a.size() != b.size()) return false;
    uint64_t difference =
        0;  // without a branch a word: there are few, and they nearly always match
    for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
    return difference == 0;
  }
  static Node* find_other(Node& node, std::span<const uint64_t> words);
  void forget_older_than(int64_t used);
  int64_t count_memos(int64_t since) const;

  Node root_;
  int64_t size_ = 0;  ///< memos in the tree
  /// Of the calls before the last look whether following them is worth it.
  int64_t seen_flushes_ = 0, seen_records_ = 0, seen_elements_ = 0;
};

}  // namespace tenon::graph
