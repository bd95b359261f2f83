#include "tenon/autograd/grad_fn.h"

#include <atomic>
#include <cctype>

#include "tenon/autograd/node.h"
#include "tenon/base/error.h"

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
  const auto& node = static_cast<const autograd::Node&>(*node_);
  // PyTorch numbers the overloads of an op; custom functions have none.
  return class_name(node.name()) + (node.op ? "0" : "");
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

int64_t GradFn::add_hook(const char* call, Hook hook, bool before) const {
  if (!node_) {
    fail<AutogradError>(call,
                        "a leaf has no op of its own; register a hook on the tensor: "
                        "register_hook(), or register_post_accumulate_grad_hook()");
  }
  static std::atomic<int64_t> next{0};
  const int64_t number = next++;
  auto& extras = static_cast<autograd::Node&>(*node_).extras;
  if (!extras) extras = std::make_unique<autograd::ResultExtras>();
  (before ? extras->before : extras->after).push_back({number, std::move(hook)});
  return number;
}

int64_t GradFn::register_hook(Hook hook) const {
  return add_hook("register_hook", std::move(hook), false);
}

int64_t GradFn::register_prehook(Hook hook) const {
  return add_hook("register_prehook", std::move(hook), true);
}

void GradFn::remove_hook(int64_t number) const {
  if (!node_) return;
  const auto& extras = static_cast<const autograd::Node&>(*node_).extras;
  if (!extras) return;
  const auto has_number = [&](const auto& entry) { return entry.number == number; };
  std::erase_if(extras->before, has_number);
  std::erase_if(extras->after, has_number);
}

const void* GradFn::id() const {
  return node_ ? static_cast<const void*>(node_.get()) : static_cast<const void*>(leaf_.get());
}

}  // namespace tenon
