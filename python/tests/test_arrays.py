"""The same memory as NumPy's arrays, and what can't be shared."""

import gc

import numpy as np
import pytest
import tenon as torch

DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
          "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_shares_memory_both_ways(name):
    array = np.arange(6).reshape(2, 3).astype(name)
    tensor = torch.from_numpy(array)
    assert tensor.dtype is getattr(torch, name) and tensor.shape == (2, 3)
    tensor[0, 1] = 0
    assert array[0, 1] == 0
    back = tensor.numpy()
    back[1, 2] = 1
    assert array[1, 2] == 1 and tensor[1, 2].item() == 1
    np.testing.assert_array_equal(torch.tensor(array).numpy(), array)


def test_strides_and_lifetimes():
    array = np.arange(24.0).reshape(4, 6)
    tensor = torch.from_numpy(array[::2, 1::2])
    np.testing.assert_array_equal(tensor.numpy(), array[::2, 1::2])
    tensor.mul_(2)
    assert array[2, 3] == 30
    np.testing.assert_array_equal(torch.ones(2, 3).T.numpy(), np.ones((3, 2)))
    kept = torch.from_numpy(np.full(1000, 7.0))
    view = torch.ones(1000).numpy()
    gc.collect()
    assert kept.sum().item() == 7000 and view.sum() == 1000


def test_arrays_that_have_to_be_copied():
    array = np.arange(4.0)
    with pytest.raises(ValueError, match="negative"):
        torch.from_numpy(array[::-1])
    assert torch.tensor(array[::-1]).tolist() == [3, 2, 1, 0]
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        torch.from_numpy(array)
    assert torch.as_tensor(array).tolist() == [0, 1, 2, 3]
    with pytest.raises(TypeError, match="newbyteorder"):
        torch.tensor(np.arange(3, dtype=">i4"))
    with pytest.raises(TypeError, match="dtype"):
        torch.tensor(np.array(["a"]))
    with pytest.raises(TypeError, match="float32 first"):
        torch.ones(2, dtype=torch.bfloat16).numpy()


def test_numpy_functions_take_tensors():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(np.asarray(x), [[1, 2], [3, 4]])
    assert np.sum(np.asarray(x, dtype=np.float64)) == 10
    assert isinstance(np.ones((2, 2)) * x, torch.Tensor)
    np.testing.assert_allclose(np.linalg.inv(x), np.linalg.inv(x.numpy()))
    with pytest.raises(RuntimeError, match="detach"):
        x.requires_grad_().numpy()
    assert np.asarray(x).shape == (2, 2)


def test_tensors_without_elements_have_no_buffer():
    with pytest.raises(BufferError, match="'meta' has no elements"):
        memoryview(torch.empty(2, 3, device="meta"))
