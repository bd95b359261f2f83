#include <algorithm>
#include <utility>
#include <vector>

#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

constexpr size_t kNone = ~size_t{0};
// Of the result. Less stays in the caches from one step to the next, or nearly so.
constexpr int64_t kFewestElements = int64_t{1} << 21;

/// Whether the product is so fast, for its size, that another look at its result shows.
bool is_worth_it(const Graph& graph, const Operand& made) {
  if (made.dtype != kBFloat16 && made.dtype != kFloat16) return false;
  int64_t elements = 1;
  for (const int64_t size : graph.sizes_of(made)) elements *= size;
  return elements >= kFewestElements;
}

}  // namespace

void take_in_epilogues(Graph& graph) {
  Dependencies dependencies(graph);
  std::vector<size_t> epilogue(graph.steps.size(), kNone);  // of each product
  std::vector<bool> is_taken(graph.steps.size());
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Step& product = graph.steps[i];
    if (product.kind != Record::Kind::kKernel || !is_worth_it(graph, product.outputs[0])) continue;
    for (size_t k = i + 1; k < graph.steps.size(); ++k) {
      if (is_taken[k] || !can_run_by_blocks(product, graph.steps[k])) continue;
      if (!dependencies.has_detour(i, k)) {
        dependencies.merge(i, k);
        epilogue[i] = k;
        is_taken[k] = true;
      }
      break;
    }
  }
  std::vector<Step> steps;
  for (const size_t node : dependencies.order()) {
    steps.push_back(std::move(graph.steps[node]));
    if (epilogue[node] == kNone) continue;
    steps.push_back(std::move(graph.steps[epilogue[node]]));
    steps.back().by_blocks = true;
  }
  graph.steps = std::move(steps);
}

}  // namespace tenon::graph
