#include "tenon/graph/trace/memo.h"

#include "tenon/graph/trace/deferred_storage.h"

namespace tenon::graph {

void Memo::drop_spares() {
  for (Result& result : results) {
    if (result.spare) DeferredStorage::destroy_spare(std::exchange(result.spare, nullptr));
  }
}

}  // namespace tenon::graph
