#include "tenon/autograd/node.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>

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
  results.forget();
  released = false;
  attributes.clear();
  input_specs.clear();
  extras.reset();
  place.reset();
  unlinked = nullptr;
}

void Node::release() {
  released = true;
  inputs.clear();
  outputs.clear();
  if (extras) {
    extras->inputs.clear();
    extras->outputs.clear();
  }
  if (rule) rule->release();
}

uint32_t connect(Node& node, std::span<const Tensor* const> inputs,
                 std::span<const Tensor> outputs) {
  uint32_t wanted = 0;
  node.edges.allocate(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = *inputs[i];
    if (!input.defined() || !input.requires_grad()) continue;
    wanted |= 1u << std::min<size_t>(i, 31);
    Edge& edge = node.edges[i];
    set_edge(edge, input);
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
  return wanted;
}

void set_history(const Tensor& tensor, Intrusive<Node> node, uint32_t index) {
  TensorImpl* impl = tensor.impl();
  impl->grad_node = Intrusive<GradNode>::adopt(node.release());
  impl->grad_index = index;
  impl->requires_grad = true;
}

std::string describe_place() {
  constexpr int kMostFrames = 48, kShown = 6;
  void* frames[kMostFrames];
  const int count = backtrace(frames, kMostFrames);
  Dl_info own{}, program{};
  dladdr(reinterpret_cast<void*>(&describe_place), &own);
  const bool linked_in = dladdr(frames[count - 1], &program) && own.dli_fbase == program.dli_fbase;
  std::string text;
  int shown = 0;
  for (int i = 0; i < count && shown < kShown; ++i) {
    Dl_info info{};
    if (!dladdr(frames[i], &info) || !info.dli_fname) continue;
    if (info.dli_fbase == own.dli_fbase && !linked_in) continue;  // our own part of the way
    const auto offset = static_cast<char*>(frames[i]) - static_cast<char*>(info.dli_fbase);
    text += shown++ ? "\n  called by " : "  ";
    text += fmt::format("{}+{:#x}", info.dli_fname, offset);
    if (!info.dli_sname) continue;
    int status = 0;
    char* plain = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
    text += fmt::format(" {}", status == 0 ? plain : info.dli_sname);
    std::free(plain);
  }
  return text + "\n  (`addr2line -e FILE OFFSET` gives source lines)";
}

}  // namespace tenon::autograd
