#include "tenon/autograd/node.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <cstdlib>

#include "tenon/base/recycler.h"
#include "tenon/dispatch/modes.h"

namespace tenon::autograd {
namespace {

/// Dropping a node drops its edges, and so on down a graph of any length: nodes that die while one
/// is being dropped queue up instead of recursing.
void destroy_node(GradNode* dying) {
  struct Queue {
    Node* first = nullptr;
    bool running = false;
  };
  thread_local constinit Queue queue;
  auto* node = static_cast<Node*>(dying);
  node->next_free = queue.first;
  queue.first = node;
  if (queue.running) return;
  queue.running = true;
  while (queue.first) {
    Node* next = queue.first;
    queue.first = next->next_free;
    next->reset();
    Recycler<Node>::give(next);
  }
  queue.running = false;
}

}  // namespace

Intrusive<Node> Node::create() {
  Node* node = Recycler<Node>::take();
  node->references.reset();
  node->destructor = destroy_node;
  return Intrusive<Node>::adopt(node);
}

void Node::reset() {
  order = 1;
  op = nullptr;
  rule.reset();
  edges.clear();
  inputs.clear();
  outputs.clear();
  results.clear();
  released = false;
  attributes.clear();
  input_specs.clear();
  extras.reset();
  place.reset();
}

void Node::release() {
  released = true;
  inputs.clear();
  outputs.clear();
  if (rule) rule->release();
}

void connect(Node& node, std::span<const Tensor* const> inputs, std::span<const Tensor> outputs) {
  node.edges.allocate(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = *inputs[i];
    if (!input.defined() || !input.requires_grad()) continue;
    Edge& edge = node.edges[i];
    edge = edge_of(input);
    if (edge.node) {
      node.order = std::max(node.order, static_cast<Node*>(edge.node.get())->order + 1);
    }
  }
  node.results.allocate(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined()) continue;
    node.results[i].dtype = outputs[i].dtype();
    node.results[i].sizes = outputs[i].sizes();
    node.device = outputs[i].device();
  }
  if (modes().anomaly) node.place = std::make_unique<std::string>(describe_place());
}

void set_history(const Tensor& tensor, const Intrusive<Node>& node, uint32_t index) {
  TensorImpl* impl = tensor.impl();
  impl->grad_node = Intrusive<GradNode>::share(node.get());
  impl->grad_index = index;
  impl->requires_grad = true;
}

std::string describe_place() {
  constexpr int kMost = 48;
  void* frames[kMost];
  const int count = backtrace(frames, kMost);
  Dl_info own{};
  dladdr(reinterpret_cast<void*>(&describe_place), &own);
  std::string text;
  int shown = 0;
  for (int i = 0; i < count && shown < 6; ++i) {
    Dl_info info{};
    if (!dladdr(frames[i], &info) || !info.dli_fname || !info.dli_sname) continue;
    int status = 0;
    char* plain = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
    const std::string name = status == 0 ? plain : info.dli_sname;
    std::free(plain);
    if (name.starts_with("tenon::dispatch") || name.starts_with("tenon::autograd")) continue;
    text += (shown++ ? "\n  called by " : "  ") + name;
  }
  return text.empty() ? "  (no symbols; link the program with -rdynamic)" : text;
}

}  // namespace tenon::autograd
