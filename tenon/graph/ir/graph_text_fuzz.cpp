#include "tenon/base/error.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/graph/passes/passes.h"

/// Any text either is a graph, which reads back from its own text and is one after all passes, or
/// an error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenon::graph;
  Graph graph;
  try {
    graph = Graph::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const tenon::Error&) {
    return 0;
  }
  const std::string text = graph.to_text();
  if (Graph::parse(text).to_text() != text) __builtin_trap();
  if (graph.to_dot().empty()) __builtin_trap();
  run_passes(graph, {}, Pass::Numbers::kFixed);
  verify(graph);
  return 0;
}
