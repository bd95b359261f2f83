#include "tenon/graph/plan/loop_body.h"

namespace tenon::graph {

LoopBody::LoopBody(const Graph& body) : plan_(body), numbers_(body.numbers()) {
  for (const GraphSlot& slot : body.slots) slots_.push_back(run_slot(slot));
  instance_ = plan_.instance_for(slots_, numbers_);
}

void LoopBody::run(int64_t rounds, std::span<void* const> memory, void* arena) {
  instance_->point_to(memory, arena);
  plan_.run_rounds(rounds, *instance_, numbers_);
}

}  // namespace tenon::graph
