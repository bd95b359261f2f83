#include "tenon/graph/trace/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tenon/graph/trace/miss.h"

namespace tenon::graph {

void Segments::explain(std::string& text) const {
  if (!last_miss.empty()) text += fmt::format("last miss: {}\n", last_miss);
  for_each_plan([&](const Plan& plan, size_t records, const Node& last) {
    text +=
        fmt::format("after {}, because of {}{}: ", name_of(last.record), last.cause, last.place);
    text += plan.explain(records);
  });
}

Node* Segments::find_other(Node& node, std::span<const uint64_t> words) {
  for (const auto& child : node.children) {
    if (!equal(child->words, words)) continue;
    node.likely = child.get();
    return child.get();
  }
  return nullptr;
}

Node& Segments::add(Node& node, std::span<const uint64_t> words, Record record) {
  auto child = std::make_unique<Node>();
  child->words.assign(words.begin(), words.end());
  child->record = std::move(record);
  child->parent = &node;
  node.likely = child.get();
  node.children.push_back(std::move(child));
  return *node.likely;
}

Memo& Segments::memo_of(Node& node) {
  auto& memos = node.memos;
  if (memos.size() < Node::kMostMemos) {
    ++size_;
    memos.push_back(std::make_unique<Memo>());
    return *memos.back();
  }
  return **std::min_element(memos.begin(), memos.end(),
                            [](const auto& a, const auto& b) { return a->used < b->used; });
}

bool Segments::keep_bounded(int64_t most) {
  if (size_ <= most) return false;
  // Nodes after those above them: without recursion, as streams are long.
  std::vector<Node*> nodes{&root_};
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const auto& child : nodes[i]->children) nodes.push_back(child.get());
  }
  std::vector<std::pair<int64_t, int64_t>> uses;  // of each node: when, and how many memos
  for (size_t i = nodes.size(); i-- > 1;) {
    Node& node = *nodes[i];
    node.parent->used = std::max(node.parent->used, node.used);
    uses.emplace_back(node.used, static_cast<int64_t>(node.memos.size()));
  }
  std::sort(uses.rbegin(), uses.rend());
  // A node is used no earlier than those below it: what is left is a tree.
  int64_t left = 0;
  size_t kept = 0;
  while (kept < uses.size() && left + uses[kept].second <= most / 2) left += uses[kept++].second;
  if (kept == uses.size()) return false;
  forget_older_than(uses[kept].first + 1);
  return true;
}

void Segments::forget_older_than(int64_t used) {
  std::vector<std::unique_ptr<Node>> gone;
  std::vector<Node*> open{&root_};
  size_ = 0;
  while (!open.empty()) {
    Node& node = *open.back();
    open.pop_back();
    node.likely = nullptr;
    for (const auto& memo : node.memos) memo->next = nullptr;
    size_ += static_cast<int64_t>(node.memos.size());
    for (auto& child : node.children) {
      if (child->used < used) {
        gone.push_back(std::move(child));
      } else {
        open.push_back(child.get());
      }
    }
    std::erase(node.children, nullptr);
  }
  // Leaves first, one after the other: a long stream is a deep branch.
  while (!gone.empty()) {
    const std::unique_ptr<Node> node = std::move(gone.back());
    gone.pop_back();
    for (auto& child : node->children) gone.push_back(std::move(child));
  }
}

bool Segments::costs_more_than_it_saves() {
  // 25 random trees of 20 leaves, forward and backward, have 27,000 memos and 2,400 elements a
  // record: compiled they took 1.3 to 1.8 times as long as eager.
  constexpr int64_t kFirstLook = 64, kManyMemos = int64_t{1} << 14, kSmall = 4096;
  const int64_t calls = counters.calls.value();
  if (calls < kFirstLook || (calls & (calls - 1)) != 0) return false;
  const int64_t since = std::exchange(seen_flushes_, counters.flushes.value());
  const int64_t records = counters.records.value() - seen_records_;
  const int64_t elements = counters.elements.value() - seen_elements_;
  seen_records_ += records;
  seen_elements_ += elements;
  return size_ > kManyMemos && elements / kSmall < records && count_memos(since) > kManyMemos;
}

/// Those that were followed since that flush.
int64_t Segments::count_memos(int64_t since) const {
  int64_t count = 0;
  std::vector<const Node*> open{&root_};
  while (!open.empty()) {
    const Node& node = *open.back();
    open.pop_back();
    count += std::count_if(node.memos.begin(), node.memos.end(),
                           [since](const auto& memo) { return memo->used >= since; });
    for (const auto& child : node.children) open.push_back(child.get());
  }
  return count;
}

std::vector<const Record*> Segments::path_to(const Node& node) {
  std::vector<const Record*> path;
  for (const Node* at = &node; at->parent; at = at->parent) path.push_back(&at->record);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace tenon::graph
