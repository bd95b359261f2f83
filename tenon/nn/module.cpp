#include "tenon/nn/module.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <typeinfo>
#include <unordered_set>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/nn/module_body_internal.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

template <class Convert>
void convert_all(const Module& module, Convert&& convert) {
  const NoGrad no_grad;
  for (Tensor& parameter : module.parameters()) {
    const Tensor grad = parameter.grad();
    parameter.set_data(convert(parameter));
    if (grad.defined()) parameter.set_grad(convert(grad));
  }
  for (const Tensor& buffer : module.buffers()) buffer.set_data(convert(buffer));
}

std::string list_names(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Module::Module() : body_(std::make_shared<Body>()) {}
Module::Module(const Module& other)
    : body_(CloneScope::current() ? CloneScope::current()->clone_of(other.body_) : other.body_) {}
Module::~Module() = default;

Tensor Module::forward(const Tensor&) {
  fail<ValueError>(type_name(),
                   "has no forward(const Tensor&); override it, or call the forward that the "
                   "module has");
}

void Module::Body::collect(Tensors Body::*which, const std::string& prefix,
                           std::unordered_set<const TensorImpl*>* seen,
                           std::vector<NamedTensor>& out) const {
  for (const auto& [name, tensor] : this->*which) {
    if (seen && !seen->insert(tensor.impl()).second) continue;
    out.emplace_back(join(prefix, name), tensor);
  }
  for (const auto& [name, module] : children) {
    of(module.get()).collect(which, join(prefix, name), seen, out);
  }
}

std::vector<NamedTensor> Module::named_parameters() const {
  std::vector<NamedTensor> named;
  std::unordered_set<const TensorImpl*> seen;
  body_->collect(&Body::parameters, "", &seen, named);
  return named;
}

std::vector<NamedTensor> Module::named_buffers() const {
  std::vector<NamedTensor> named;
  std::unordered_set<const TensorImpl*> seen;
  body_->collect(&Body::buffers, "", &seen, named);
  return named;
}

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> tensors;
  for (auto& [name, tensor] : named_parameters()) tensors.push_back(std::move(tensor));
  return tensors;
}

std::vector<Tensor> Module::buffers() const {
  std::vector<Tensor> tensors;
  for (auto& [name, tensor] : named_buffers()) tensors.push_back(std::move(tensor));
  return tensors;
}

const std::vector<NamedModule>& Module::children() const { return body_->children; }

std::vector<NamedModule> Module::named_modules() const {
  std::vector<NamedModule> named;
  for (const auto& [name, module] : body_->children) {
    named.emplace_back(name, module);
    for (auto& [below, deeper] : module.get().named_modules()) {
      named.emplace_back(join(name, below), std::move(deeper));
    }
  }
  return named;
}

int64_t Module::parameter_count() const {
  int64_t count = 0;
  for (const Tensor& parameter : parameters()) count += parameter.numel();
  return count;
}

StateDict Module::state_dict() const {
  std::vector<NamedTensor> named;
  body_->collect(&Body::parameters, "", nullptr, named);
  body_->collect(&Body::buffers, "", nullptr, named);
  StateDict state;
  const NoGrad no_grad;
  for (auto& [name, tensor] : named) state.add(std::move(name), tensor.detach());
  return state;
}

LoadReport Module::load_state_dict(const StateDict& state, bool strict) {
  LoadReport report;
  const StateDict own = state_dict();
  std::vector<std::string> wrong;
  for (const auto& [name, tensor] : own) {
    const Tensor* value = state.find(name);
    if (!value) {
      report.missing.push_back(name);
    } else if (value->sizes() != tensor.sizes()) {
      wrong.push_back(fmt::format("'{}' is {} in the module, {} in the state", name,
                                  tenon::to_string(tensor.sizes()),
                                  tenon::to_string(value->sizes())));
    } else if (value->device() != tensor.device()) {
      fail<DeviceError>(
          "load_state_dict",
          fmt::format("'{}' is on '{}' in the module, on '{}' in the state; move one "
                      "with to(device); nothing was loaded",
                      name, tenon::to_string(tensor.device()), tenon::to_string(value->device())));
    }
  }
  for (const auto& [name, value] : state) {
    if (!own.contains(name)) report.unexpected.push_back(name);
  }
  if (!wrong.empty()) {
    fail<ShapeError>(
        "load_state_dict",
        fmt::format("{} of the wrong shape: {}; nothing was loaded",
                    wrong.size() == 1 ? "a tensor is" : "tensors are", list_names(wrong)));
  }
  if (strict && !(report.missing.empty() && report.unexpected.empty())) {
    std::string message;
    if (!report.missing.empty()) message += "missing: " + list_names(report.missing) + "; ";
    if (!report.unexpected.empty())
      message += "unexpected: " + list_names(report.unexpected) + "; ";
    fail<ValueError>("load_state_dict",
                     message + "nothing was loaded; load_state_dict(state, false) takes what fits");
  }
  const NoGrad no_grad;
  for (const auto& [name, tensor] : own) {
    if (const Tensor* value = state.find(name)) tensor.copy_(*value);
  }
  return report;
}

void Module::train(bool training) {
  body_->training = training;
  for (auto& [name, module] : body_->children) module->train(training);
}

bool Module::is_training() const { return body_->training; }

void Module::to(DType dtype) {
  if (!is_floating(dtype)) {
    fail<DTypeError>("Module::to", fmt::format("expected a floating dtype, got {}; integer weights "
                                               "have no gradients",
                                               name_of(dtype)));
  }
  convert_all(*this, [&](const Tensor& x) { return x.is_floating_point() ? x.to(dtype) : x; });
}

void Module::to(Device device) {
  convert_all(*this, [&](const Tensor& x) { return x.to(device); });
}

void Module::zero_grad() {
  for (Tensor& parameter : parameters()) parameter.set_grad({});
}

void Module::requires_grad_(bool requires_grad) {
  for (Tensor& parameter : parameters()) {
    if (is_differentiable(parameter.dtype())) parameter.requires_grad_(requires_grad);
  }
}

void Module::Body::check_name(const std::string& owner, const std::string& name) const {
  if (name.empty() || name.find('.') != std::string::npos) {
    fail<ValueError>(owner, fmt::format("'{}' is no name for a parameter, buffer or child; "
                                        "expected one that isn't empty and has no dot",
                                        name));
  }
  const auto same = [&](const auto& entry) { return entry.first == name; };
  if (std::any_of(parameters.begin(), parameters.end(), same) ||
      std::any_of(buffers.begin(), buffers.end(), same) ||
      std::any_of(children.begin(), children.end(), same)) {
    fail<ValueError>(owner, fmt::format("the name '{}' is taken; give each parameter, buffer and "
                                        "child its own",
                                        name));
  }
}

void Module::add_child(std::string name, AnyModule module) {
  body_->check_name(type_name(), name);
  body_->children.emplace_back(std::move(name), std::move(module));
}

Parameter Module::parameter(std::string name, Tensor value) {
  body_->check_name(type_name(), name);
  if (is_differentiable(value.dtype())) value.requires_grad_();
  body_->parameters.emplace_back(std::move(name), value);
  return Parameter(std::move(value));
}

Parameter Module::buffer(std::string name, Tensor value) {
  body_->check_name(type_name(), name);
  body_->buffers.emplace_back(std::move(name), value);
  return Parameter(std::move(value));
}

std::string Module::type_name() const {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
  std::string name = status == 0 ? demangled.get() : typeid(*this).name();
  name.resize(std::min(name.size(), name.find('<')));
  const size_t colon = name.rfind("::");
  return colon == std::string::npos ? name : name.substr(colon + 2);
}

std::string Module::description() const { return ""; }

AnyModule::AnyModule(const AnyModule& other)
    : module_(CloneScope::current() ? other.copy_(*other.module_) : other.module_),
      copy_(other.copy_) {}

void ModuleClone::fail_type() const {
  fail<ValueError>("clone", fmt::format("the module is a {}; initialise a variable of that type",
                                        source_.type_name()));
}

}  // namespace tenon::nn
