#pragma once

#include <span>
#include <vector>

#include "tenon/base/export.h"
#include "tenon/tile/launch.h"
#include "tenon/tile/program.h"

namespace tenon::tile {

/// Kind of each instruction's value. Throws ValueError for operands that come later or are stores,
/// an index where a number is needed (or the reverse), a reduction of something that is no tile, an
/// output that is stored twice or missing, and more than 4096 instructions.
TENON_API std::vector<Kind> verify(std::span<const Instruction> instructions);

/// Whether every op of the program exists in the compute class.
TENON_API bool supports(const Program& program, Compute compute);

/// Throws DTypeError naming the first op that the compute class doesn't have, ShapeError or
/// ValueError when operands, scalars, sizes or strides don't fit the program. Executors call it in
/// tests and debug builds only: launches are made by ops, which know their shapes.
TENON_API void verify(const Launch& launch);

}  // namespace tenon::tile
