#pragma once

#include <string>
#include <string_view>

#include "tenon/base/export.h"
#include "tenon/tile/program.h"

namespace tenon::tile {

/// One line per instruction: `%2 = sub %0, %1`, `%0 = load 0` (input 0), `store 0, %2` (output 0).
TENON_API std::string to_text(const Program& program);

/// The inverse of `to_text`. Throws ValueError that names the line.
TENON_API Program parse(std::string_view text);

}  // namespace tenon::tile
