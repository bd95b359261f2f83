#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tenon/nn/module.h"

namespace tenon::nn {

/// What all copies of a module share.
struct Module::Body {
  using Tensors = std::vector<NamedTensor>;

  Tensors parameters;
  Tensors buffers;
  std::vector<NamedModule> children;
  bool training = true;

  static const Body& of(const Module& module) { return *module.body_; }
  /// Appends the tensors of this body and of those below it, leaving out the ones in `seen`.
  void collect(Tensors Body::*which, const std::string& prefix,
               std::unordered_set<const TensorImpl*>* seen, std::vector<NamedTensor>& out) const;
  /// Throws ValueError when `name` can't be registered.
  void check_name(const std::string& owner, const std::string& name) const;
};

}  // namespace tenon::nn
