"""Decompositions of matrices, with NumPy's, their signs made those that the ops promise."""
import numpy as np
from scipy import linalg


def linalg_vector_norm(x, ord, dims, keepdim, dtype):
    axes = tuple(dims) or tuple(range(x.ndim))
    return np.sum(np.abs(x) ** ord, axis=axes, keepdims=keepdim) ** x.real.dtype.type(1 / ord)


def linalg_matrix_norm(A, ord, dims, keepdim):
    order = ord if ord in ("fro", "nuc") else float(ord)
    if A.size == 0 and ord in ("fro", "nuc"):
        return np.sum(A, axis=tuple(dims) or (-2, -1), keepdims=keepdim)
    return np.linalg.norm(A, order, tuple(dims) or (-2, -1), keepdim)


def solve_matrix(A, B):
    return np.linalg.solve(A, B)


def linalg_solve(A, B, left):
    if not left:
        return np.swapaxes(np.linalg.solve(np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2)), -1, -2)
    if B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1]):
        return np.linalg.solve(A, B[..., None])[..., 0]
    batch = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    return np.linalg.solve(A, np.broadcast_to(B, batch + B.shape[-2:]))


def linalg_inv(A):
    return np.linalg.inv(A)


def inverse(x):
    return np.linalg.inv(x)


def linalg_det(A):
    return np.asarray(np.linalg.det(A), A.dtype)


def det(x):
    return linalg_det(x)


def linalg_slogdet(A):
    sign, size = np.linalg.slogdet(A)
    return np.asarray(sign, A.dtype), np.asarray(size, A.real.dtype)


def slogdet(x):
    return linalg_slogdet(x)


def logdet(x):
    return np.asarray(np.log(np.linalg.det(x)), x.dtype)


def _adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def linalg_cholesky(A, upper):
    if upper:  # of which NumPy would read the other triangle
        return _adjoint(np.linalg.cholesky(_adjoint(np.triu(A))))
    return np.linalg.cholesky(A)


def linalg_cholesky_ex(A, upper):
    return linalg_cholesky(A, upper), np.zeros(A.shape[:-2], np.int32)


def cholesky(x, upper):
    return linalg_cholesky(x, upper)


def cholesky_solve(B, L, upper):
    L = np.triu(L) if upper else np.tril(L)
    return np.linalg.solve(_adjoint(L) @ L if upper else L @ _adjoint(L), B)


def cholesky_inverse(L, upper):
    return cholesky_solve(np.eye(L.shape[-1]), L, upper)


def _triangle(A, upper, unit):
    triangle = np.triu(A) if upper else np.tril(A)
    if unit:
        places = np.arange(A.shape[-1])
        triangle[..., places, places] = 1
    return triangle


def solve_triangle(A, B, upper, unitriangular):
    return np.linalg.solve(_triangle(A, upper, unitriangular), B)


def linalg_solve_triangular(A, B, upper, left, unitriangular):
    return linalg_solve(_triangle(A, upper, unitriangular), B, left)


def householder_qr(A, complete):
    k = A.shape[-2] if complete else min(A.shape[-2:])
    q = np.zeros(A.shape[:-1] + (k,), A.dtype)
    r = np.zeros(A.shape[:-2] + (k, A.shape[-1]), A.dtype)
    for at in np.ndindex(*A.shape[:-2]):
        if A[at].size == 0:
            q[at] = np.eye(A.shape[-2], k)
        else:
            q[at], r[at] = np.linalg.qr(A[at], "complete" if complete else "reduced")
    return q, r


def linalg_qr(A, mode):
    q, r = householder_qr(A, mode == "complete")
    return (np.zeros(0, A.dtype), r) if mode == "r" else (q, r)


def _phases(vectors):
    """Of the columns: that of the first of the largest elements."""
    if vectors.size == 0:
        return np.ones(vectors.shape[:-2] + (1, vectors.shape[-1]))
    largest = np.argmax(np.abs(vectors), axis=-2, keepdims=True)
    elements = np.take_along_axis(vectors, largest, -2)
    return np.where(elements == 0, 1, elements / np.where(elements == 0, 1, np.abs(elements)))


def linalg_eigh(A, UPLO):
    values, vectors = np.linalg.eigh(A, UPLO)
    return values, vectors * np.conj(_phases(vectors))


def linalg_eig(A):
    values, vectors = np.linalg.eig(A)
    return values.astype(complex), (vectors * np.conj(_phases(vectors))).astype(complex)


def linalg_eigvals(A):
    return np.linalg.eigvals(A).astype(complex)


def linalg_eigvalsh(A, UPLO):
    return np.linalg.eigvalsh(A, UPLO)


def linalg_svd(A, full_matrices):
    k = min(A.shape[-2:])
    u, s, vt = np.linalg.svd(A, full_matrices)
    phases = _phases(u[..., :, :k])
    u[..., :, :k] *= np.conj(phases)
    vt[..., :k, :] *= np.swapaxes(phases, -1, -2)
    if full_matrices and A.shape[-1] != A.shape[-2]:
        # What fills up the larger side is any basis of what is left: that of the QR of the rest.
        if A.shape[-2] > k:
            u = np.concatenate([u[:, :k], np.linalg.qr(u[:, :k], "complete")[0][:, k:]], 1)
        else:
            rest = np.linalg.qr(_adjoint(vt[:k]), "complete")[0][:, k:]
            vt = np.concatenate([vt[:k], _adjoint(rest)])
    return u, s, vt


def linalg_svdvals(A):
    return np.linalg.svd(A, compute_uv=False)


def svd(x, some):
    u, s, vt = linalg_svd(x, not some)
    return u, s, _adjoint(vt)


def linalg_pinv(A, atol, rtol):
    return np.linalg.pinv(A)


def pinverse(x, rcond):
    return np.linalg.pinv(x)


def linalg_matrix_rank(A, atol, rtol):
    if A.size == 0:
        return np.zeros(A.shape[:-2], np.int64)
    return np.asarray(np.linalg.matrix_rank(A), np.int64)


def linalg_lstsq(A, B):
    x = np.linalg.pinv(A) @ B
    left = np.sum(np.abs(A @ x - B) ** 2, -2) if A.shape[-2] > A.shape[-1] else np.zeros(0)
    return x, left, linalg_matrix_rank(A, None, None), linalg_svdvals(A)


def linalg_matrix_power(A, n):
    return np.linalg.matrix_power(A, n)


def matrix_power(x, n):
    return np.linalg.matrix_power(x, n)


def linalg_multi_dot(tensors):
    product = tensors[0]
    for tensor in tensors[1:]:
        product = product @ tensor
    return product


def _by_matrix(function, *stacks):
    """The results of `function` for each matrix of a batch, stacked."""
    batch = stacks[0].shape[:-2]
    flat = [stack.reshape((-1,) + stack.shape[len(batch):]) for stack in stacks]
    made = [function(*parts) for parts in zip(*flat)]
    return [np.stack(each).reshape(batch + each[0].shape) for each in zip(*made)]


def linalg_lu_factor(A):
    if A.size == 0:
        return A, np.zeros(A.shape[:-2] + (min(A.shape[-2:]),), np.int32)

    def factors(a):
        lu, pivots = linalg.lu_factor(a)
        return lu, (pivots + 1).astype(np.int32)

    return tuple(_by_matrix(factors, A))


def lu_unpack(LU_data, LU_pivots):
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    lower = np.tril(LU_data[..., :k], -1) + np.eye(m, k, dtype=LU_data.dtype)
    rows = np.broadcast_to(np.arange(m), LU_data.shape[:-2] + (m,)).copy()
    for place in np.ndindex(rows.shape[:-1]):
        for i, pivot in enumerate(LU_pivots[place]):
            rows[place][[i, pivot - 1]] = rows[place][[pivot - 1, i]]
    P = np.swapaxes(np.eye(m, dtype=LU_data.dtype)[rows], -1, -2)
    return P, lower, np.triu(LU_data[..., :k, :])


def linalg_lu(A):
    return lu_unpack(*linalg_lu_factor(A))


def linalg_lu_solve(LU, pivots, B, left, adjoint):
    P, L, U = lu_unpack(LU, pivots)
    A = P @ L @ U
    return linalg_solve(_adjoint(A) if adjoint else A, B, left)


def linalg_matrix_exp(A):
    return linalg.expm(A).astype(A.dtype) if A.size else A


def matrix_exp(x):
    return linalg_matrix_exp(x)


def linalg_householder_product(A, tau):
    m, n = A.shape[-2:]
    Q = np.broadcast_to(np.eye(m, n, dtype=A.dtype), A.shape)
    for i in reversed(range(tau.shape[-1])):
        v = np.tril(A, -1)[..., i:i + 1] + np.eye(m, n, dtype=A.dtype)[:, i:i + 1]
        Q = Q - tau[..., i, None, None] * v @ (_adjoint(v) @ Q)
    return Q


def linalg_tensorinv(A, ind):
    return np.linalg.tensorinv(A, ind)


def linalg_tensorsolve(A, B, dims):
    return np.linalg.tensorsolve(A, B, tuple(dims) or None)


def linalg_vander(x, N):
    N = x.shape[-1] if N is None else N
    return np.cumprod(np.concatenate([np.ones(x.shape + (1,), x.dtype),
                                      np.broadcast_to(x[..., None], x.shape + (N - 1,))], -1), -1)
