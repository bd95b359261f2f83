#include "tenon/graph/trace/segments.h"

#include <algorithm>

namespace tenon::graph {

void Segments::explain(std::string& text) const {
  for_each_plan([&](const Plan& plan, size_t records) { text += plan.explain(records); });
}

Segments::Node* Segments::find_other(Node& node, std::span<const uint64_t> words) {
  for (const auto& child : node.children) {
    if (!equal(child->words, words)) continue;
    node.likely = child.get();
    return child.get();
  }
  return nullptr;
}

Segments::Node& Segments::add(Node& node, std::span<const uint64_t> words, Record record) {
  auto child = std::make_unique<Node>();
  child->words.assign(words.begin(), words.end());
  child->record = std::move(record);
  child->parent = &node;
  ++size_;
  node.likely = child.get();
  node.children.push_back(std::move(child));
  return *node.likely;
}

void Segments::keep_bounded() {
  constexpr int64_t kMostNodes = 1 << 17;
  if (size_ <= kMostNodes) return;
  // Leaves first, one after the other: a long stream is a deep branch.
  std::vector<std::unique_ptr<Node>> open = std::move(root_.children);
  while (!open.empty()) {
    const std::unique_ptr<Node> node = std::move(open.back());
    open.pop_back();
    for (auto& child : node->children) open.push_back(std::move(child));
  }
  root_.children.clear();
  root_.likely = nullptr;
  size_ = 0;
}

std::vector<const Record*> Segments::path_to(const Node& node) {
  std::vector<const Record*> path;
  for (const Node* at = &node; at->parent; at = at->parent) path.push_back(&at->record);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace tenon::graph
