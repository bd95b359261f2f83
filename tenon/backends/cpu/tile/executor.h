#pragma once

#include <cstddef>
#include <span>

#include "tenon/base/export.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu {

/// Runs a program on the vector interpreter, on the pool. Results depend on sizes and strides,
/// never on the number of threads. Throws DTypeError when an op doesn't exist in the compute class.
TENON_API void run_tile(const tile::Launch& launch);

/// Runs many launches as one parallel region, in no order (an optimizer's update of every
/// parameter). They must not write what another one reads.
TENON_API void run_tile_many(std::span<const tile::Launch> launches);

/// The same for few contiguous elements, without planning: an op on a handful of numbers costs tens
/// of nanoseconds. The bits are those of `run_tile`. False, having stored nothing, for programs
/// that it can't run; see Backend.
TENON_API bool run_small(const tile::SmallLaunch& launch);

/// Such launches of one program without rows, whose inputs and outputs are alike in dtype and in
/// what is repeated, and of which none writes what another reads; the first one's `code` is for
/// all.
TENON_API bool run_small_many(std::span<const tile::SmallLaunch> launches);

/// The slow twin of `run_tile`: one element after the other in plain C++, on the calling thread.
TENON_API void run_tile_scalar(const tile::Launch& launch);

/// An elementwise op on contiguous operands of the compute class's own dtype; `b` is ignored by
/// ops of one operand. `out` may be `a` or `b`.
using DirectKernel = void (*)(const void* a, const void* b, void* out, size_t count);

/// The kernel of a program that is exactly: load each input once in order, one elementwise op of
/// one or two operands, store. Null for other programs. For tensors so small that a run's set-up
/// would cost more than the work. The pointer stays valid for the life of the process; look it up
/// once.
TENON_API DirectKernel direct_kernel(const tile::Program& program, tile::Compute compute);

}  // namespace tenon::cpu
