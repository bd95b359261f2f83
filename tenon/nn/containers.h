#pragma once

#include <initializer_list>
#include <vector>

#include "tenon/nn/module.h"

namespace tenon::nn {

/// Modules one after the other, each given what the one before computed:
///
///     nn::Sequential model(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
///     nn::Sequential named({{"hidden", nn::Linear(784, 128)}, {"out", nn::Linear(128, 10)}});
class TENON_API Sequential : public Module {
 public:
  Sequential() = default;
  template <class First, class... Rest>
  requires(
      std::is_base_of_v<Module, std::remove_cvref_t<First>> &&
      !std::is_same_v<Sequential, std::remove_cvref_t<First>>) explicit Sequential(First first,
                                                                                   Rest... rest) {
    push_back(AnyModule(std::move(first)));
    (push_back(AnyModule(std::move(rest))), ...);
  }
  explicit Sequential(std::initializer_list<NamedModule> modules);

  /// Appends a module, named by its position.
  void push_back(AnyModule module);
  void push_back(std::string name, AnyModule module);
  size_t size() const { return children().size(); }
  /// Throws IndexError.
  const AnyModule& operator[](size_t i) const;
  Tensor forward(const Tensor& x) override;
};

/// Modules in a list, for a forward pass of one's own.
class TENON_API ModuleList : public Module {
 public:
  ModuleList() = default;
  ModuleList(std::initializer_list<AnyModule> modules);

  void push_back(AnyModule module);
  size_t size() const { return children().size(); }
  /// Throws IndexError.
  const AnyModule& operator[](size_t i) const;
};

}  // namespace tenon::nn
