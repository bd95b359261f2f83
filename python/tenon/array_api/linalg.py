"""The standard's linear algebra extension."""

from collections import namedtuple

from .. import _core
from .. import linalg as _linalg
from ._support import reduced, tensors_of
from .linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from .statistical import sum as _sum

__all__ = ["cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv",
           "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "outer",
           "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot",
           "vector_norm"]

EigResult = namedtuple("EigResult", ["eigenvalues", "eigenvectors"])
EighResult = namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
QRResult = namedtuple("QRResult", ["Q", "R"])
SlogdetResult = namedtuple("SlogdetResult", ["sign", "logabsdet"])
SVDResult = namedtuple("SVDResult", ["U", "S", "Vh"])


def cholesky(x, /, *, upper=False):
    """L with x = L L^H, or U with x = U^H U, of positive definite matrices."""
    return _core.linalg_cholesky(x, upper)


def det(x, /):
    """The determinants."""
    return _core.linalg_det(x)


def eig(x, /):
    """Eigenvalues and eigenvectors of square matrices, complex ones."""
    return EigResult(*_core.linalg_eig(x))


def eigh(x, /):
    """Eigenvalues, ascending, and eigenvectors of Hermitian matrices."""
    return EighResult(*_core.linalg_eigh(x))


def eigvals(x, /):
    """The eigenvalues of square matrices, complex ones."""
    return _core.linalg_eigvals(x)


def eigvalsh(x, /):
    """The eigenvalues of Hermitian matrices, ascending."""
    return _core.linalg_eigvalsh(x)


def inv(x, /):
    """The inverses."""
    return _core.linalg_inv(x)


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """Norms of matrices: 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2."""
    return _linalg.matrix_norm(x, ord, (-2, -1), keepdims)


def matrix_power(x, n, /):
    """Square matrices to a whole power."""
    return _core.linalg_matrix_power(x, n)


def _over_largest(rtol):
    """A tolerance for each matrix beside singular values."""
    return rtol.unsqueeze(-1) if isinstance(rtol, _core.Tensor) else rtol


def matrix_rank(x, /, *, rtol=None):
    """How many singular values are larger than `rtol` times the largest."""
    if not isinstance(rtol, _core.Tensor):
        return _core.linalg_matrix_rank(x, None, rtol)
    values = svdvals(x)
    return (values > values.amax(-1, True) * _over_largest(rtol)).sum(-1)


def pinv(x, /, *, rtol=None):
    """The pseudo-inverses; singular values up to `rtol` times the largest count as 0."""
    if not isinstance(rtol, _core.Tensor):
        return _core.linalg_pinv(x, None, rtol)
    u, s, vh = svd(x, full_matrices=False)
    keeps = s > s.amax(-1, True) * _over_largest(rtol)
    inverse = _core.where(keeps, 1 / _core.where(keeps, s, 1), 0)
    return _core.adjoint(vh) * inverse.unsqueeze(-2) @ _core.adjoint(u)


def qr(x, /, *, mode="reduced"):
    """Orthonormal columns and an upper triangle whose product is x."""
    return QRResult(*_core.linalg_qr(x, mode))


def slogdet(x, /):
    """Signs of the determinants, and the logarithms of their sizes."""
    return SlogdetResult(*_core.linalg_slogdet(x))


def solve(x1, x2, /):
    """X with x1 X = x2; x2 is a vector where it has one axis, else matrices."""
    x1, x2 = tensors_of("solve", x1, x2)
    if x2.ndim == 1:
        return _core.linalg_solve(x1, x2.unsqueeze(-1)).squeeze(-1)
    batch = _core.broadcast_tensors([x1[..., :1, :1], x2[..., :1, :1]])[0].shape[:-2]
    return _core.linalg_solve(x1.expand(*batch, *x1.shape[-2:]), x2.expand(*batch, *x2.shape[-2:]))


def svd(x, /, *, full_matrices=True):
    """U, singular values and V^H of matrices, whose product they are."""
    return SVDResult(*_core.linalg_svd(x, full_matrices))


def svdvals(x, /):
    """The singular values."""
    return _core.linalg_svdvals(x)


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
    """The norm of order `ord` of all elements as one vector, or of those along axes: by inf and
    -inf the largest and smallest magnitude, by 0 how many aren't 0."""
    def op(x, dims, keepdim):
        return _core.norm(x, float(ord), dims, keepdim)

    return reduced(op, x, axis, keepdims)
