#pragma once

#include "tenon/core/storage.h"

namespace tenon::cpu {

/// The host's memory: size classes with free lists. Small blocks (up to 32 KiB) are carved from
/// slabs and cached per thread without a lock; larger ones are cached for all threads. Large blocks
/// ask for huge pages, and stay mapped when freed, so that fresh page faults are paid once.
Allocator& allocator();

/// Bytes that the process may have in tensors before `allocate` throws; 0: no limit but the
/// system's. Read from TENON_MEMORY_LIMIT (bytes) at the first allocation.
size_t memory_limit();

}  // namespace tenon::cpu
