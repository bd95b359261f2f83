#pragma once

#include <span>

#include "tenon/core/memory_watch.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {

/// A program over whole tensors outside any op: an optimizer's update of one parameter. `outputs`
/// are among `inputs`, or don't overlap them; all have the same sizes, but for inputs that are 0-d.
struct Update {
  const tile::Program& program;
  DType computed;  ///< in whose class the program computes
  std::span<const Tensor* const> inputs;
  std::span<const Tensor* const> outputs;
  std::span<const tile::Scalar64> scalars;
};

/// Takes calls over instead of having them run at once: compiled functions (graph/trace). Calls
/// come with their results typed; views and compositions don't come, as they run nothing
/// themselves.
class TENON_API Deferrer {
 public:
  virtual ~Deferrer();
  /// Takes over a call that hasn't been looked at yet, if it is one that came before at this place,
  /// with the same sizes: makes the results. False, having done nothing, if not.
  virtual bool repeat(const Call& call, std::span<Tensor> outputs) = 0;
  /// The same of a call whose result is written into `self`.
  virtual bool repeat_into(const Call& call, const Tensor& self) = 0;
  /// Makes the results, which get their data later. False: the call runs at once, after `flush`.
  virtual bool defer_tile(const Call& call, const TileCall& typed, std::span<Tensor> outputs) = 0;
  /// The result is written into `self`, which has its sizes.
  virtual bool defer_tile_into(const Call& call, const TileCall& typed, const Tensor& self) = 0;
  virtual bool defer_kernel(const Call& call, const Specs& results, std::span<Tensor> outputs) = 0;
  /// A program over tensors that it reads and writes in place, outside any op (optimizers).
  virtual void defer_update(const Update& update) = 0;
  /// Whether what is deferred will run again without the code that made it, with the same numbers.
  virtual bool is_pure() const = 0;
  /// Runs what was deferred: afterwards all tensors have their data.
  virtual void flush() = 0;
};

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
