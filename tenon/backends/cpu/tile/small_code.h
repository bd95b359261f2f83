#pragma once

#include <memory>

#include "tenon/backends/cpu/tile/jit/code_memory.h"
#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu {

/// Machine code that does a whole small launch, to the bits of these kernels; see tile::SmallCode.
/// `any_count`: and launches of its kind with other numbers of elements. Null where none can be
/// made.
std::shared_ptr<const jit::CodeMemory> small_code(const tile::SmallLaunch& launch,
                                                  const Kernels& table, bool any_count);

/// Runs launches of one program over one dim each, of few elements without gaps, as one piece of
/// machine code. False, having done nothing, where they are others or the code isn't there (yet).
bool run_flat_many(std::span<const tile::Launch> launches);

}  // namespace tenon::cpu
