"""tf.dtypes: dtypes and casts between them."""

from .._eager.dtypes import (DType, as_dtype, bfloat16, bool_ as bool, complex64,  # noqa: F401
                             complex128, double, float16, float32, float64, half, int8, int16,
                             int32, int64, string, uint8, uint16, uint32, uint64)
from ._making import cast, saturate_cast  # noqa: F401
from .math import complex  # noqa: F401
