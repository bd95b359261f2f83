"""tf.linalg: matrices, and batches of them."""

import math

from .. import _core, _forms
from .._dtypes import finfo
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from ._making import eye
from .math import l2_normalize


@_op
def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False,
           a_is_sparse=False, b_is_sparse=False, output_type=None):
    """The product of matrices, or of batches of them."""
    a, b = convert.same((a, b))
    convert.require_same((a, b), "MatMul")
    if a.dim() < 2 or b.dim() < 2:
        raise InvalidArgumentError(f"In[0] and In[1] has different ndims or fewer than 2: "
                                   f"{tuple(a.shape)} vs. {tuple(b.shape)} [Op:MatMul]")
    a = _turned(a, transpose_a, adjoint_a)
    b = _turned(b, transpose_b, adjoint_b)
    if a.shape[-1] != b.shape[-2]:
        raise InvalidArgumentError(f"Matrix size-incompatible: In[0]: {list(a.shape)}, In[1]: "
                                   f"{list(b.shape)} [Op:MatMul]")
    made = _core.matmul(a, b)
    return made if output_type is None else made.to(dtypes.as_dtype(output_type))


def _turned(matrix, is_transposed, is_adjoint):
    if is_adjoint:
        return _core.transpose(matrix.conj() if matrix.is_complex() else matrix, -2, -1)
    return _core.transpose(matrix, -2, -1) if is_transposed else matrix


@_op
def matvec(a, b, transpose_a=False, adjoint_a=False):
    """The product of a matrix and a vector."""
    a, b = convert.require_same(convert.same((a, b)), "MatVec")
    return _core.squeeze(_core.matmul(_turned(a, transpose_a, adjoint_a), b.unsqueeze(-1)), -1)


@_op
def tensordot(a, b, axes):
    """Sums of products over axes: so many last of a and first of b, or lists of them."""
    a, b = convert.require_same(convert.same((a, b)), "Tensordot")
    axes = convert.axis_of(axes) if not isinstance(axes, (list, tuple)) else [
        convert.axis_of(one) for one in axes]
    return _forms.tensordot(a, b, axes)


def einsum(equation, *inputs, **kwargs):
    """Products summed over the indices that the result of the equation lacks."""
    unknown = set(kwargs) - {"optimize", "name"}
    if unknown:
        raise TypeError(f"einsum() has no argument {min(unknown)!r}")
    return _einsum(equation, inputs)


@_op
def _einsum(equation, inputs):
    inputs = convert.require_same(convert.same(inputs), "Einsum")
    return _core.einsum(equation.replace(" ", ""), inputs)


@_op
def norm(tensor, ord="euclidean", axis=None, keepdims=None):
    """The norm of all elements, of vectors along an axis or of matrices along two."""
    tensor, axis = convert.tensor(tensor), convert.axis_of(axis)
    keepdims = bool(keepdims)
    if isinstance(axis, tuple) and len(axis) == 2 and ord not in ("euclidean", "fro"):
        return _core.linalg_matrix_norm(tensor, ord, axis, keepdims)
    order = 2.0 if ord in ("euclidean", "fro") else float(ord)
    made = _core.norm(tensor, order, axis, keepdims)
    return made.reshape([1] * tensor.dim()) if axis is None and keepdims else made


@_op
def band_part(input, num_lower, num_upper):
    """The elements of so many diagonals below and above the main one, elsewhere 0; -1 for all."""
    input = convert.tensor(input)
    lower, upper = int(num_lower), int(num_upper)
    if upper >= 0:
        input = _core.tril(input, upper)
    return _core.triu(input, -lower) if lower >= 0 else input


@_op
def diag(diagonal, k=0):
    """Matrices with these diagonals."""
    return _core.diag_embed(convert.tensor(diagonal), int(k))


@_op
def diag_part(input, k=0):
    """The diagonals of matrices."""
    return _core.diagonal(convert.tensor(input), int(k), -2, -1)


@_op
def set_diag(input, diagonal, k=0):
    """Matrices with other diagonals."""
    input = convert.tensor(input)
    return _core.diagonal_scatter(input, convert.like(diagonal, input), int(k), -2, -1)


@_op
def trace(x):
    """The sum of the diagonal of each matrix."""
    x = convert.tensor(x)
    return _core.sum(_core.diagonal(x, 0, -2, -1), -1, dtype=x.dtype)


@_op
def inv(input, adjoint=False):
    """The inverse of each matrix."""
    return _core.linalg_inv(_turned(convert.tensor(input), False, adjoint))


@_op
def pinv(a, rcond=None):
    """The pseudo-inverse of each matrix; singular values up to `rcond` (10 max(m, n) eps) of the
    largest count as 0."""
    a = convert.tensor(a)
    if rcond is None:
        rcond = 10.0 * max(a.shape[-2:]) * finfo(a.dtype).eps
    rcond = _core.tensor_of_data(convert.tensor(rcond).tolist(), a.dtype)
    u, s, vh = _core.linalg_svd(a, False)
    is_kept = s > rcond.unsqueeze(-1) * _core.amax(s, -1, True)
    inverse = _core.where(is_kept, 1 / _core.where(is_kept, s, _core.ones_like(s)),
                          _core.zeros_like(s))
    return _core.matmul(_turned(vh, False, True) * inverse.unsqueeze(-2), _turned(u, False, True))


@_op
def det(input):
    """The determinant of each matrix."""
    return _core.linalg_det(convert.tensor(input))


@_op
def slogdet(input):
    """(sign, log_abs_determinant) of each matrix."""
    return tuple(_core.linalg_slogdet(convert.tensor(input)))


@_op
def logdet(matrix):
    """The logarithm of the determinant of each positive definite matrix."""
    return _core.logdet(convert.tensor(matrix))


@_op
def solve(matrix, rhs, adjoint=False):
    """x of matrix x = rhs."""
    matrix, rhs = convert.require_same(convert.same((matrix, rhs)), "MatrixSolve")
    return _core.linalg_solve(_turned(matrix, False, adjoint), rhs)


@_op
def triangular_solve(matrix, rhs, lower=True, adjoint=False):
    """x of matrix x = rhs, the matrix's other triangle taken for 0."""
    matrix, rhs = convert.require_same(convert.same((matrix, rhs)), "MatrixTriangularSolve")
    return _core.linalg_solve_triangular(_turned(matrix, False, adjoint), rhs,
                                         upper=lower == bool(adjoint))


@_op
def cholesky(input):
    """The lower triangular factor L of each matrix, which is L L^T."""
    return _core.linalg_cholesky(convert.tensor(input))


@_op
def cholesky_solve(chol, rhs):
    """x of L L^T x = rhs."""
    chol, rhs = convert.require_same(convert.same((chol, rhs)), "CholeskySolve")
    return _core.cholesky_solve(rhs, chol)


@_op
def qr(input, full_matrices=False):
    """(q, r) of each matrix."""
    return tuple(_core.linalg_qr(convert.tensor(input), "complete" if full_matrices else "reduced"))


@_op
def svd(tensor, full_matrices=False, compute_uv=True):
    """(s, u, v) of each matrix, which is u diag(s) v^H; s alone without compute_uv."""
    tensor = convert.tensor(tensor)
    if not compute_uv:
        return _core.linalg_svdvals(tensor)
    u, s, vh = _core.linalg_svd(tensor, full_matrices)
    return s, u, _turned(vh, False, True)


@_op
def eigh(tensor):
    """(e, v): the eigenvalues of symmetric matrices, ascending, and their vectors as columns."""
    return tuple(_core.linalg_eigh(convert.tensor(tensor)))


@_op
def eigvalsh(tensor):
    """The eigenvalues of symmetric matrices, ascending."""
    return _core.linalg_eigvalsh(convert.tensor(tensor))


@_op
def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True):
    """x with the least |matrix x - rhs|^2 + l2_regularizer |x|^2."""
    matrix, rhs = convert.require_same(convert.same((matrix, rhs)), "MatrixSolveLs")
    if l2_regularizer == 0.0:
        return _core.linalg_lstsq(matrix, rhs)[0]
    turned = _turned(matrix, False, True)
    ridge = _core.eye(matrix.shape[-1], dtype=matrix.dtype) * l2_regularizer
    return _core.linalg_solve(_core.matmul(turned, matrix) + ridge, _core.matmul(turned, rhs))


@_op
def matrix_rank(a, tol=None):
    """The number of independent rows of each matrix."""
    return _core.linalg_matrix_rank(convert.tensor(a)).to(_core.int32)


@_op
def matrix_transpose(a, conjugate=False):
    """The last two dims exchanged."""
    return _turned(convert.tensor(a), True, conjugate)


@_op
def adjoint(matrix):
    """The last two dims exchanged, the elements conjugated."""
    return _turned(convert.tensor(matrix), False, True)


@_op
def eig(tensor):
    """(e, v): the eigenvalues of matrices and their vectors as columns, complex."""
    return tuple(_core.linalg_eig(convert.tensor(tensor)))


@_op
def eigvals(tensor):
    """The eigenvalues of matrices, complex."""
    return _core.linalg_eigvals(convert.tensor(tensor))


@_op
def tensor_diag(diagonal):
    """A tensor of twice the dims, these elements where the first half of indices is the second."""
    diagonal = convert.tensor(diagonal)
    return _core.diag_embed(diagonal.reshape(-1)).reshape((*diagonal.shape, *diagonal.shape))


@_op
def tensor_diag_part(input):
    """The elements whose first half of indices is the second."""
    input = convert.tensor(input)
    half = tuple(input.shape[:input.dim() // 2])
    if input.dim() % 2 or half != tuple(input.shape[len(half):]):
        raise InvalidArgumentError(f"tensor_diag_part(): a shape of two equal halves is expected, "
                                   f"got {list(input.shape)}")
    count = math.prod(half)
    return _core.diagonal(input.reshape((count, count))).reshape(half)


@_op
def sqrtm(input):
    """The square root of each symmetric positive semi-definite matrix, or of those whose
    eigenvalues are distinct."""
    input = convert.tensor(input)
    values, vectors = _core.linalg_eig(input)
    made = _core.matmul(vectors * _core.sqrt(values).unsqueeze(-2), _core.linalg_inv(vectors))
    return made if input.is_complex() else _core.real(made)


@_op
def tridiagonal_matmul(diagonals, rhs, diagonals_format="compact"):
    """The product of matrices of three diagonals (above, main, below, as rows) and others."""
    diagonals, rhs = convert.require_same(convert.same((diagonals, rhs)), "TridiagonalMatMul")
    if diagonals_format == "matrix":
        return _core.matmul(diagonals, rhs)
    if diagonals_format == "sequence":
        raise ValueError("tridiagonal_matmul(): diagonals_format is 'compact' or 'matrix'; stack "
                         "the diagonals")
    return _core.matmul(_of_three(diagonals), rhs)


def _of_three(diagonals):
    above, main, below = (_core.select(diagonals, -2, i) for i in range(3))
    size = main.shape[-1]
    return _core.diag_embed(main) + _core.diag_embed(_core.narrow(above, -1, 0, size - 1), 1) + \
        _core.diag_embed(_core.narrow(below, -1, 1, size - 1), -1)


@_op
def tridiagonal_solve(diagonals, rhs, diagonals_format="compact", transpose_rhs=False,
                      conjugate_rhs=False, partial_pivoting=True, perturb_singular=False):
    """x of matrices of three diagonals (above, main, below, as rows) times x = rhs."""
    diagonals, rhs = convert.require_same(convert.same((diagonals, rhs)), "TridiagonalSolve")
    if diagonals_format not in ("compact", "matrix"):
        raise ValueError("tridiagonal_solve(): diagonals_format is 'compact' or 'matrix'; stack "
                         "the diagonals")
    matrix = diagonals if diagonals_format == "matrix" else _of_three(diagonals)
    rhs = _turned(rhs, transpose_rhs, conjugate_rhs and transpose_rhs)
    if rhs.dim() == matrix.dim() - 1:
        return _core.squeeze(_core.linalg_solve(matrix, rhs.unsqueeze(-1)), -1)
    return _core.linalg_solve(matrix, rhs)


@_op
def eigh_tridiagonal(alpha, beta, eigvals_only=True, select="a", select_range=None, tol=None):
    """The eigenvalues of the symmetric matrix with the diagonal alpha and beta beside it; all."""
    alpha, beta = convert.require_same(convert.same((alpha, beta)), "EighTridiagonal")
    if select != "a":
        raise ValueError("eigh_tridiagonal(): select is 'a', all; slices take some")
    matrix = _core.diag_embed(alpha) + _core.diag_embed(beta, 1) + _core.diag_embed(beta, -1)
    return _core.linalg_eigvalsh(matrix) if eigvals_only else tuple(_core.linalg_eigh(matrix))


@_op
def normalize(tensor, ord="euclidean", axis=None):
    """(tensor / norm, norm)."""
    tensor = convert.tensor(tensor)
    length = norm(tensor, ord, axis, True)
    return tensor / length, length


@_op
def cross(a, b):
    """The cross products of vectors of three."""
    a, b = convert.require_same(convert.same((a, b)), "Cross")
    return _core.cross(a, b, -1)


@_op
def global_norm(t_list):
    """The square root of the sum of the squares of all elements of several tensors."""
    squares = [_core.sum(_core.square(convert.tensor(one))) for one in t_list if one is not None]
    if not squares:
        raise ValueError("global_norm(): no tensor is given")
    return _core.sqrt(_core.sum(_core.stack(squares, 0)))


from . import _linear_operators  # noqa: E402
from ._linear_operators import *  # noqa: E402, F403

__all__ = ["adjoint", "band_part", "cholesky", "cholesky_solve", "cross", "det", "diag",
           "diag_part", "eig", "eigh", "eigh_tridiagonal", "eigvals", "eigvalsh", "einsum", "eye",
           "global_norm", "inv", "l2_normalize", "logdet", "lstsq", "matmul", "matrix_rank",
           "matrix_transpose", "matvec", "norm", "normalize", "pinv", "qr", "set_diag", "slogdet",
           "solve", "sqrtm", "svd", "tensor_diag", "tensor_diag_part", "tensordot", "trace",
           "triangular_solve", "tridiagonal_matmul", "tridiagonal_solve",
           *_linear_operators.__all__]
