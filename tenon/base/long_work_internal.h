#pragma once

#include "tenon/base/long_work.h"

namespace tenon {

/// What this thread is doing: null for nothing that takes long. One pointer, as there is little
/// room for thread-local objects.
extern thread_local constinit WorkState* thread_work;

/// What it is while it runs a chunk of a parallel loop.
extern constinit WorkState a_chunk;

}  // namespace tenon
