#include "tenon/autograd/autograd.h"

#include <fmt/format.h>

#include "tenon/autograd/engine.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

/// One, of the sizes of a one-element tensor.
Tensor one_like(const Tensor& tensor) {
  if (tensor.dim() == 0 && tensor.device() == kCpu) return scalar_like(1.0, tensor);
  return ones(tensor.sizes(), tensor.dtype(), tensor.device());
}

/// A gradient that the caller passes: of the tensor's sizes, converted to its dtype.
Tensor given_grad(std::string_view call, const Tensor& given, const Tensor& tensor) {
  const bool converts = given.dtype() != tensor.dtype() && given.sizes() == tensor.sizes() &&
                        given.is_complex() == tensor.is_complex();
  const Tensor grad = converts ? given.to(tensor.dtype()) : given;
  autograd::check_gradient(call, grad, tensor);
  return grad;
}

/// The gradients to start from: those given, or ones for one-element tensors.
std::vector<Tensor> start_grads(std::string_view call, TensorList tensors, TensorList grads) {
  if (!grads.empty() && grads.size() != tensors.size()) {
    fail<ValueError>(call, fmt::format("expected one gradient for each of the {} tensors, got {}",
                                       tensors.size(), grads.size()));
  }
  std::vector<Tensor> result;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    if (!tensor.defined()) {
      fail<ValueError>(call, fmt::format("tensor {} is an undefined tensor; pass a result", i));
    }
    if (!tensor.requires_grad()) {
      fail<AutogradError>(call,
                          fmt::format("tensor {} has no gradient: it was made from tensors that "
                                      "don't require one; call requires_grad_() on those first, "
                                      "outside of NoGrad",
                                      i));
    }
    const Tensor given = grads.empty() ? Tensor() : grads[i];
    if (!given.defined() && tensor.numel() != 1) {
      fail<ShapeError>(call,
                       fmt::format("a tensor of sizes {} needs a gradient of its sizes; only "
                                   "one-element tensors start from 1; reduce it, e.g. sum(), or "
                                   "pass a gradient",
                                   to_string(tensor.sizes())));
    }
    if (!given.defined() && tensor.is_complex()) {
      fail<AutogradError>(call,
                          "a complex number has no one gradient to start from; make a real one of "
                          "it, e.g. with abs() or real(), or pass a gradient");
    }
    result.push_back(given.defined() ? given_grad(call, given, tensor) : one_like(tensor));
  }
  return result;
}

}  // namespace

void backward(TensorList tensors, TensorList grads, std::optional<bool> retain_graph,
              bool create_graph) {
  const std::vector<Tensor> start = start_grads("backward", tensors, grads);
  autograd::run_backward({tensors.begin(), tensors.size()}, start,
                         {retain_graph.value_or(create_graph), create_graph, nullptr});
}

std::vector<Tensor> grad(TensorList outputs, TensorList inputs, TensorList grad_outputs,
                         GradOptions options) {
  const std::vector<Tensor> start = start_grads("grad", outputs, grad_outputs);
  autograd::Captures captures;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !inputs[i].requires_grad()) {
      fail<AutogradError>("grad", fmt::format("input {} does not require a gradient; call "
                                              "requires_grad_() on it before it is used",
                                              i));
    }
    captures.edges.push_back(autograd::edge_of(inputs[i]));
  }
  captures.grads.resize(inputs.size());
  autograd::run_backward(
      {outputs.begin(), outputs.size()}, start,
      {options.retain_graph.value_or(options.create_graph), options.create_graph, &captures});
  for (size_t i = 0; i < inputs.size() && !options.allow_unused; ++i) {
    if (!captures.grads[i].defined()) {
      fail<AutogradError>("grad",
                          fmt::format("no output depends on input {}; pass allow_unused to get "
                                      "an undefined tensor for it",
                                      i));
    }
  }
  return std::move(captures.grads);
}

}  // namespace tenon
