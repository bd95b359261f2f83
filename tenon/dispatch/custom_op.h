#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tenon/dispatch/dispatch.h"

namespace tenon {

/// An op defined outside of the library, in the same table and with the same rights as those of the
/// op list: a tile program, a view, a composition or kernels, with a gradient, for every device.
///
///     const CustomOp mish("mish(Tensor x) -> Tensor", [](OpDef& op) {
///       op.doc("x tanh(softplus(x))")
///           .accepts(kFloatSet)
///           .compose([](const Tensor& x) { return x * tanh(softplus(x)); });
///     });
///     Tensor y = mish(x);
///
/// It is registered for the life of the process.
class TENON_API CustomOp {
 public:
  /// `signature` is written as in op_list.txt. Throws ValueError when it can't be read, or when an
  /// op of that name exists.
  CustomOp(std::string_view signature, void (*define)(OpDef& op));

  /// One result: tensors first, then the other arguments, in the order of the signature.
  template <class... A>
  Tensor operator()(const A&... arguments) const {
    return run(arguments...)[0];
  }
  /// All results.
  template <class... A>
  std::vector<Tensor> run(const A&... arguments) const {
    std::vector<Tensor> inputs;
    std::vector<Attribute> attributes;
    (take(arguments, inputs, attributes), ...);
    return call(inputs, std::move(attributes));
  }
  /// Sets the kernel of a device, for ops that call `kernel()` in their definition.
  void set_kernel(Device device, Kernel kernel) const;
  const OpDef& definition() const { return *op_; }

 private:
  template <class T>
  static void take(const T& argument, std::vector<Tensor>& inputs,
                   std::vector<Attribute>& attributes) {
    if constexpr (std::is_same_v<T, Tensor>) {
      inputs.push_back(argument);
    } else if constexpr (std::is_same_v<T, int>) {
      attributes.emplace_back(int64_t{argument});
    } else if constexpr (std::is_same_v<T, float>) {
      attributes.emplace_back(double{argument});
    } else {
      attributes.emplace_back(argument);
    }
  }
  std::vector<Tensor> call(const std::vector<Tensor>& inputs,
                           std::vector<Attribute> attributes) const;

  OpDef* op_;
};

/// By name; null where none was registered.
TENON_API const OpDef* find_custom_op(std::string_view name);

}  // namespace tenon
