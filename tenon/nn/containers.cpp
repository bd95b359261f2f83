#include "tenon/nn/containers.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon::nn {
namespace {

const AnyModule& checked_child(const Module& list, size_t i) {
  if (i >= list.children().size()) {
    fail<IndexError>(list.type_name(),
                     fmt::format("no module {} in a list of {}", i, list.children().size()));
  }
  return list.children()[i].second;
}

}  // namespace

Sequential::Sequential(std::initializer_list<NamedModule> modules) {
  for (const auto& [name, module] : modules) push_back(name, module);
}

void Sequential::push_back(AnyModule module) {
  push_back(std::to_string(size()), std::move(module));
}

void Sequential::push_back(std::string name, AnyModule module) {
  add_child(std::move(name), std::move(module));
}

const AnyModule& Sequential::operator[](size_t i) const { return checked_child(*this, i); }

Tensor Sequential::forward(const Tensor& x) {
  Tensor value = x;
  for (const auto& [name, module] : children()) value = module(value);
  return value;
}

ModuleList::ModuleList(std::initializer_list<AnyModule> modules) {
  for (const AnyModule& module : modules) push_back(module);
}

void ModuleList::push_back(AnyModule module) {
  add_child(std::to_string(size()), std::move(module));
}

const AnyModule& ModuleList::operator[](size_t i) const { return checked_child(*this, i); }

}  // namespace tenon::nn
