#pragma once

#include "tenon/dispatch/call.h"

namespace tenon {

/// Runs a call of an elementwise tile op with one result on few, contiguous host elements without
/// typing it in full: no broadcast beyond one-element inputs, no shape rule, no rows. The result
/// has the same bits as the general path's. `output`: written where it is defined (in place), else
/// made. False, having done nothing, when the call isn't of this kind.
bool run_small_call(const Call& call, Tensor& output);

}  // namespace tenon
