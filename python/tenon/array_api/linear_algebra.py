"""Products of matrices and vectors that are in the namespace itself."""

from .. import _core, _forms
from ._support import axis_of, tensors_of

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def matmul(x1, x2, /):
    """Products of matrices, stacks of them, or vectors."""
    return _core.matmul(*tensors_of("matmul", x1, x2))


def matrix_transpose(x, /):
    """The last two axes exchanged."""
    if x.ndim < 2:
        raise _core.ShapeError(f"[matrix_transpose] expected 2 axes or more, got {x.ndim}")
    return x.mT


def tensordot(x1, x2, /, *, axes=2):
    """Sums of products over the last `axes` axes of x1 and the first of x2, or over those of two
    sequences."""
    x1, x2 = tensors_of("tensordot", x1, x2)
    return _forms.tensordot(x1, x2, axes)


def vecdot(x1, x2, /, *, axis=-1):
    """Sums of products along an axis that both have, counted from the end; of complex numbers with
    x1 conjugated."""
    x1, x2 = tensors_of("vecdot", x1, x2)
    for x in x1, x2:
        axis_of(axis, x.ndim, "vecdot")
    if axis >= 0:
        raise _core.ValueError("[vecdot] expected an axis that is counted from the end, got "
                               f"{axis}")
    x1, x2 = (_core.movedim(x, (axis,), (-1,)) for x in (x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        raise _core.ShapeError(f"[vecdot] expected one size along axis {axis}, got {x1.shape[-1]} "
                               f"and {x2.shape[-1]}")
    x1 = _core.conj(x1) if x1.dtype.is_complex else x1
    return _core.matmul(x1.unsqueeze(-2), x2.unsqueeze(-1)).squeeze(-1).squeeze(-1)
