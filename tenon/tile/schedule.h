#pragma once

#include <span>
#include <vector>

#include "tenon/tile/program.h"

namespace tenon::tile {

/// Cuts verified instructions into passes (a pass ends where a row reduction's result is needed),
/// drops what no store needs, decides what is kept between passes and which tiles share a buffer.
Schedule schedule(std::span<const Instruction> instructions, std::vector<Kind> kinds);

}  // namespace tenon::tile
