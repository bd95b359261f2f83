#pragma once

#include <memory>

#include "tenon/backends/cpu/dnnl/convolution.h"
#include "tenon/backends/cpu/dnnl/runtime.h"

namespace tenon::cpu {

enum class ConvDirection { kForward, kBackwardData, kBackwardWeights };

/// One piece of a convolution: some images, some channels (whole groups where there are several).
struct ConvPiece {
  ConvDirection direction;
  DType dtype;
  bool bias;  // forward and backward weights
  int64_t n, ic, oc, groups;
  ConvArgs whole;  // spatial sizes, and the strides of the tensors that the piece is cut from
};

/// One operand: what the caller has (`plain`), what the primitive wants (`inner`), and the way
/// between the two, null where they are the same.
struct ConvOperand {
  dnnl::memory::desc plain, inner;
  std::unique_ptr<DnnlKernel> reorder;
  /// Bytes of memory that the inner layout needs: 0 where the caller's memory serves.
  size_t inner_size() const { return reorder ? (inner.get_size() + 63) / 64 * 64 : 0; }
};

/// A convolution primitive for one thread with the reorders around it.
struct ConvPlan {
  ConvOperand source, weights, destination;
  std::unique_ptr<DnnlKernel> kernel;  ///< source, weights, destination(, bias), null: not offered
};

/// The cached plan of a piece. Its kernel is null when oneDNN has only its slow reference for it.
std::shared_ptr<const ConvPlan> find_conv_plan(const char* call, const ConvPiece& piece);

}  // namespace tenon::cpu
