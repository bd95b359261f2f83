#pragma once

#include <map>
#include <utility>

#include "tenon/dispatch/tile_call.h"

// Host numbers in place of tensors (`x * 0.5`): records read them as scalars of their programs,
// anew at each call.
namespace tenon::graph {

/// Whether the tensor is what a host number became, and still that number.
inline bool is_host_number(const TensorImpl& impl) {
  return impl.is_number && impl.storage->writes() == 0;
}

/// Of a host number.
tile::Scalar64 value_of_number(const TensorImpl& impl);

/// Bit i: input i is a host number that `program`, computing in `computed`, may read as a scalar to
/// the same bits. 0 where all inputs would be.
uint64_t number_inputs(const Call& call, const tile::Program& program, DType computed);

/// Programs with scalars for some of their inputs, kept.
class NumberedPrograms {
 public:
  /// `program` with scalars from `first` on for the inputs of the mask, in their order.
  const tile::Program& of(const tile::Program& program, uint64_t mask, size_t first);

 private:
  std::map<std::pair<uint64_t, uint64_t>, tile::Program> known_;  ///< by hash and mask
};

}  // namespace tenon::graph
