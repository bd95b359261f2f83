#pragma once

#include "tenon/base/export.h"
#include "tenon/core/dtype.h"

namespace tenon {

/// What floating numbers of the host are, and what integers become where an op needs floating ones:
/// float32 unless `set_default_dtype` said otherwise. Python's creation functions and `nn` modules
/// take it, too; C++'s have a dtype of their own, which is float32 where none is given.
TENON_API DType default_dtype();
/// Of all threads, from now on. Throws DTypeError unless it is one of the four floating dtypes.
TENON_API void set_default_dtype(DType dtype);

/// What complex numbers of the host are: complex128 with a default of float64, else complex64.
inline DType default_complex_dtype() {
  return default_dtype() == kFloat64 ? kComplex128 : kComplex64;
}

/// The dtype that an op such as `exp` computes integers in: the default one; others stay.
inline DType computed_floating(DType dtype) {
  return is_differentiable(dtype) ? dtype : default_dtype();
}

}  // namespace tenon
