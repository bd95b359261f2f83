#pragma once

#include "tenon/base/export.h"
#include "tenon/core/storage.h"

namespace tenon {

/// Told before the host looks at the memory of a tensor: where ops are deferred (compiled
/// functions), what they would have written must be there first.
class TENON_API MemoryWatch {
 public:
  virtual ~MemoryWatch();
  virtual void before_access(const Storage& storage) = 0;
};

/// The calling thread's watch; null nearly always.
TENON_API MemoryWatch*& memory_watch();

/// Throws ValueError where host memory is asked for that isn't there: of a tensor that a compiled
/// function still running on another thread makes, or that one made which ended in an error.
TENON_API void check_has_data(const Storage& storage);

}  // namespace tenon
