"""Linear algebra: the ops whose names begin with `linalg_`, under PyTorch's names."""

from collections import namedtuple

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
matrix_exp, householder_product = _core.linalg_matrix_exp, _core.linalg_householder_product
tensorinv = _core.linalg_tensorinv


def _check_pivot(call, pivot):
    if not pivot:
        raise _core.ValueError(f"[{call}] elimination without pivoting isn't there on the CPU; "
                               "leave pivot=True")


def lu_factor(A, *, pivot=True):
    """(LU, pivots) of A = P L U: L below the diagonal, without its ones, and U."""
    _check_pivot("linalg.lu_factor", pivot)
    return _core.linalg_lu_factor(A)


def lu(A, *, pivot=True):
    """P, L and U with A = P L U."""
    _check_pivot("linalg.lu", pivot)
    return _core.linalg_lu(A)


CholeskyEx = namedtuple("CholeskyEx", "L info")
LuFactorEx = namedtuple("LuFactorEx", "LU pivots info")
InvEx = namedtuple("InvEx", "inverse info")
SolveEx = namedtuple("SolveEx", "result info")


def _check_info(call, info, trouble="singular"):
    if (info != 0).any():
        raise LinAlgError(f"[{call}] a matrix is {trouble}: info is {info.tolist()}")


def cholesky_ex(A, *, upper=False, check_errors=False):
    """`cholesky`, NaN where a matrix isn't positive definite, and for each matrix the number, from
    1, of its first leading part that isn't: 0 for none."""
    L, info = _core.linalg_cholesky_ex(A, upper)
    if check_errors:
        _check_info("linalg.cholesky_ex", info, "not positive definite")
    return CholeskyEx(L, info)


def lu_factor_ex(A, *, pivot=True, check_errors=False):
    """`lu_factor`, and for each matrix the number, from 1, of its first pivot of 0: 0 for none."""
    LU, pivots = lu_factor(A, pivot=pivot)
    is_zero = _core.diagonal(LU, 0, -2, -1) == 0
    if is_zero.shape[-1] == 0:
        info = _core.zeros(A.shape[:-2], dtype=_core.int32)
    else:
        first = _core.argmax(is_zero.to(_core.int32), -1) + 1
        info = _core.where(_core.any(is_zero, -1), first, 0).to(_core.int32)
    if check_errors:
        _check_info("linalg.lu_factor_ex", info)
    return LuFactorEx(LU, pivots, info)


def lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """X with A X = B, X A = B without `left`, for the factors of A; of A^H with `adjoint`."""
    return _core.linalg_lu_solve(LU, pivots, B, left, adjoint)


def inv_ex(A, *, check_errors=False):
    """The inverses, inf or NaN where there is none, and `info` of `lu_factor_ex`."""
    LU, pivots, info = lu_factor_ex(A, check_errors=check_errors)
    return InvEx(lu_solve(LU, pivots, _core.eye(A.shape[-1], dtype=A.dtype)), info)


def solve_ex(A, B, *, left=True, check_errors=False):
    """`solve`, with inf or NaN where a matrix is singular, and `info` of `lu_factor_ex`."""
    LU, pivots, info = lu_factor_ex(A, check_errors=check_errors)
    vector = B.dim() == 1 or (B.dim() == A.dim() - 1 and B.shape == A.shape[:-1])
    result = lu_solve(LU, pivots, B.unsqueeze(-1) if vector else B, left=left)
    return SolveEx(result.squeeze(-1) if vector else result, info)


def tensorsolve(A, B, dims=None):
    """X with tensordot(A, X, X.dim()) = B, after `dims` of A went to its end."""
    return _core.linalg_tensorsolve(A, B, () if dims is None else dims)


def vander(x, N=None):
    """Columns 1, x, x^2, ..., x^(N - 1)."""
    return _core.linalg_vander(x, N)


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
