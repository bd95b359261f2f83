"""Factorisations and what follows from them, dtype by dtype: held against NumPy where there is one
answer, else multiplied back."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import COMPLEX, FLOATS, assert_same, name_of, same, strict

DTYPES = FLOATS + COMPLEX


def matrix(dtype, *shape, seed=0):
    generator = np.random.default_rng(seed)
    made = generator.standard_normal(shape)
    if dtype in COMPLEX:
        made = made + 1j * generator.standard_normal(shape)
    return made.astype(dtype)


def hermitian(dtype, *shape):
    """Positive definite, too."""
    x = matrix(dtype, *shape)
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(shape[-1], dtype=dtype)


def close(mine, expected, dtype):
    tolerance = 1e-4 if dtype in ("float32", "complex64") else 1e-11
    np.testing.assert_allclose(mine.numpy(), np.asarray(expected), tolerance, tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_has_one_answer(dtype):
    square, wide = matrix(dtype, 2, 4, 4), matrix(dtype, 2, 3, 5)
    for name in "det", "inv", "pinv", "svdvals", "matrix_rank", "slogdet":
        same("linalg." + name, square, ulps=2000)
    for name in "pinv", "svdvals", "matrix_rank":
        same("linalg." + name, wide, ulps=500)
        same("linalg." + name, np.swapaxes(wide, -1, -2), ulps=500)
    same("linalg.matrix_rank", np.ones((3, 3), dtype))
    same("linalg.matrix_rank", square, rtol=0.4)
    same("linalg.matrix_rank", square, rtol=np.array([0.1, 0.4], square.real.dtype))
    same("linalg.pinv", square, rtol=np.array([0.1, 0.4], square.real.dtype), ulps=500)
    same("linalg.cholesky", hermitian(dtype, 2, 4, 4), ulps=500)
    same("linalg.eigvalsh", hermitian(dtype, 2, 4, 4), ulps=500)
    for n in 0, 1, 3, -2:
        same("linalg.matrix_power", square, n, ulps=5000)
    for order in "fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"):
        for keepdims in False, True:
            same("linalg.matrix_norm", wide, ord=order, keepdims=keepdims, ulps=500)


@pytest.mark.parametrize("dtype", DTYPES)
def test_solve(dtype):
    a, b = matrix(dtype, 2, 4, 4), matrix(dtype, 2, 4, 3, seed=1)
    same("linalg.solve", a, b, ulps=2000)
    same("linalg.solve", a, b[0], ulps=2000)
    same("linalg.solve", a[0], b[0, :, 0], ulps=2000)
    same("linalg.solve", a, b[0, :, 0], ulps=2000)
    same("linalg.solve", a[0], b, ulps=2000)


@pytest.mark.parametrize("dtype", DTYPES)
def test_factors_multiply_back(dtype):
    square, tall = matrix(dtype, 2, 4, 4), matrix(dtype, 5, 3)
    positive = hermitian(dtype, 4, 4)
    upper = xp.linalg.cholesky(tenon.tensor(positive), upper=True)
    close(upper.mH @ upper, positive, dtype)
    for x in square, tall, tall.T.copy():
        for mode in "reduced", "complete":
            q, r = xp.linalg.qr(tenon.tensor(x), mode=mode)
            close(q @ r, x, dtype)
            assert_same(q.dtype, getattr(strict, dtype))
        for full in False, True:
            u, s, vh = xp.linalg.svd(tenon.tensor(x), full_matrices=full)
            k = s.shape[-1]
            close(u[..., :k] * s.unsqueeze(-2) @ vh[..., :k, :], x, dtype)
    values, vectors = xp.linalg.eigh(tenon.tensor(positive))
    close(vectors * values @ vectors.mH, positive, dtype)
    assert name_of(values.dtype) == positive.real.dtype.name
    values, vectors = xp.linalg.eig(tenon.tensor(square))
    wide = tenon.tensor(square).to(values.dtype)
    close(wide @ vectors, (vectors * values.unsqueeze(-2)).numpy(), dtype)
    for own, other in zip(xp.linalg.eigvals(tenon.tensor(square)), np.linalg.eigvals(square)):
        own = own.numpy()
        assert all(np.abs(own - value).min() < 1e-4 for value in other)


@pytest.mark.parametrize("name, fields", [
    ("eig", ("eigenvalues", "eigenvectors")), ("eigh", ("eigenvalues", "eigenvectors")),
    ("qr", ("Q", "R")), ("slogdet", ("sign", "logabsdet")), ("svd", ("U", "S", "Vh"))])
def test_named_results(name, fields):
    result = getattr(xp.linalg, name)(tenon.eye(2))
    assert result._fields == fields and isinstance(result, tuple)
