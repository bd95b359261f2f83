#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon {

/// Named tensors in the order in which they were added: what `Module::state_dict()` returns and
/// `save` / `load` write and read. Iterates as pairs: `for (const auto& [name, tensor] : dict)`.
class TENON_API StateDict {
 public:
  using Entry = std::pair<std::string, Tensor>;

  StateDict() = default;
  /// Throws ValueError when a name comes twice.
  StateDict(std::initializer_list<Entry> entries);

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(std::string_view name) const { return index_.find(name) != index_.end(); }
  /// Null where the name isn't there.
  const Tensor* find(std::string_view name) const;
  /// Throws IndexError that lists the names that are there.
  const Tensor& at(std::string_view name) const;
  /// The tensor of this name; an undefined one is added at the end where there was none.
  Tensor& operator[](std::string_view name);
  /// Adds at the end. Throws ValueError when the name is there already.
  void add(std::string name, Tensor tensor);
  /// Whether there was one to remove. The others keep their order.
  bool erase(std::string_view name);

  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace tenon
