#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// Where a value is read.
struct Reader {
  size_t step, input;
};

/// Who writes and who reads a graph's values, as it was when this was made.
class Uses {
 public:
  explicit Uses(const Graph& graph);

  /// The step that makes the value; nothing of externals.
  std::optional<size_t> writer_of(const Operand& value) const;
  const std::vector<Reader>& readers_of(const Operand& value) const;
  bool is_read_by(const Operand& value, size_t step) const;
  bool is_read_whole(const Operand& value) const;
  /// Whether the value is the only one of a storage that begins with it, all of it.
  bool is_only_value(const Operand& value) const;
  /// The same, and nobody sees it after the graph has run.
  bool is_inner(const Operand& value) const;
  /// Whether the value stays what it is until the graph ends.
  bool is_constant(const Operand& value) const;

 private:
  const Graph* graph_;
  std::vector<int> writes_;            ///< to each slot
  std::map<uint32_t, size_t> writer_;  ///< of each value
  std::map<uint32_t, std::vector<Reader>> readers_;
};

}  // namespace tenon::graph
