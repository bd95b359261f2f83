#pragma once

#include <string>
#include <string_view>

#include "tenon/graph/ir/record.h"

namespace tenon::graph {

/// In what a record differs from the one that came at its place before, for people: "mul's input 1
/// is float64, it was float32".
std::string difference(const Record& now, const Record& before);

/// Where the user's code is (see `set_caller_place`), after `before`; empty where nobody knows.
std::string caller_place(std::string_view before);

/// Whether the user's code there catches errors, up to the function of the `frame` (see
/// `set_caller_catches`).
bool caller_catches(const void* frame);

/// "sum"; "update" outside any op.
std::string_view name_of(const Record& record);

}  // namespace tenon::graph
