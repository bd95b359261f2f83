"""Complex numbers as in PyTorch: their parts are views, and what takes them."""

import numpy as np
import pytest
import tenon as torch

RANDOM = np.random.default_rng(8)


def numbers(*sizes):
    return RANDOM.standard_normal(sizes) + 1j * RANDOM.standard_normal(sizes)


def test_parts_are_views():
    z = torch.tensor([1 + 2j, 3 + 4j])
    z.real.zero_()
    z.imag[0] = 5
    assert z.tolist() == [5j, 4j]
    z.real = torch.tensor([7.0, 8.0])
    z.imag += 1
    assert z.tolist() == [7 + 6j, 8 + 5j]
    pairs = torch.view_as_real(z)
    pairs[1, 0] = -1
    assert pairs.shape == (2, 2) and z[1].item() == -1 + 5j
    torch.view_as_complex(pairs).mul_(1j)
    assert z.tolist() == [-6 + 7j, -5 - 1j]
    assert z.real.data_ptr() == z.data_ptr() and z.imag.stride() == (2,)
    x = torch.ones(3)
    assert x.real.data_ptr() == x.data_ptr()
    with pytest.raises(TypeError, match="complex"):
        x.imag


def test_a_gradient_through_a_write_to_a_part():
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    z = torch.zeros(2, dtype=torch.complex128)
    z.imag = x * 3
    (z * z.conj()).real.sum().backward()
    assert x.grad.tolist() == [18, 18]


def test_methods_of_old_and_new():
    z = torch.tensor([[1 + 2j, 3 - 1j]])
    assert z.to(torch.complex128).cfloat().dtype == torch.complex64
    assert z.cdouble().dtype == torch.complex128 and torch.ones(1).cfloat().dtype == torch.complex64
    assert z.adjoint().tolist() == [[1 - 2j], [3 + 1j]] == z.mH.tolist()
    assert torch.isreal(torch.tensor([1 + 0j, 1j])).tolist() == [True, False]
    assert torch.isreal(torch.ones(2)).tolist() == [True, True]
    assert z.resolve_conj() is z and z.conj_physical().tolist() == z.conj().tolist()
    assert torch.positive(z) is z and not z.is_conj() and not z.is_neg()
    assert torch.float_power(z, 2).dtype == torch.complex128
    assert torch.linspace(0, 1 + 1j, 3).tolist() == [0, 0.5 + 0.5j, 1 + 1j]
    assert torch.nextafter(torch.tensor(1.0), torch.tensor(2.0)).item() == 1 + 2.0**-23


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_random_numbers(dtype):
    torch.manual_seed(3)
    z = torch.randn(4000, dtype=dtype)
    assert z.abs().square().mean().item() == pytest.approx(1, abs=0.06)
    assert z.real.var().item() == pytest.approx(0.5, abs=0.04)
    assert abs((z * z).mean().item()) < 0.06  # the parts have nothing to do with each other
    again = torch.randn_like(z)
    torch.manual_seed(3)
    assert torch.equal(torch.randn(4000, dtype=dtype), z) and not torch.equal(again, z)
    u = torch.rand(1000, dtype=dtype)
    assert (0 <= u.real.min() and u.imag.max() < 1
            and u.imag.mean().item() == pytest.approx(0.5, abs=0.05))


@pytest.mark.parametrize("name",
                         """exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan
    asin acos atan sinh cosh tanh asinh acosh atanh sigmoid sinc square neg""".split())
def test_in_place_is_as_out_of_place(name):
    z = torch.tensor(numbers(3, 4))
    for given in z, z.T, z[:, ::2]:
        expected = getattr(torch, name)(given)
        written = given.clone()
        getattr(written, name + "_")()
        assert torch.equal(written, expected)
        part = torch.zeros(4, 4, dtype=torch.complex128)[: given.shape[0], : given.shape[1]]
        part.copy_(given)
        assert torch.equal(getattr(part, name + "_")(), expected)


def test_gradients_are_the_conjugates_of_derivatives():
    """As PyTorch's: of a real function, the direction in which it grows."""
    z = torch.tensor([1 + 2j, -0.5 + 1j], requires_grad=True)
    (z**3).real.sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), np.conj(3 * z.detach().numpy() ** 2), rtol=1e-6)
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    torch.exp(1j * x).imag.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos(x.detach().numpy()), rtol=1e-6)


def test_eigenvalues_and_norms():
    a = torch.tensor(numbers(5, 5))
    values, vectors = torch.linalg.eig(a)
    np.testing.assert_allclose((a @ vectors).numpy(), (vectors * values).numpy(), atol=1e-11)
    spin = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    found = torch.linalg.eigvals(spin)
    assert found.dtype == torch.complex64 and sorted(found.imag.tolist()) == pytest.approx([-1, 1])
    for order in None, "fro", "nuc", 1, 2, -2, float("inf"):
        assert torch.linalg.norm(a, order).item() == pytest.approx(np.linalg.norm(a.numpy(), order))
    assert torch.linalg.vector_norm(a, 3).dtype == torch.float64
    half = torch.tensor(numbers(4))
    np.testing.assert_allclose(torch.fft.hfft(half).numpy(), np.fft.hfft(half.numpy()), atol=1e-12)
    np.testing.assert_allclose(torch.fft.ihfft(half.real).numpy(), np.fft.ihfft(half.numpy().real))
