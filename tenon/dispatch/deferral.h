#pragma once

#include <span>

#include "tenon/core/memory_watch.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {

/// A program over whole tensors outside any op: an optimizer's update of one parameter. `outputs`
/// are among `inputs`, or don't overlap them; all have the same sizes.
struct Update {
  const tile::Program& program;
  DType computed;  ///< in whose class the program computes
  std::span<const Tensor* const> inputs;
  std::span<const Tensor* const> outputs;
  std::span<const tile::Scalar64> scalars;
};

/// A call of an elementwise op with one result and host tensors only, typed the short way: the
/// result has the sizes of one input, which is contiguous; the others have these sizes, too, or one
/// element and no more dims.
struct PlainCall {
  const Call& call;
  DType computed;
  DType result;
  size_t leader;  ///< number of the input with the result's sizes
};

/// Takes calls over instead of having them run at once: compiled functions (graph/trace). Calls
/// come with their results typed; views and compositions don't come, as they run nothing
/// themselves.
class TENON_API Deferrer {
 public:
  /// No input has more dims than this in a plain call.
  static constexpr size_t kMostPlainDims = 6;

  virtual ~Deferrer();
  /// Makes the result, or writes it into `output` if that is defined: a tensor of the result's
  /// sizes and dtype which shares no input's memory, or all of it.
  virtual void defer_plain(const PlainCall& plain, Tensor& output) = 0;
  /// Makes the results, which get their data later. False: the call runs at once, after `flush`.
  virtual bool defer_tile(const Call& call, const TileCall& typed, std::span<Tensor> outputs) = 0;
  /// The result is written into `self`, which has its sizes.
  virtual bool defer_tile_into(const Call& call, const TileCall& typed, const Tensor& self) = 0;
  virtual bool defer_kernel(const Call& call, const Specs& results, std::span<Tensor> outputs) = 0;
  /// A program over tensors that it reads and writes in place, outside any op (optimizers).
  virtual void defer_update(const Update& update) = 0;
  /// Runs what was deferred: afterwards all tensors have their data.
  virtual void flush() = 0;
};

/// Defers a call that is plain. `output`: as in `Deferrer::defer_plain`, but may overlap inputs in
/// any way. False, having done nothing, when the call isn't plain.
bool defer_plain_call(Deferrer& deferrer, const Call& call, Tensor& output);

/// Within its life, ops of this thread run at once.
class TENON_API NotDeferred {
 public:
  NotDeferred();
  ~NotDeferred();
  NotDeferred(const NotDeferred&) = delete;
  NotDeferred& operator=(const NotDeferred&) = delete;

 private:
  Deferrer* deferrer_;
  MemoryWatch* watch_;
};

}  // namespace tenon
