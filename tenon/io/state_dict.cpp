#include "tenon/io/state_dict.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon {

StateDict::StateDict(std::initializer_list<Entry> entries) {
  for (const Entry& entry : entries) add(entry.first, entry.second);
}

const Tensor* StateDict::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

const Tensor& StateDict::at(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  constexpr size_t kMostNames = 20;
  std::string names;
  for (size_t i = 0; i < entries_.size() && i < kMostNames; ++i) {
    names += (i == 0 ? "" : ", ") + entries_[i].first;
  }
  if (entries_.size() > kMostNames) names += ", ...";
  fail<IndexError>("StateDict::at", fmt::format("there is no tensor '{}' among the {}: {}", name,
                                                entries_.size(), names));
}

Tensor& StateDict::operator[](std::string_view name) {
  const auto found = index_.find(name);
  if (found != index_.end()) return entries_[found->second].second;
  add(std::string(name), Tensor());
  return entries_.back().second;
}

void StateDict::add(std::string name, Tensor tensor) {
  if (!index_.emplace(name, entries_.size()).second) {
    fail<ValueError>("StateDict::add",
                     fmt::format("there is a tensor '{}' already; names must differ", name));
  }
  entries_.emplace_back(std::move(name), std::move(tensor));
}

bool StateDict::erase(std::string_view name) {
  const auto found = index_.find(name);
  if (found == index_.end()) return false;
  const size_t position = found->second;
  index_.erase(found);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(position));
  for (auto& [other, at] : index_) at -= at > position ? 1 : 0;
  return true;
}

}  // namespace tenon
