"""Those functions of the standard's linear algebra extension that need no factorisation."""

from .. import _core
from ._support import reduced, tensors_of
from .linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from .statistical import sum as _sum

__all__ = ["cross", "diagonal", "matmul", "matrix_transpose", "outer", "tensordot", "trace",
           "vecdot", "vector_norm"]


def cross(x1, x2, /, *, axis=-1):
    """The cross products of vectors of 3 along an axis."""
    return _core.cross(*tensors_of("cross", x1, x2), axis)


def diagonal(x, /, *, offset=0):
    """The diagonals of matrices, as the last axis."""
    return _core.diagonal(x, offset, -2, -1)


def outer(x1, x2, /):
    """The products of each element of a vector with each of another."""
    return _core.outer(*tensors_of("outer", x1, x2))


def trace(x, /, *, offset=0, dtype=None):
    """The sums of the diagonals of matrices; integers add up in 64 bits."""
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norm of order `ord` of all elements as one vector, or of those along axes: by inf and -inf
    the largest and smallest magnitude, by 0 how many aren't 0."""
    def op(x, dims, keepdim):
        return _core.norm(x, float(ord), dims, keepdim)

    return reduced(op, _core.abs(x) if x.dtype.is_complex else x, axis, keepdims)
