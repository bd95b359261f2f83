#include "tenon/autograd/grad_fn.h"

#include <cctype>

#include "tenon/autograd/node.h"

namespace tenon {
namespace {

/// "MaxPool2dBackward" for "max_pool2d".
std::string class_name(std::string_view op) {
  std::string name;
  bool starts = true;
  for (const char c : op) {
    if (c == '_') {
      starts = true;
    } else {
      name += starts ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      starts = false;
    }
  }
  return name.ends_with("Backward") ? name : name + "Backward";
}

}  // namespace

GradFn GradFn::of(const Tensor& tensor) {
  GradFn made;
  if (tensor.requires_grad() && !tensor.is_leaf()) made.node_ = autograd::edge_of(tensor).node;
  return made;
}

uint32_t GradFn::result_number(const Tensor& tensor) { return autograd::edge_of(tensor).index; }

std::string GradFn::name() const {
  if (!node_) return leaf_ ? "AccumulateGrad" : "";
  return class_name(static_cast<const autograd::Node&>(*node_).name());
}

std::vector<std::pair<GradFn, int>> GradFn::next_functions() const {
  std::vector<std::pair<GradFn, int>> all;
  if (!node_) return all;
  for (const autograd::Edge& edge : static_cast<const autograd::Node&>(*node_).edges) {
    GradFn next;
    next.node_ = edge.node;
    next.leaf_ = edge.leaf;
    all.emplace_back(std::move(next), static_cast<int>(edge.index));
  }
  return all;
}

const void* GradFn::id() const {
  return node_ ? static_cast<const void*>(node_.get()) : static_cast<const void*>(leaf_.get());
}

}  // namespace tenon
