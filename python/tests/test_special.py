"""torch.special and what else came with it, against SciPy and NumPy."""

import numpy as np
import pytest
import tenon as torch

special = pytest.importorskip("scipy.special")
RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize("name, scipys, low, high", [
    ("i0", "i0", -9, 40), ("i0e", "i0e", -90, 90), ("i1", "i1", -9, 40), ("i1e", "i1e", -90, 90),
    ("ndtr", "ndtr", -9, 9), ("log_ndtr", "log_ndtr", -50, 9), ("ndtri", "ndtri", 1e-12, 1),
    ("erfcx", "erfcx", -4, 60), ("entr", "entr", -1, 5), ("expit", "expit", -9, 9),
    ("gammaln", "gammaln", 0.1, 20), ("sinc", "sinc", -3, 3), ("bessel_j0", "j0", -60, 60),
    ("bessel_j1", "j1", -60, 60), ("bessel_y0", "y0", 1e-3, 60), ("bessel_y1", "y1", 1e-3, 60),
    ("modified_bessel_k0", "k0", 1e-3, 50), ("modified_bessel_k1", "k1", 1e-3, 50),
    ("scaled_modified_bessel_k0", "k0e", 1e-3, 90),
    ("scaled_modified_bessel_k1", "k1e", 1e-3, 90)])
def test_functions_of_one_number(name, scipys, low, high):
    function = getattr(torch.special, name)
    x = np.concatenate([np.linspace(low, high, 201), [0.0, 1.0]])
    want = np.sinc(x) if name == "sinc" else getattr(special, scipys)(x)
    np.testing.assert_allclose(function(torch.tensor(x)).numpy(), want, rtol=3e-12, atol=1e-14)
    single = function(torch.tensor(x, dtype=torch.float32)).double().numpy()
    with np.errstate(all="ignore"):
        wanted = np.sinc(np.float32(x)) if name == "sinc" else \
            getattr(special, scipys)(np.float32(x).astype("float64"))
    np.testing.assert_allclose(single, wanted, rtol=3e-5, atol=1e-6)


def test_edges():
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([0.0, 1.0, -0.1, 1.1, nan])
    np.testing.assert_array_equal(torch.special.ndtri(x).numpy(), [-inf, inf, nan, nan, nan])
    np.testing.assert_array_equal(torch.special.entr(torch.tensor([0.0, -1.0])).numpy(), [0, -inf])
    np.testing.assert_array_equal(torch.fmax(x, torch.tensor(nan)).numpy(), x.numpy())
    np.testing.assert_array_equal(torch.fmin(torch.tensor(nan), torch.tensor(2.0)).item(), 2)
    assert torch.special.xlog1py(torch.tensor(0.0), torch.tensor(-1.0)).item() == 0
    assert torch.ldexp(torch.tensor([1, 3]), torch.tensor([4, -1])).tolist() == [16, 1.5]
    assert torch.special.multigammaln(torch.tensor(3.0, dtype=torch.float64), 2).item() == \
        pytest.approx(special.multigammaln(3, 2))


def test_bessel_functions_beyond_their_usual_arguments():
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([-1.0, nan, inf], dtype=torch.float64)
    for name in "bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1":
        np.testing.assert_array_equal(getattr(torch.special, name)(x).numpy(), [nan, nan, 0])
    x = torch.tensor([-inf, inf, nan, 0], dtype=torch.float64)
    np.testing.assert_allclose(torch.special.bessel_j0(x).numpy(), [0, 0, nan, 1], rtol=1e-15)
    np.testing.assert_array_equal(torch.special.spherical_bessel_j0(x).numpy(), [0, 0, nan, 1])
    # By mpmath, in 30 digits; SciPy loses those of x.
    far = torch.special.bessel_j1(torch.tensor([1e3, 1e6, 1e9], dtype=torch.float64)).numpy()
    wanted = [0.00472831190708952392, -0.000725968356813763042, -5.2104226415538778e-6]
    np.testing.assert_allclose(far, wanted, rtol=1e-12)
    near = torch.tensor([0.0, 1e-9, 1e-4, 0.3, 0.7, 9.0], dtype=torch.float64, requires_grad=True)
    torch.special.spherical_bessel_j0(near).sum().backward()
    np.testing.assert_allclose(near.grad.numpy(),
                               special.spherical_jn(0, near.detach().numpy(), derivative=True),
                               rtol=1e-12)


def test_incomplete_gamma_functions():
    a = np.array([1e-9, 1e-3, 0.1, 0.5, 1, 2.5, 10, 17, 60, 250, 1e3, 2e4])[:, None]
    x = a * np.array([1e-3, 0.1, 0.5, 0.8, 0.97, 1, 1.03, 1.3, 2, 8]) + \
        np.array([0, 1e-8, 1e-3, 0, 0, 0, 0, 0, 0.4, 1])
    # SciPy's own digits end at some 1e-13 of the exponent.
    for ours, theirs in (("gammainc", special.gammainc), ("gammaincc", special.gammaincc)):
        got = getattr(torch.special, ours)(torch.tensor(a), torch.tensor(x)).numpy()
        np.testing.assert_allclose(got, theirs(a, x), rtol=2e-11, atol=1e-290)
    large, step = 1e5, 1e5**0.5
    below = torch.special.gammainc(torch.tensor([large - 1e-6, large], dtype=torch.float64),
                                   torch.tensor(large - 2 * step, dtype=torch.float64))
    np.testing.assert_allclose(below[0].item(), below[1].item(), rtol=1e-8)  # two ways, one number
    np.testing.assert_allclose(below[1].item(), special.gammainc(large, large - 2 * step),
                               rtol=1e-11)
    inf, nan = float("inf"), float("nan")
    a, x = torch.tensor([[0.0, 0, -1, 1, 2, 2, inf, inf], [0, 1, 1, -1, 0, inf, 1, inf]])
    np.testing.assert_array_equal(torch.igamma(a, x).numpy(), [nan, 1, nan, nan, 0, 1, 0, nan])
    np.testing.assert_array_equal(torch.igammac(a, x).numpy(), [nan, 0, nan, nan, 1, 0, 1, nan])
    with pytest.raises(torch.ValueError, match="no gradient of `a`"):
        torch.igamma(torch.tensor(2.0, requires_grad=True), torch.tensor(1.0)).backward()


def test_zeta():
    s, q = np.array([1.0, 1.5, 2, 3, 8, 25])[:, None], np.array([0.1, 0.5, 1, 2, 7.3, 40, 1e5])
    got = torch.special.zeta(torch.tensor(s), torch.tensor(q)).numpy()
    np.testing.assert_allclose(got, special.zeta(s, q), rtol=3e-14)
    assert torch.special.zeta(2, torch.tensor(1.0, dtype=torch.float64)).item() == \
        pytest.approx(np.pi**2 / 6, rel=1e-15)
    below = np.array([-0.5, -3.25, -17.999])
    for order in 2, 3:
        want = special.zeta(order, below + 30) + sum((below + k)**-order for k in range(30))
        got = torch.special.zeta(order, torch.tensor(below)).numpy()
        np.testing.assert_allclose(got, want, rtol=1e-12)
    edges = torch.special.zeta(torch.tensor([0.5, 1, 2, 2, 2.5]), torch.tensor([1, 1, 0, -3, -0.5]))
    np.testing.assert_array_equal(edges.numpy(), [np.nan, np.inf, np.inf, np.inf, np.nan])
    x = torch.tensor([-0.5, -1.3], dtype=torch.float64)
    np.testing.assert_allclose(torch.special.polygamma(2, x).numpy(),
                               special.polygamma(2, x.numpy()), rtol=1e-12)


def test_divisors_and_parts_of_numbers():
    a, b = RANDOM.integers(-90, 90, (2, 50)), RANDOM.integers(-90, 90, (2, 50))
    for name in "gcd", "lcm":
        got = getattr(torch, name)(torch.tensor(a), torch.tensor(b)).numpy()
        np.testing.assert_array_equal(got, getattr(np, name)(a, b))
    assert torch.tensor([12, 7]).gcd_(torch.tensor(8)).tolist() == [4, 1]
    least = torch.tensor([-128, 0], dtype=torch.int8)
    assert torch.gcd(least, torch.tensor([96, 0], dtype=torch.int8)).tolist() == [32, 0]
    x = np.array([0.0, -0.0, 1, -6.5, 3e-310, 1e300, np.inf, np.nan])
    mantissa, exponent = torch.frexp(torch.tensor(x))
    wanted, power = np.frexp(x)
    np.testing.assert_array_equal(mantissa.numpy(), wanted)
    np.testing.assert_array_equal(exponent.numpy()[:-2], power[:-2])
    assert exponent.dtype is torch.int32 and exponent.tolist()[-2:] == [0, 0]
    x = torch.tensor([3.0, -0.1], requires_grad=True)
    torch.frexp(x).mantissa.sum().backward()
    assert x.grad.tolist() == [0.25, 8]


def test_gradient():
    x = RANDOM.standard_normal((4, 5, 6))
    given = torch.tensor(x)
    for ours, numpys in [({}, {}), ({"dim": 1}, {"axis": 1}), ({"dim": (2, 0)}, {"axis": (2, 0)}),
                         ({"spacing": 0.5, "edge_order": 2}, {"edge_order": 2}),
                         ({"spacing": [2, 3], "dim": [0, -1]}, {"axis": (0, -1)})]:
        spacing = ours.get("spacing", 1)
        spacing = spacing if isinstance(spacing, list) else [spacing]
        got, want = torch.gradient(given, **ours), np.gradient(x, *spacing, **numpys)
        want = want if isinstance(want, (list, tuple)) else [want]
        assert isinstance(got, tuple) and len(got) == len(want)
        for one, other in zip(got, want):
            np.testing.assert_allclose(one.numpy(), other, rtol=1e-12, atol=1e-14)
    places = [np.sort(RANDOM.standard_normal(n)) for n in x.shape]
    for order in 1, 2:
        got = torch.gradient(given, spacing=[torch.tensor(line) for line in places],
                             edge_order=order)
        for one, other in zip(got, np.gradient(x, *places, edge_order=order)):
            np.testing.assert_allclose(one.numpy(), other, rtol=1e-9, atol=1e-12)
    assert torch.gradient(torch.tensor([1, 4, 9]))[0].tolist() == [3, 4, 5]
    with pytest.raises(torch.ShapeError, match="at least 2 elements along dim 0"):
        torch.gradient(torch.zeros(1))


def test_histograms_of_points():
    x, weight = RANDOM.standard_normal((40, 2)), RANDOM.random(40)
    for bins, range_ in [(3, None), ([2, 4], None), ([3, 2], [-1.0, 1.5, -0.5, 2.0])]:
        got = torch.histogramdd(torch.tensor(x), bins, range=range_, density=True,
                                weight=torch.tensor(weight))
        parts = None if range_ is None else [range_[:2], range_[2:]]
        wanted, edges = np.histogramdd(x, bins, parts, True, weight)
        np.testing.assert_allclose(got.hist.numpy(), wanted, rtol=1e-12)
        for one, other in zip(got.bin_edges, edges):
            np.testing.assert_allclose(one.numpy(), other, rtol=1e-12)
    lines = [np.array([-1, 0, 0.5, 2]), np.array([-2.0, 0, 2])]
    got = torch.histogramdd(torch.tensor(x), [torch.tensor(line) for line in lines])
    np.testing.assert_array_equal(got.hist.numpy(), np.histogramdd(x, lines)[0])
    with pytest.raises(TypeError, match="so do bins"):
        torch.histogramdd(torch.tensor(x), got.bin_edges, range=[0.0, 1, 0, 1])


def test_factors_of_what_may_not_be_positive_definite():
    A = torch.tensor([[[4.0, 2.0], [2.0, 3.0]], [[1.0, 2.0], [2.0, 1.0]]], dtype=torch.float64)
    for upper in False, True:
        L, info = torch.linalg.cholesky_ex(A, upper=upper)
        assert info.tolist() == [0, 2] and info.dtype is torch.int32
        np.testing.assert_array_equal(L[0].numpy(),
                                      torch.linalg.cholesky(A[0], upper=upper).numpy())
        assert L[1].isnan().all()
    with pytest.raises(torch.linalg.LinAlgError, match="not positive definite: info is .0, 2."):
        torch.linalg.cholesky_ex(A, check_errors=True)
    x = A[0].clone().requires_grad_()
    torch.linalg.cholesky_ex(x).L.sum().backward()
    y = A[0].clone().requires_grad_()
    torch.linalg.cholesky(y).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())


@pytest.mark.parametrize("sizes", [(4, 4), (2, 3, 3), (3, 5), (5, 3), (0, 0), (40, 40)])
def test_lu_factors(sizes):
    A = torch.tensor(RANDOM.standard_normal(sizes))
    P, L, U = torch.linalg.lu(A)
    np.testing.assert_allclose((P @ L @ U).numpy(), A.numpy(), atol=1e-12)
    LU, pivots, info = torch.lu(A, get_infos=True)
    assert pivots.dtype is torch.int32 and not info.any()
    for part, same in zip(torch.lu_unpack(LU, pivots), (P, L, U)):
        np.testing.assert_array_equal(part.numpy(), same.numpy())
    assert torch.lu_unpack(LU, pivots, unpack_data=False)[1].shape == (0,)
    if sizes[-1] == sizes[-2] > 0:
        b = torch.tensor(RANDOM.standard_normal((*sizes[:-1], 2)))
        x = torch.lu_solve(b, LU, pivots)
        np.testing.assert_allclose((A @ x).numpy(), b.numpy(), atol=1e-9)
        x = torch.linalg.lu_solve(LU, pivots, b.mT, left=False, adjoint=True)
        np.testing.assert_allclose((x @ A.mT).numpy(), b.mT.numpy(), atol=1e-9)
    with pytest.raises(ValueError, match="without pivoting"):
        torch.linalg.lu(A, pivot=False)


def test_what_may_be_singular():
    A = torch.tensor([[[2.0, 1.0], [1.0, 3.0]], [[1.0, 2.0], [2.0, 4.0]]])
    inverse, info = torch.linalg.inv_ex(A)
    assert info.tolist() == [0, 2]
    np.testing.assert_allclose((inverse[0] @ A[0]).numpy(), np.eye(2), atol=1e-6)
    result, info = torch.linalg.solve_ex(A[0], torch.tensor([1.0, 2.0]))
    np.testing.assert_allclose((A[0] @ result).numpy(), [1, 2], rtol=1e-6)
    with pytest.raises(torch.linalg.LinAlgError, match="singular: info is .0, 2."):
        torch.linalg.inv_ex(A, check_errors=True)


def test_linear_algebra_of_tensors():
    A = RANDOM.standard_normal((2, 3, 6))
    np.testing.assert_allclose(torch.linalg.tensorinv(torch.tensor(A)).numpy(),
                               np.linalg.tensorinv(A), rtol=1e-9)
    B = RANDOM.standard_normal((2, 3))
    np.testing.assert_allclose(torch.linalg.tensorsolve(torch.tensor(A), torch.tensor(B)).numpy(),
                               np.linalg.tensorsolve(A, B), rtol=1e-9)
    x = torch.tensor([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(torch.linalg.vander(x).numpy(), np.vander([1, 2, 3], None, True))
    assert torch.linalg.vander(x, N=2).tolist() == [[1, 1], [1, 2], [1, 3]]
    generator = torch.tensor([[0.0, -0.5], [0.5, 0.0]], dtype=torch.float64)
    np.testing.assert_allclose(torch.matrix_exp(generator * 40).numpy(),
                               [[np.cos(20), -np.sin(20)], [np.sin(20), np.cos(20)]], atol=1e-12)
    assert torch.matrix_exp(torch.full((2, 2), float("inf"))).isnan().all()


def test_statistics():
    x = RANDOM.standard_normal((3, 9))
    np.testing.assert_allclose(torch.cov(torch.tensor(x)).numpy(), np.cov(x), rtol=1e-12)
    np.testing.assert_allclose(torch.tensor(x).corrcoef().numpy(), np.corrcoef(x), rtol=1e-12)
    z = x + 1j * RANDOM.standard_normal((3, 9))
    np.testing.assert_allclose(torch.cov(torch.tensor(z)).numpy(), np.cov(z), rtol=1e-12)
    for bins, range_ in (5, None), (4, (-1.0, 0.5)):
        counts, edges = torch.tensor(x).histogram(bins, range=range_, density=True)
        wanted, wanted_edges = np.histogram(x, bins, range_, density=True)
        np.testing.assert_allclose(counts.numpy(), wanted, rtol=1e-12)
        np.testing.assert_allclose(edges.numpy(), wanted_edges, rtol=1e-12)
    edges = np.array([-1.0, 0.0, 0.25, 2.0])
    counts = torch.histogram(torch.tensor(x), torch.tensor(edges)).hist
    np.testing.assert_array_equal(counts.numpy(), np.histogram(x, edges)[0])
    rows = torch.nn.functional.pdist(torch.tensor(x))
    assert rows.shape == (3,) and rows[0].item() == pytest.approx(np.linalg.norm(x[0] - x[1]))
    weights = torch.tensor(x).renorm(2, 0, 1.0)
    np.testing.assert_allclose(weights.norm(dim=1).numpy(), 1, atol=1e-6)


def complex_numbers(*sizes):
    return RANDOM.standard_normal(sizes) + 1j * RANDOM.standard_normal(sizes)


def test_complex_convolutions():
    x, w, b = complex_numbers(2, 3, 9), complex_numbers(4, 3, 3), complex_numbers(4)
    F = torch.nn.functional
    got = F.conv1d(torch.tensor(x), torch.tensor(w), torch.tensor(b), padding=1)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, 2)
    want = np.einsum("nclk,ock->nol", windows, w) + b[:, None]
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-12)
    module = torch.nn.Conv2d(2, 3, 3, dtype=torch.complex64)
    assert module(torch.randn(1, 2, 5, 5, dtype=torch.complex64)).dtype is torch.complex64
    wide = torch.tensor(complex_numbers(1, 2, 4, 4))
    up = F.conv_transpose2d(wide, torch.tensor(complex_numbers(2, 3, 2, 2)), stride=2)
    assert up.shape == (1, 3, 8, 8) and up.is_complex()


def test_complex_functions_and_random_numbers():
    z = torch.tensor(complex_numbers(50))
    np.testing.assert_allclose(torch.nn.functional.silu(z).numpy(),
                               z.numpy() / (1 + np.exp(-z.numpy())), rtol=1e-12)
    np.testing.assert_allclose(torch.logaddexp(z, z * 2).numpy(),
                               np.log(np.exp(z.numpy()) + np.exp(2 * z.numpy())), rtol=1e-11)
    assert torch.nn.functional.l1_loss(z, z + 3j).item() == pytest.approx(3)
    torch.manual_seed(0)
    normal = torch.empty(4000, dtype=torch.complex64).normal_(0, 2)
    assert normal.real.std().item() == pytest.approx(2**0.5, rel=0.1)
    uniform = torch.empty(4000, dtype=torch.complex64).uniform_(1, 3)
    assert uniform.real.min() >= 1 and uniform.imag.max() < 3 and uniform.imag.std() > 0.5
    dropped = torch.nn.functional.dropout(z, 0.5)
    assert ((dropped == 0) | ((dropped - 2 * z).abs() < 1e-12)).all() and (dropped == 0).any()


def test_short_time_transforms_of_complex_signals():
    z = torch.tensor(complex_numbers(64))
    window = torch.hann_window(16, dtype=torch.float64)
    spectra = torch.stft(z, 16, 4, window=window)
    assert spectra.shape == (16, 17)
    again = torch.istft(spectra, 16, 4, window=window, return_complex=True)
    np.testing.assert_allclose(again.numpy(), z.numpy(), atol=1e-12)
    with pytest.raises(ValueError, match="no half of frequencies"):
        torch.stft(z, 16, onesided=True)
