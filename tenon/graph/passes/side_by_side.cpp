#include <algorithm>
#include <utility>
#include <vector>

#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

// Of the result: its memory is needed for longer where the product comes earlier, which must not
// show.
constexpr int64_t kMostRows = 8, kMostElements = int64_t{1} << 15;

/// A product of few rows or a small result: what a plan runs beside others of its kind.
bool is_small_product(const Graph& graph, const Step& step) {
  if (step.kind != Record::Kind::kKernel) return false;
  if (step.op->id != OpId::kMatmul && step.op->id != OpId::kLinear) return false;
  const auto sizes = graph.sizes_of(step.outputs[0]);
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < sizes.size(); ++i) rows *= sizes[i];
  return rows <= kMostRows || (!sizes.empty() && rows * sizes.back() <= kMostElements);
}

}  // namespace

void bring_products_together(Graph& graph) {
  const Dependencies dependencies(graph);
  std::vector<size_t> order;
  size_t first = 0, end = 0;  // of the last products, in the order
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const bool is_product = is_small_product(graph, graph.steps[i]);
    const bool waits =
        std::any_of(order.begin() + static_cast<ptrdiff_t>(first), order.end(), [&](size_t other) {
          const auto after = dependencies.waiting_for(other);
          return std::find(after.begin(), after.end(), i) != after.end();
        });
    if (is_product && end != 0 && !waits) {
      order.insert(order.begin() + static_cast<ptrdiff_t>(end++), i);
      continue;
    }
    if (is_product) {
      first = order.size();
      end = first + 1;
    }
    order.push_back(i);
  }
  std::vector<Step> steps;
  for (const size_t i : order) steps.push_back(std::move(graph.steps[i]));
  graph.steps = std::move(steps);
}

}  // namespace tenon::graph
