#pragma once

#include <span>

#include "tenon/dispatch/call.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {

/// Runs a call of an elementwise tile op with one result on few, contiguous host elements without
/// typing it in full: no broadcast beyond one-element inputs, no shape rule, no rows. The result
/// has the same bits as the general path's. `output`: written where it is defined (in place), else
/// made. False, having done nothing, when the call isn't of this kind.
bool run_small_call(const Call& call, Tensor& output);

/// Runs a typed call whose whole space is one row (sums and means over everything, losses) on few,
/// contiguous elements, into newly made `outputs`. The bits are the general path's. False, having
/// stored nothing, when the call isn't of this kind.
bool run_small_row(const Call& call, const TileCall& typed, std::span<const Tensor> outputs);

}  // namespace tenon
