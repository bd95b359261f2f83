// The gradient members of Tensor.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/engine.h"
#include "tenon/autograd/leaf.h"
#include "tenon/base/error.h"

namespace tenon {
namespace {

int64_t next_hook_number() {
  static std::atomic<int64_t> next{0};
  return next++;
}

autograd::Node* node_of(const Tensor& tensor) {
  return static_cast<autograd::Node*>(autograd::edge_of(tensor).node.get());
}

/// Hooks of a leaf live with the leaf, those of a result with the node that made it.
std::vector<autograd::ResultExtras::Entry>& hooks_of(const Tensor& tensor) {
  autograd::Node* node = node_of(tensor);
  if (!node) return autograd::extras_of(tensor.impl()).hooks;
  if (!node->extras) node->extras = std::make_unique<autograd::ResultExtras>();
  return node->extras->hooks;
}

std::atomic<bool> any_post_hooks{false};

}  // namespace

namespace autograd {

bool retains_grad(const Tensor& tensor) {
  if (!tensor.requires_grad() || tensor.is_leaf()) return false;
  const Node* const node = node_of(tensor);
  const LeafExtras* const extras = find_extras(tensor.impl());
  if (!node->extras || !extras) return false;
  return std::ranges::any_of(node->extras->retained,
                             [&](const auto& entry) { return entry.second == extras->grad; });
}

bool had_post_hooks() { return any_post_hooks.load(std::memory_order_relaxed); }

void run_post_hooks(const Tensor& leaf) {
  const LeafExtras* extras = find_extras(leaf.impl());
  if (!extras) return;
  // A copy: hooks may register and remove hooks.
  for (const auto& entry : std::vector(extras->post_hooks)) entry.hook(leaf);
}

}  // namespace autograd

Tensor& Tensor::requires_grad_(bool requires_grad) {
  if (requires_grad && !is_differentiable(dtype())) {
    fail<DTypeError>("requires_grad_",
                     fmt::format("only floating and complex tensors have gradients, "
                                 "this one holds {}",
                                 name_of(dtype())));
  }
  if (impl_->inference && requires_grad) {
    fail<AutogradError>("requires_grad_",
                        "a tensor made in inference mode has no gradient; clone() it "
                        "outside of inference mode");
  }
  if (!is_leaf() && !requires_grad) {
    fail<AutogradError>("requires_grad_", "the result of an op keeps its gradient; use detach()");
  }
  if (is_leaf()) impl_->requires_grad = requires_grad;
  return *this;
}

Tensor Tensor::grad() const {
  if (!defined()) fail_undefined();
  const autograd::LeafExtras* extras = autograd::find_extras(impl_.get());
  return extras ? *extras->grad : Tensor();
}

void Tensor::set_grad(const Tensor& grad) {
  if (!defined()) fail_undefined();
  if (grad.defined()) autograd::check_gradient("set_grad", grad, *this);
  if (grad.is_same(*this)) {
    fail<ValueError>("set_grad", "a tensor can't be its own gradient; pass a clone()");
  }
  if (grad.defined() || impl_->extras) *autograd::extras_of(impl_.get()).grad = grad;
}

Tensor Tensor::variable_data() const {
  if (!defined()) fail_undefined();
  Tensor made = new_alias(*this);
  made.impl()->counter = Intrusive<VersionCounter>::adopt(new VersionCounter);
  return made;
}

void Tensor::set_data(const Tensor& data) const {
  if (!defined() || !data.defined()) fail_undefined();
  if (requires_grad() && !is_differentiable(data.dtype())) {
    fail<DTypeError>("set_data",
                     fmt::format("data set to a tensor that requires gradients must be floating "
                                 "point or complex, this holds {}; call detach() first",
                                 name_of(data.dtype())));
  }
  if (is_same(data)) return;
  autograd::edge_of(*this);  // as long as a view has the layout that its history wants to know
  replace_elements(*this, data);
}

void Tensor::backward(const Tensor& gradient, std::optional<bool> retain_graph,
                      bool create_graph) const {
  const Tensor grads[] = {gradient};
  tenon::backward(std::span<const Tensor>(this, 1), std::span<const Tensor>(grads), retain_graph,
                  create_graph);
}

void Tensor::retain_grad() const {
  if (!requires_grad()) {
    fail<AutogradError>("retain_grad", "this tensor requires no gradient");
  }
  autograd::Node* node = node_of(*this);
  if (!node) return;  // leaves always keep theirs
  if (!node->extras) node->extras = std::make_unique<autograd::ResultExtras>();
  const std::shared_ptr<Tensor>& kept = autograd::extras_of(impl_.get()).grad;
  for (const auto& [result, other] : node->extras->retained) {
    if (other == kept) return;
  }
  node->extras->retained.emplace_back(impl_->grad_index, kept);
}

int64_t Tensor::register_hook(std::function<Tensor(const Tensor&)> hook) const {
  if (!requires_grad()) {
    fail<AutogradError>("register_hook", "this tensor requires no gradient");
  }
  const int64_t number = next_hook_number();
  hooks_of(*this).push_back({number, impl_->grad_index, std::move(hook)});
  return number;
}

int64_t Tensor::register_post_accumulate_grad_hook(std::function<void(const Tensor&)> hook) const {
  if (!requires_grad() || !is_leaf()) {
    fail<AutogradError>("register_post_accumulate_grad_hook",
                        requires_grad()
                            ? "gradients are added up in leaves, and this is the result "
                              "of an op; use register_hook()"
                            : "this tensor requires no gradient");
  }
  const int64_t number = next_hook_number();
  autograd::extras_of(impl_.get()).post_hooks.push_back({number, std::move(hook)});
  any_post_hooks.store(true, std::memory_order_relaxed);
  return number;
}

void Tensor::remove_hook(int64_t number) const {
  const auto has_number = [&](const auto& entry) { return entry.number == number; };
  std::erase_if(hooks_of(*this), has_number);
  if (auto* extras = autograd::find_extras(impl_.get())) {
    std::erase_if(extras->post_hooks, has_number);
  }
}

}  // namespace tenon
