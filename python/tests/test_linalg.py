"""torch.linalg and torch.fft: against NumPy, and gradients against finite differences."""

import numpy as np
import pytest
import tenon as torch

RANDOM = np.random.default_rng(5)


def matrix(*sizes):
    return RANDOM.standard_normal(sizes)


def symmetric(n):
    x = matrix(n, n)
    return x @ x.T + n * np.eye(n)


def check_gradient(function, array):
    """Of a function that gives one number, at a float64 array."""
    x = torch.tensor(array, requires_grad=True)
    function(x).backward()
    for place in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[place] = 1e-6
        up, down = (function(torch.tensor(array + s * step)).item() for s in (1, -1))
        assert x.grad[place].item() == pytest.approx((up - down) / 2e-6, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_factors_multiply_back(n):
    a, s = torch.tensor(matrix(3, n, n)), torch.tensor(symmetric(n))
    b = torch.tensor(matrix(3, n, 2))
    np.testing.assert_allclose((a @ torch.linalg.solve(a, b)).numpy(), b.numpy(), atol=1e-9)
    q, r = torch.linalg.qr(a)
    np.testing.assert_allclose((q @ r).numpy(), a.numpy(), atol=1e-11)
    np.testing.assert_allclose((q.mT @ q).numpy(), np.broadcast_to(np.eye(n), a.shape), atol=1e-12)
    factor = torch.linalg.cholesky(s)
    np.testing.assert_allclose((factor @ factor.T).numpy(), s.numpy(), rtol=1e-12)
    values, vectors = torch.linalg.eigh(s)
    np.testing.assert_allclose((vectors * values @ vectors.T).numpy(), s.numpy(), rtol=1e-10,
                               atol=1e-10)
    np.testing.assert_allclose(values.numpy(), np.linalg.eigvalsh(s.numpy()), rtol=1e-11)
    u, d, vh = torch.linalg.svd(a)
    np.testing.assert_allclose((u * d.unsqueeze(-2) @ vh).numpy(), a.numpy(), atol=1e-11)
    np.testing.assert_allclose(torch.linalg.det(a).numpy(), np.linalg.det(a.numpy()), rtol=1e-9)


@pytest.mark.parametrize("rows, columns", [(6, 3), (3, 6), (5, 1), (1, 4)])
def test_full_and_thin_singular_vectors(rows, columns):
    a = torch.tensor(matrix(rows, columns))
    u, s, vh = torch.linalg.svd(a)
    assert u.shape == (rows, rows) and vh.shape == (columns, columns)
    np.testing.assert_allclose((u @ u.T).numpy(), np.eye(rows), atol=1e-12)
    np.testing.assert_allclose((vh @ vh.T).numpy(), np.eye(columns), atol=1e-12)
    k = min(rows, columns)
    np.testing.assert_allclose((u[:, :k] * s @ vh[:k]).numpy(), a.numpy(), atol=1e-12)
    np.testing.assert_allclose(torch.linalg.pinv(a).numpy(), np.linalg.pinv(a.numpy()), atol=1e-12)


def test_matrices_without_full_rank():
    a = torch.tensor(matrix(6, 1) @ matrix(1, 4))
    u, s, vh = torch.linalg.svd(a)
    np.testing.assert_allclose((u @ u.T).numpy(), np.eye(6), atol=1e-12)
    np.testing.assert_allclose((u[:, :4] * s @ vh).numpy(), a.numpy(), atol=1e-12)
    assert torch.linalg.matrix_rank(a).item() == 1
    assert torch.linalg.det(torch.zeros(2, 2)).item() == 0
    with pytest.raises(torch.linalg.LinAlgError, match="matrix 1 of the batch is singular"):
        torch.linalg.inv(torch.stack([torch.eye(2), torch.ones(2, 2)]))
    with pytest.raises(torch.linalg.LinAlgError, match="not positive definite"):
        torch.linalg.cholesky(-torch.eye(2))
    with pytest.raises(torch.linalg.LinAlgError, match="NaN"):
        torch.linalg.eigh(torch.full((2, 2), float("nan")))
    with pytest.raises(torch.ShapeError, match="square"):
        torch.linalg.inv(torch.zeros(2, 3))


def test_gradients_through_symmetric_matrices():
    a, weight = matrix(3, 3), torch.tensor(matrix(3, 3))
    whole = lambda x: x @ x.T + 2 * torch.eye(3, dtype=torch.float64)
    check_gradient(lambda x: (torch.linalg.cholesky(whole(x)) * weight).sum(), a)
    check_gradient(lambda x: (torch.linalg.eigh(whole(x))[1] * weight).sum(), a)
    check_gradient(lambda x: torch.linalg.eigvalsh(whole(x)).square().sum(), a)
    check_gradient(lambda x: torch.logdet(whole(x)), a)
    x = torch.tensor(symmetric(3), requires_grad=True)
    torch.linalg.cholesky(x).sum().backward()
    assert torch.allclose(x.grad, x.grad.T)


def test_norms():
    a = torch.tensor(matrix(4, 3))
    for order in (None, "fro", "nuc", 1, -1, 2, -2, float("inf")):
        assert torch.linalg.norm(a, order).item() == pytest.approx(np.linalg.norm(a.numpy(), order))
    np.testing.assert_allclose(torch.linalg.norm(a, 3, dim=0).numpy(),
                               np.linalg.norm(a.numpy(), 3, 0))
    np.testing.assert_allclose(torch.linalg.vector_norm(a, dim=1, keepdim=True).numpy(),
                               np.linalg.norm(a.numpy(), 2, 1, True))
    assert torch.linalg.cond(a).item() == pytest.approx(np.linalg.cond(a.numpy()))


def test_least_squares_and_chains():
    a, b = torch.tensor(matrix(6, 3)), torch.tensor(matrix(6))
    solution, left, rank, values = torch.linalg.lstsq(a, b)
    expected = np.linalg.lstsq(a.numpy(), b.numpy(), rcond=None)
    np.testing.assert_allclose(solution.numpy(), expected[0], rtol=1e-10)
    np.testing.assert_allclose(left.numpy(), expected[1], rtol=1e-10)
    assert rank.item() == 3 and values.shape == (3,)
    chain = [torch.tensor(matrix(4, 3)), torch.tensor(matrix(3, 5)), torch.tensor(matrix(5, 2))]
    np.testing.assert_allclose(torch.linalg.multi_dot(chain).numpy(),
                               np.linalg.multi_dot([x.numpy() for x in chain]))
    half = torch.linalg.matrix_power(torch.tensor(symmetric(3)), -2)
    assert half.shape == (3, 3)


@pytest.mark.parametrize("n", [1, 2, 3, 16, 30, 53, 97, 121, 1000, 1009])
def test_fourier_transforms_of_any_length(n):
    x = matrix(2, n) + 1j * matrix(2, n)
    y = torch.fft.fft(torch.tensor(x))
    np.testing.assert_allclose(y.numpy(), np.fft.fft(x), atol=1e-11 * n)
    np.testing.assert_allclose(torch.fft.ifft(y).numpy(), x, atol=1e-12)
    half = torch.fft.rfft(torch.tensor(x.real))
    np.testing.assert_allclose(half.numpy(), np.fft.rfft(x.real), atol=1e-11 * n)
    np.testing.assert_allclose(torch.fft.irfft(half, n).numpy(), x.real, atol=1e-12)


def test_fourier_forms():
    x = matrix(4, 6)
    t = torch.tensor(x)
    np.testing.assert_allclose(torch.fft.fft2(t).numpy(), np.fft.fft2(x), atol=1e-12)
    np.testing.assert_allclose(torch.fft.rfft2(t, norm="ortho").numpy(),
                               np.fft.rfft2(x, norm="ortho"))
    np.testing.assert_allclose(torch.fft.irfft2(torch.fft.rfft2(t)).numpy(), x, atol=1e-12)
    np.testing.assert_allclose(torch.fft.fftn(t, s=(3, 8)).numpy(), np.fft.fftn(x, (3, 8)),
                               atol=1e-12)
    np.testing.assert_allclose(torch.fft.fftfreq(5, d=0.1).numpy(), np.fft.fftfreq(5, 0.1))
    np.testing.assert_array_equal(torch.fft.fftshift(t).numpy(), np.fft.fftshift(x))
    check_gradient(lambda v: torch.fft.rfft(v).abs().square().sum(), matrix(5))
    with pytest.raises(torch.ValueError, match="norm"):
        torch.fft.fft(t, norm="other")


def test_short_time_transforms_invert():
    x, window = torch.tensor(matrix(2, 100)), torch.hann_window(16, dtype=torch.float64)
    spectra = torch.stft(x, 16, 4, window=window, return_complex=True)
    assert spectra.shape == (2, 9, 26) and spectra.is_complex()
    back = torch.istft(spectra, 16, 4, window=window, length=100)
    np.testing.assert_allclose(back.numpy(), x.numpy(), atol=1e-12)
    assert torch.stft(x[0], 16, return_complex=False).shape == (9, 26, 2)
