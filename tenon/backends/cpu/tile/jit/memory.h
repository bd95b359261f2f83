#pragma once

#include "tenon/backends/cpu/tile/jit/arithmetic.h"

namespace tenon::cpu::jit {

/// Elements that are not a whole vector, or needn't be.
struct Rest {
  Gp count;  ///< of elements
  Mask lanes;
  Mem scratch;  ///< a vector's worth on the stack
};

/// Elements of memory, `offset` further than those at index `i`, if there is one.
struct Place {
  Gp base, i;
  int64_t offset = 0;  ///< in elements

  Mem at(size_t element_size) const;
};

/// A vector's worth of elements of a dtype that `can_load` as floats; with a `rest`, only its
/// elements are touched.
Lanes load(Vectors& v, DType dtype, const Place& place, const Rest* rest);
/// The reverse, for a dtype that `can_store`.
void store(Vectors& v, DType dtype, Lanes& x, const Place& place, const Rest* rest);
/// Around the cache; the address is a multiple of a vector.
void stream(Vectors& v, const Vec& x, const Place& place);

}  // namespace tenon::cpu::jit
