#pragma once

#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {

/// While it lives, this thread's tile calls on the host aren't run but collected; `run` runs them
/// as one, so that those that read the same memory do so together. For a few calls on large
/// tensors, nobody looking at a result before `run`. What isn't run by then isn't run at all.
class TENON_API TileBatch {
 public:
  TileBatch();
  ~TileBatch();
  TileBatch(const TileBatch&) = delete;

  void run();

  /// The calling thread's, or null.
  static TileBatch* current();
  /// Takes a launch over whose memory these tensors keep. What it reads of the batch's own results
  /// is run before.
  void add(const tile::Launch& launch, const Call& call, std::span<const Tensor> outputs);

 private:
  struct Collected {
    tile::Launch launch;
    std::vector<tile::Operand> inputs, outputs;
    std::vector<tile::Scalar64> scalars;
    std::vector<Tensor> tensors;
    size_t written;  ///< the first of `tensors` that it writes
  };

  bool touches_results(const Tensor& tensor) const;

  TileBatch* outer_;
  std::vector<Collected> collected_;
};

}  // namespace tenon
