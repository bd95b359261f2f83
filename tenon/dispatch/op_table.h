#pragma once

#include <string_view>

#include "tenon/dispatch/op_def.h"

namespace tenon {

/// What the op list says of an op, and the function that defines the rest. The table is generated.
struct OpEntry {
  std::string_view name;
  std::string_view signature;
  std::string_view section;
  std::span<const ParamInfo> params;
  size_t result_count;
  bool returns_list;
  bool has_method;
  bool has_inplace;
  bool internal;
  void (*define)(OpDef& op);
};

extern const OpEntry kOpEntries[kOpCount];

}  // namespace tenon
