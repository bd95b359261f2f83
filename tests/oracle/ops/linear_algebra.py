"""Products of matrices and vectors."""
import numpy as np


def matmul(a, b):
    return np.matmul(a, b)


def linear(x, weight, bias):
    y = np.tensordot(x, weight, axes=([x.ndim - 1], [weight.ndim - 1]))
    return y if bias is None else y + bias


def outer(a, b):
    return a[:, None] * b[None, :]


def dot(a, b):
    return np.sum(a * b, dtype=a.dtype)


def mm(input, mat2):
    return input @ mat2


def bmm(input, mat2):
    return input @ mat2


def mv(input, vec):
    return input @ vec


def inner(a, b):
    return np.inner(a, b)


def _added(input, product, beta, alpha):
    return np.asarray(beta, input.dtype) * input + np.asarray(alpha, input.dtype) * product


def addmm(input, mat1, mat2, beta, alpha):
    return _added(input, mat1 @ mat2, beta, alpha)


def addmv(input, mat, vec, beta, alpha):
    return _added(input, mat @ vec, beta, alpha)


def addr(input, vec1, vec2, beta, alpha):
    return _added(input, np.outer(vec1, vec2), beta, alpha)


def baddbmm(input, batch1, batch2, beta, alpha):
    return _added(input, batch1 @ batch2, beta, alpha)


def addbmm(input, batch1, batch2, beta, alpha):
    return _added(input, np.sum(batch1 @ batch2, axis=0, dtype=input.dtype), beta, alpha)


def einsum(equation, operands):
    return np.einsum(equation, *operands)


def tensordot(a, b, dims_a, dims_b):
    return np.tensordot(a, b, (dims_a, dims_b))


def kron(a, b):
    return np.kron(a, b)


def cross(a, b, dim):
    return np.cross(a, b, axis=list(a.shape).index(3) if dim is None else dim)


def trace(x):
    return np.trace(x, dtype=np.int64 if x.dtype.kind in "bi" else x.dtype)


def cdist(x1, x2, p):
    apart = np.abs(x1[..., :, None, :] - x2[..., None, :, :])
    return np.sum(apart**p, -1) ** x1.dtype.type(1 / p)


def pdist(input, p):
    rows, others = np.triu_indices(len(input), 1)
    return np.sum(np.abs(input[rows] - input[others]) ** p, -1) ** input.dtype.type(1 / p)


def bilinear(input1, input2, weight, bias):
    y = np.einsum("...i,oij,...j->...o", input1, weight, input2)
    return y if bias is None else y + bias
