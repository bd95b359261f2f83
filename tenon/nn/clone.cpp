#include <fmt/format.h>

#include <unordered_map>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/nn/module_body_internal.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

thread_local CloneScope* current_scope = nullptr;

}  // namespace

struct CloneScope::State {
  struct Source {
    std::string name;
    Tensor tensor;
    uint32_t references;
  };
  /// Everything that is cloned, with the handles that there were before.
  std::vector<Source> sources;
  std::unordered_map<const TensorImpl*, Tensor> tensors;
  std::unordered_map<const Module::Body*, std::shared_ptr<Module::Body>> bodies;
};

CloneScope::CloneScope(const Module& source)
    : state_(std::make_unique<State>()), previous_(current_scope) {
  for (auto& [name, tensor] : source.named_parameters()) {
    state_->sources.push_back({name, std::move(tensor), 0});
  }
  for (auto& [name, tensor] : source.named_buffers()) {
    state_->sources.push_back({name, std::move(tensor), 0});
  }
  for (State::Source& entry : state_->sources) {
    entry.references = entry.tensor.impl()->references.value();
  }
  current_scope = this;
}

CloneScope::~CloneScope() { current_scope = previous_; }

CloneScope* CloneScope::current() { return current_scope; }

void CloneScope::check() const {
  for (const State::Source& entry : state_->sources) {
    if (entry.tensor.impl()->references.value() > entry.references) {
      fail<ValueError>("clone",
                       fmt::format("'{}' is also held by a member of type Tensor, which a clone "
                                   "would share; make the member an nn::Parameter",
                                   entry.name));
    }
  }
}

std::shared_ptr<Module::Body> CloneScope::clone_of(const std::shared_ptr<Module::Body>& body) {
  if (const auto found = state_->bodies.find(body.get()); found != state_->bodies.end()) {
    return found->second;
  }
  auto twin = std::make_shared<Module::Body>();
  state_->bodies.emplace(body.get(), twin);
  for (const auto& [name, tensor] : body->parameters) {
    twin->parameters.emplace_back(name, add(tensor));
  }
  for (const auto& [name, tensor] : body->buffers) twin->buffers.emplace_back(name, add(tensor));
  // Copying an AnyModule within the scope clones it.
  twin->children = std::vector(body->children);
  twin->training = body->training;
  return twin;
}

Tensor CloneScope::add(const Tensor& tensor) {
  Tensor& twin = state_->tensors[tensor.impl()];
  if (!twin.defined()) {
    const NoGrad no_grad;
    twin = tenon::clone(tensor).detach();
    if (tensor.requires_grad()) twin.requires_grad_();
  }
  return twin;
}

Tensor CloneScope::clone_of(const Tensor& tensor) const {
  const auto found = state_->tensors.find(tensor.impl());
  return found == state_->tensors.end() ? tensor : found->second;
}

Parameter::Parameter(const Parameter& other)
    : Tensor(CloneScope::current() ? CloneScope::current()->clone_of(other)
                                   : static_cast<const Tensor&>(other)) {}

}  // namespace tenon::nn
