"""keras.ops.linalg: decompositions and solutions."""

from ._core_ops import jvp  # noqa: F401
from ._matrices import (cholesky, cholesky_inverse, det, eig, eigh, inv, lstsq,  # noqa: F401
                        matrix_rank, norm, pinv, qr, solve, solve_triangular, svd)
