#pragma once

#include <atomic>
#include <memory>

#include "tenon/base/intrusive.h"
#include "tenon/core/dtype.h"
#include "tenon/core/shape.h"
#include "tenon/core/storage.h"

namespace tenon {

/// What core knows of a node of the backward graph: how to drop it. `autograd/node.h` has the rest.
struct GradNode {
  ReferenceCount references;
  void (*destructor)(GradNode*) = nullptr;

  static void destroy(GradNode* node) { node->destructor(node); }
};

/// What few tensors have: a gradient, hooks. Defined in `autograd/leaf.h`, dropped from here.
struct GradExtras {
  virtual ~GradExtras() = default;
};

/// The body behind a `Tensor` handle: how a range of storage is read as an array. Pooled per
/// thread. Threads: concurrent reads are safe; a writer needs the tensor for itself.
struct TensorImpl {
  ReferenceCount references;
  DType dtype = kFloat32;
  Device device;
  bool requires_grad = false;  ///< set by the user on leaves, by the tape on results
  bool contiguous = true;
  bool inference = false;  ///< made in inference mode: never part of a graph
  bool is_number = false;  ///< what a host number became (`x * 0.5`), until it is written
  /// Made together with its storage, whose owner may want both back together: `Allocator::keep`.
  bool has_keeper = false;
  /// The base's history number that `grad_node` of a view belongs to (see autograd/view_history.h).
  uint32_t history = 0;
  uint32_t grad_index = 0;  ///< which output of `grad_node` this is
  int64_t numel = 0;
  int64_t offset = 0;  ///< first element, in elements
  Shape sizes;
  Shape strides;  ///< in elements
  Intrusive<Storage> storage;
  Intrusive<VersionCounter> counter;  ///< in place of the storage's own; null nearly always
  Intrusive<GradNode> grad_node;      ///< null on leaves and where no gradient flows
  Intrusive<TensorImpl> base;         ///< of views: the tensor that owns the storage
  std::unique_ptr<GradExtras> extras;
  TensorImpl* next_free = nullptr;  ///< while it waits to be used again
  /// Bodies with the same stamp have the same dtype, sizes, strides and offset, on the host; 0: not
  /// stamped. Compiled functions stamp what they see, so as to know it again.
  std::atomic<uint64_t> stamp{0};

  /// Whether this is a view and an in-place op has since given the base another history.
  bool has_stale_history() const { return base && base->history != history; }
  /// The first element, for kernels: Tensor::raw_data() takes note of who may write there.
  void* data() const { return bytes(); }
  char* bytes() const { return static_cast<char*>(storage->data) + offset * size_of(dtype); }

  /// A body with one reference, no storage and default members but for leftover sizes and strides.
  TENON_API static TensorImpl* create();
  TENON_API static void destroy(TensorImpl* impl);
};

}  // namespace tenon
