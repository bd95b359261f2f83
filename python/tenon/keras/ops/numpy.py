"""keras.ops.numpy: what NumPy has by the same names."""

from ._elementwise import *  # noqa: F403
from ._making import *  # noqa: F403
from ._matrices import (dot, einsum, inner, kron, matmul, outer, slogdet, tensordot,  # noqa: F401
                        vdot)
from ._core_ops import vectorize  # noqa: F401
from ._reductions import *  # noqa: F403
from ._shaping import *  # noqa: F403
