#include "tenon/core/memory_watch.h"

#include "tenon/base/error.h"

namespace tenon {

MemoryWatch::~MemoryWatch() = default;

MemoryWatch*& memory_watch() {
  thread_local constinit MemoryWatch* watch = nullptr;
  return watch;
}

void check_has_data(const Storage& storage) {
  if (storage.data || storage.bytes == 0) return;
  fail<ValueError>("data",
                   "the tensor has no data: it was made by a compiled function that is still "
                   "running on another thread, or that ended in an error before it got there; "
                   "read it where it was made, before handing it on");
}

}  // namespace tenon
