#pragma once

#include "tenon/autograd/node.h"

namespace tenon::autograd {

/// Gradients that a pass hands out instead of adding them to leaves.
struct Captures {
  std::vector<Edge> edges;         ///< whose gradients are wanted
  std::vector<Tensor> grads;       ///< as many; undefined where none arrived
  bool stop_there = false;         ///< don't go past captured nodes
  bool leaves_accumulate = false;  ///< leaves that nobody captures get theirs added to `grad`
  Captures* outer = nullptr;       ///< of the pass that this one runs inside; asked next
};

struct PassOptions {
  bool retain_graph = false;
  bool create_graph = false;
  Captures* captures = nullptr;  ///< null: add to the leaves' `grad`
};

/// Runs the backward graph from `roots`, whose gradients are `grads`. Nodes run in descending
/// order; no recursion, whatever the length. Passes may run inside each other (checkpoints, hooks)
/// and on several threads.
void run_backward(std::span<const Tensor> roots, std::span<const Tensor> grads,
                  const PassOptions& options);

/// Throws ShapeError, DTypeError or DeviceError unless a gradient that a user gives for `tensor`
/// has its sizes, dtype and device.
void check_gradient(std::string_view call, const Tensor& gradient, const Tensor& tensor);

/// The captures of the pass that the calling thread is in, or null.
Captures* current_captures();

}  // namespace tenon::autograd
