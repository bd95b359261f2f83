"""Linear algebra: the ops whose names begin with `linalg_`, under PyTorch's names."""

from . import _core

Tensor = _core.Tensor
LinAlgError = _core.ValueError

solve, inv, det, slogdet = (_core.linalg_solve, _core.linalg_inv, _core.linalg_det,
                            _core.linalg_slogdet)
cholesky, qr, eigh, eigvalsh = (_core.linalg_cholesky, _core.linalg_qr, _core.linalg_eigh,
                                _core.linalg_eigvalsh)
eig, eigvals = _core.linalg_eig, _core.linalg_eigvals
svd, svdvals = _core.linalg_svd, _core.linalg_svdvals
matrix_power, multi_dot = _core.linalg_matrix_power, _core.linalg_multi_dot


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The norm of all elements as one vector, or over dims."""
    return _core.linalg_vector_norm(x, float(ord), dim, keepdim, dtype)


def _order(ord):
    """A matrix norm's order as text: 'fro', 'inf', '-2'."""
    return (ord if isinstance(ord, str) else str(ord)
            if ord in (float("inf"), -float("inf")) else f"{ord:g}")


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """A norm of matrices: 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2."""
    return _core.linalg_matrix_norm(A if dtype is None else A.to(dtype), _order(ord), dim, keepdim)


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """Of vectors where one dim is named, of matrices where two are or `ord` is a word; without
    `ord`, the root of the sum of all squares."""
    dims = (dim,) if isinstance(dim, int) else dim
    of_matrices = ord is not None and (isinstance(ord, str) or len(dims or A.shape) == 2)
    if of_matrices:
        return matrix_norm(A, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B, or X A = B without `left`, for a triangle of A."""
    return _core.linalg_solve_triangular(A, B, upper, left, unitriangular)


def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """The pseudo-inverse, from singular values."""
    return _core.linalg_pinv(A, atol, rcond if rtol is None else rtol)


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values don't count as 0."""
    return _core.linalg_matrix_rank(A, tol if atol is None else atol, rtol)


def lstsq(A, B, rcond=None, *, driver=None):
    """(solution, residuals, rank, singular_values) of the least-squares problem A X = B."""
    if B.dim() == 1:
        results = _core.linalg_lstsq(A, B.unsqueeze(-1))
        return type(results)((results[0].squeeze(-1), *results[1:]))
    return _core.linalg_lstsq(A, B)


def cond(A, p=None):
    """The largest singular value over the smallest; with an order `p`, that norm of A times that
    of its inverse."""
    if p is None:
        values = svdvals(A)
        return values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def cross(input, other, *, dim=-1):
    """The cross product along a dim of size 3."""
    return _core.cross(input, other, dim)


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices, a view."""
    return _core.diagonal(A, offset, dim1, dim2)


def vecdot(x, y, *, dim=-1):
    """The dot products along a dim."""
    return ((x.conj() if x.is_complex() else x) * y).sum(dim)


matmul = _core.matmul
