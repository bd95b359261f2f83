#include "tenon/autograd/saved_tensors_hooks.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "tenon/autograd/packed.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"

namespace tenon::autograd {
namespace {

struct ThreadState {
  std::vector<PackSaved> hooks;  ///< `Modes::packs_saved` says whether there are any
  std::optional<std::string> disabled;
};

ThreadState& state() {
  // By pointer: bytes of threads' own are few.
  static thread_local const auto state = std::make_unique<ThreadState>();
  return *state;
}

/// Hands gradients on as they are.
struct LeadRule final : Rule {
  std::string_view name() const override { return "saved_tensor"; }
  Grads run(const Node&, std::span<const Tensor> grads) override { return {grads[0]}; }
};

}  // namespace

void push_saved_tensors_hooks(PackSaved pack) {
  if (state().disabled) fail<AutogradError>("saved_tensors_hooks", *state().disabled);
  state().hooks.push_back(std::move(pack));
  modes().packs_saved = true;
}

void pop_saved_tensors_hooks() {
  if (!state().hooks.empty()) state().hooks.pop_back();
  modes().packs_saved = !state().hooks.empty();
}

SavedTensorsHooks::SavedTensorsHooks(PackSaved pack) { push_saved_tensors_hooks(std::move(pack)); }
SavedTensorsHooks::~SavedTensorsHooks() { pop_saved_tensors_hooks(); }

std::optional<std::string> disable_saved_tensors_hooks(std::optional<std::string> message) {
  if (message && !state().hooks.empty()) {
    fail<AutogradError>("disable_saved_tensors_hooks", *message);
  }
  std::optional<std::string> before = std::move(state().disabled);
  state().disabled = std::move(message);
  return before;
}

Packed::Packed(std::string_view call, const Tensor& tensor)
    : spec_{tensor.dtype(), tensor.sizes()}, device_(tensor.device()) {
  const NoGrad no_grad;
  const uint32_t version = tensor.version();
  // A copy: a hook may open hooks of its own.
  const PackSaved pack = state().hooks.back();
  unpack_ = pack(new_alias(tensor));
  if (tensor.version() != version) {
    fail<AutogradError>(call,
                        "a pack hook of saved_tensors_hooks wrote the tensor that it was given in "
                        "place; it is the op's own: clone() it before the write");
  }
}

Tensor Packed::unpack(std::string_view call) const {
  const NoGrad no_grad;
  const Tensor tensor = unpack_();
  if (!tensor.defined() || tensor.sizes() != spec_.sizes || tensor.dtype() != spec_.dtype ||
      tensor.device() != device_) {
    fail<AutogradError>(
        call, fmt::format("an unpack hook of saved_tensors_hooks must give {} of sizes {} on '{}' "
                          "back, as it was saved; it gave {}",
                          name_of(spec_.dtype), to_string(spec_.sizes), to_string(device_),
                          tensor.defined()
                              ? fmt::format("{} of sizes {} on '{}'", name_of(tensor.dtype()),
                                            to_string(tensor.sizes()), to_string(tensor.device()))
                              : "no tensor"));
  }
  return new_alias(tensor);
}

void lead_to(const Tensor& tensor, const Edge& edge) {
  Intrusive<Node> node = Node::create();
  node->rule = std::make_unique<LeadRule>();
  const Tensor nothing;
  const Tensor* const inputs[] = {&nothing};
  connect(*node, inputs, {&tensor, 1});
  node->edges[0] = edge;
  if (edge.node) node->order = static_cast<const Node*>(edge.node.get())->order + 1;
  set_history(tensor, std::move(node), 0);
}

}  // namespace tenon::autograd
