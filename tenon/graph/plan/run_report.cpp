#include "tenon/graph/plan/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace tenon::graph {

std::string run_report(const Graph& graph, const Instance& instance) {
  int kernels = 0, programs = 0, small = 0, coded = 0, loops = 0;
  std::vector<std::string> together;
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Instance::ReadyStep& ready = instance.steps[i];
    kernels += graph.steps[i].kind == Record::Kind::kKernel;
    programs += graph.steps[i].kind == Record::Kind::kTile;
    loops += graph.steps[i].kind == Record::Kind::kLoop;
    small += ready.is_small;
    coded += ready.small_code.function != nullptr;
    if (ready.batch < 2) continue;
    std::vector<std::string> names;
    for (size_t k = i; k < i + ready.batch; ++k) {
      names.push_back(fmt::format("%{}", graph.steps[k].outputs.front().value));
    }
    together.push_back(fmt::format("{}", fmt::join(names, " ")));
  }
  std::string text = fmt::format("runs: {} kernels, {} tile programs", kernels, programs);
  if (small != 0) text += fmt::format(", {} of them over few elements", small);
  if (coded != 0) text += fmt::format(", {} of these as machine code", coded);
  if (loops != 0) text += fmt::format(", {} loops", loops);
  if (!together.empty()) text += fmt::format("; at once: {}", fmt::join(together, " | "));
  return text + "\n";
}

}  // namespace tenon::graph
