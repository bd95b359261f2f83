"""NumPy's ufuncs, SciPy's functions and PIL's images with tensors."""

import numpy as np
import pytest
import tenon as torch


def close(tensor, array):
    assert isinstance(tensor, torch.Tensor)
    assert str(tensor.dtype) == f"tenon.{array.dtype}"
    np.testing.assert_allclose(tensor.numpy(), array, 1e-6)


@pytest.mark.parametrize("name", ["sin", "exp2", "cbrt", "sqrt", "logical_not", "isnan", "negative",
                                  "absolute", "spacing"])
def test_ufuncs_of_one_tensor(name):
    for dtype in "float32", "float64":
        x = np.array([[0.5, 2.0, 3.0]], dtype=dtype)
        close(getattr(np, name)(torch.tensor(x)), getattr(np, name)(x))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "floor_divide",
                                  "remainder", "power", "maximum", "logaddexp", "less", "equal",
                                  "arctan2"])
def test_ufuncs_of_two(name):
    a, b = np.array([1.5, 2.0, 5.0]), np.array([[2.0], [3.0]])
    ufunc = getattr(np, name)
    for x, y in (torch.tensor(a), torch.tensor(b)), (torch.tensor(a), b), (a, torch.tensor(b)):
        close(ufunc(x, y), ufunc(a, b))
    close(ufunc(torch.tensor(a), [1.0, 2.0, 4.0]), ufunc(a, [1.0, 2.0, 4.0]))
    close(ufunc(2.5, torch.tensor(a)), ufunc(2.5, a))


def test_integers_matrices_and_several_results():
    x = torch.tensor([[6, 3], [5, 2]])
    close(np.bitwise_and(x, np.array([2, 3])), np.array([[2, 3], [0, 2]]))
    close(np.invert(x), ~x.numpy())
    close(np.left_shift(x, 1), x.numpy() * 2)
    close(np.matmul(x.double(), np.eye(2)), x.double().numpy())
    close(np.gcd(x, 3), np.array([[3, 3], [1, 1]]))
    whole, part = np.divmod(x, np.array([4, 2]))
    assert whole.tolist() == [[1, 1], [1, 1]] and part.tolist() == [[2, 1], [1, 0]]


def test_methods_of_ufuncs_and_results_in_place():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.add.reduce(x).tolist() == [4, 6]
    assert np.multiply.accumulate(x, axis=1).tolist() == [[1, 2], [3, 12]]
    assert np.subtract.outer(x[0], x[1]).tolist() == [[-2, -3], [-1, -2]]
    result = torch.zeros(2, 2)
    assert np.add(x, 1, out=result) is result and result.tolist() == [[2, 3], [4, 5]]
    array = np.zeros((2, 2), np.float32)
    assert np.exp(x, out=array) is array and array[0, 0] == np.exp(np.float32(1))
    array += x
    assert type(array) is np.ndarray and array[1, 1] == np.exp(np.float32(4)) + 4
    np.add.at(x, [0, 0], 1)
    assert x.tolist() == [[3, 4], [3, 4]]
    chosen = np.add(x, 1, where=torch.tensor([True, False]), out=torch.zeros(2, 2))
    assert chosen.tolist() == [[4, 0], [4, 0]]


def test_operators_with_arrays_record_gradients_and_other_ufuncs_refuse():
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    (np.array([2.0, 3.0]) * x + np.float64(1)).sum().backward()
    assert x.grad.tolist() == [2, 3]
    with pytest.raises(RuntimeError, match=r"numpy's sin\(\) records no gradients.*detach"):
        np.sin(x)
    close(np.sin(x.detach()), np.sin(np.ones(2)))


def test_numbers_of_numpy_have_no_dtype_beside_tensors():
    x = torch.ones(2)
    assert (np.float64(2) * x).dtype is np.multiply(np.float64(2), x).dtype is torch.float32
    assert np.add(np.int64(1), torch.ones(2, dtype=torch.int8)).dtype is torch.int8


def test_what_cant_be():
    with pytest.raises(TypeError, match="tensors can't hold"):
        np.ldexp(torch.ones(2), 1, dtype=np.longdouble)
    with pytest.raises(TypeError, match="float32 first"):
        np.sin(torch.ones(2, dtype=torch.bfloat16))
    assert (np.ones(2) + torch.ones(2, dtype=torch.bfloat16)).dtype is torch.float64

    class Other:
        __array_ufunc__ = None

    with pytest.raises(TypeError):
        np.add(torch.ones(2), Other())


def test_scipy_takes_tensors():
    special, linalg = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.linalg")
    x = np.array([[4.0, 1.0], [1.0, 3.0]])
    close(special.gamma(torch.tensor(x)), special.gamma(x))
    np.testing.assert_allclose(special.logsumexp(torch.tensor(x)), special.logsumexp(x))
    np.testing.assert_allclose(linalg.cholesky(torch.tensor(x)), linalg.cholesky(x))
    np.testing.assert_allclose(linalg.solve(torch.tensor(x), torch.tensor([1.0, 2.0])),
                               linalg.solve(x, [1, 2]), 1e-6)
    stats, signal = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.signal")
    np.testing.assert_allclose(stats.norm.cdf(torch.tensor(x)), stats.norm.cdf(x))
    np.testing.assert_allclose(signal.convolve(torch.tensor(x[0]), torch.tensor(x[1])),
                               signal.convolve(x[0], x[1]))


def test_images_of_pil():
    image_module = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    image = image_module.fromarray(pixels)
    for made in torch.as_tensor(np.asarray(image)), torch.tensor(image), torch.as_tensor(image), \
            torch.tensor(np.asarray(image)):
        assert made.dtype is torch.uint8 and made.shape == (5, 4, 3)
        np.testing.assert_array_equal(made.numpy(), pixels)
    grey = torch.tensor(image.convert("L"))
    assert grey.shape == (5, 4)
    np.testing.assert_array_equal(grey.numpy(), np.asarray(image.convert("L")))
    back = image_module.fromarray(torch.tensor(pixels).numpy())
    np.testing.assert_array_equal(np.asarray(back), pixels)
