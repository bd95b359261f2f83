"""Products and decompositions of matrices."""

from ... import _core
from ._base import dims_of, floats, names_of, op, promoted, tensor


def _square(x, call):
    x = floats(x)
    if x.dim() < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{call}() takes square matrices (..., N, N), not {tuple(x.shape)}")
    return x


@op
def matmul(x1, x2):
    """The products of matrices."""
    return _core.matmul(*promoted((x1, x2)))


@op
def dot(x1, x2):
    """The sums over the last axis of x1 and the last but one of x2."""
    x1, x2 = promoted((x1, x2))
    if not x1.dim() or not x2.dim():
        return x1 * x2
    if x2.dim() == 1:
        return _core.tensordot(x1, x2, [x1.dim() - 1], [0])
    return _core.tensordot(x1, x2, [x1.dim() - 1], [x2.dim() - 2])


@op
def vdot(x1, x2):
    """The sum of the products of all elements, of complex x1 conjugated."""
    x1, x2 = promoted((x1, x2))
    x1 = _core.conj(x1) if x1.is_complex() else x1
    return _core.sum(x1.reshape(-1) * x2.reshape(-1), None, False, x1.dtype)


@op
def inner(x1, x2):
    """The sums over the last axes of both."""
    x1, x2 = promoted((x1, x2))
    if not x1.dim() or not x2.dim():
        return x1 * x2
    return _core.tensordot(x1, x2, [x1.dim() - 1], [x2.dim() - 1])


@op
def outer(x1, x2):
    """Each element of x1 times each of x2."""
    x1, x2 = promoted((x1, x2))
    return x1.reshape((-1, 1)) * x2.reshape((1, -1))


@op
def kron(x1, x2):
    """x1 with each element times x2 in its place."""
    return _core.kron(*promoted((x1, x2)))


@op
def tensordot(x1, x2, axes=2):
    """The sums over pairs of axes: the last of x1 and the first of x2, or those listed."""
    x1, x2 = promoted((x1, x2))
    if isinstance(axes, int):
        first, second = list(range(x1.dim() - axes, x1.dim())), list(range(axes))
    else:
        first, second = ([one] if isinstance(one, int) else list(one) for one in axes)
    return _core.tensordot(x1, x2, first, second)


@op
def einsum(subscripts, *operands, **kwargs):
    """The sums that Einstein's notation says."""
    return _core.einsum(subscripts, promoted(operands))


@op
def cholesky(x, upper=False):
    """The triangle L with L L^T = x, or its transpose."""
    return _core.linalg_cholesky(_square(x, "cholesky"), upper)


@op
def cholesky_inverse(x, upper=False):
    """The inverse of the matrix of which this is the triangle."""
    return _core.cholesky_inverse(_square(x, "cholesky_inverse"), upper)


@op
def det(x):
    """The determinants."""
    return _core.linalg_det(_square(x, "det"))


@op
def slogdet(x):
    """(signs, logarithms of the sizes) of the determinants."""
    return tuple(_core.linalg_slogdet(_square(x, "slogdet")))


@op
def logdet(x):
    """The logarithms of the determinants of positive definite matrices."""
    return _core.logdet(_square(x, "logdet"))


@op
def inv(x):
    """The inverses."""
    return _core.linalg_inv(_square(x, "inv"))


@op
def pinv(x, rcond=None):
    """The pseudo-inverses; singular values up to rcond times the largest count as 0."""
    x = floats(x)
    if rcond is None:
        return _core.linalg_pinv(x)
    return _core.linalg_pinv(x, rtol=float(rcond))


@op
def matrix_rank(x, tol=None):
    """How many singular values are above `tol`."""
    x = floats(x)
    if x.dim() < 2:
        return _core.any(x != 0).to(_core.int32)
    if tol is None:
        return _core.linalg_matrix_rank(x).to(_core.int32)
    return _core.sum(_core.linalg_svdvals(x) > tensor(tol).unsqueeze(-1), (-1,), False, _core.int32)


@op
def eig(x):
    """(eigenvalues, eigenvectors), complex."""
    return tuple(_core.linalg_eig(_square(x, "eig")))


@op
def eigh(x):
    """(eigenvalues in ascending order, eigenvectors) of symmetric matrices."""
    return tuple(_core.linalg_eigh(_square(x, "eigh")))


@op
def qr(x, mode="reduced"):
    """(Q, R), Q with orthonormal columns, R upper triangles."""
    if mode not in ("reduced", "complete"):
        raise ValueError("`mode` argument value not supported. Expected one of {'reduced', "
                         f"'complete'}}. Received: mode={mode}")
    return tuple(_core.linalg_qr(floats(x), mode))


@op
def svd(x, full_matrices=True, compute_uv=True):
    """(U, S, V^T), or S alone."""
    if not compute_uv:
        return _core.linalg_svdvals(floats(x))
    return tuple(_core.linalg_svd(floats(x), full_matrices))


@op
def solve(a, b):
    """X with a X = b."""
    a, b = promoted((a, b))
    return _core.linalg_solve(_square(a, "solve"), floats(b))


@op
def solve_triangular(a, b, lower=False):
    """X with a X = b, of triangles a."""
    a, b = promoted((a, b))
    a, b = _square(a, "solve_triangular"), floats(b)
    if b.dim() == a.dim() - 1:
        return _core.linalg_solve_triangular(a, b.unsqueeze(-1), upper=not lower).squeeze(-1)
    return _core.linalg_solve_triangular(a, b, upper=not lower)


@op
def lstsq(a, b, rcond=None):
    """X that makes a X - b smallest."""
    a, b = map(floats, promoted((a, b)))
    if a.dim() != 2 or b.dim() not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(f"Leading dimensions of input arrays must match: a of shape "
                         f"{tuple(a.shape)}, b of shape {tuple(b.shape)}")
    return (pinv(a, rcond) @ (b if b.dim() == 2 else b.unsqueeze(1))).reshape(
        (a.shape[1], *b.shape[1:]))


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors along an axis, of matrices along two, of all elements without one."""
    x, dims = floats(x), dims_of(axis)
    if dims is None:
        if ord is None:
            made = _core.linalg_vector_norm(x, 2)
            return made.reshape([1] * x.dim()) if keepdims else made
        dims = tuple(range(x.dim()))
    if len(dims) == 1:
        if isinstance(ord, str):
            raise ValueError(f"Invalid `ord` argument for vector norm. Received: ord={ord}")
        return _core.linalg_vector_norm(x, 2 if ord is None else ord, dims, keepdims)
    if len(dims) != 2:
        raise ValueError(f"Invalid axis values. Received: axis={axis}")
    return _matrix_norm(x, "fro" if ord is None else ord, dims, keepdims)


def _matrix_norm(x, ord, dims, keepdims):
    rows, columns = (one % x.dim() for one in dims)
    if ord == "fro":
        return _core.linalg_vector_norm(x, 2, dims, keepdims)
    if ord in ("nuc", 2, -2):
        x = x.movedim((rows, columns), (-2, -1))
        values = _core.linalg_svdvals(x)
        made = (_core.sum(values, (-1,)) if ord == "nuc" else _core.amax(values, (-1,)) if ord == 2
                else _core.amin(values, (-1,)))
        for one in sorted((rows, columns)) if keepdims else ():
            made = made.unsqueeze(one)
        return made
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise ValueError(f"Invalid `ord` argument for matrix norm. Received: ord={ord}")
    summed, left = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = _core.sum(_core.abs(x), (summed,), True)
    made = (_core.amax if ord > 0 else _core.amin)(sums, (left,), True)
    return made if keepdims else made.squeeze((rows, columns))


@op
def cdist(x, y):
    """The distance of each row of x to each row of y."""
    return _core.cdist(*map(floats, promoted((x, y))))


__all__ = names_of(globals())
