#include "tenon/graph/ir/weights.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {

void keep_weights(Graph& graph) {
  const Weights weights(graph);
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    graph.steps[i].keeps_weight = !weights.of(i).empty();
  }
}

}  // namespace tenon::graph
