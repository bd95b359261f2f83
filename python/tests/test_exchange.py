"""DLPack both ways, held against NumPy."""

import gc
import sys

import numpy as np
import pytest
import tenon as torch


def test_both_sides_share_memory():
    x = torch.arange(6.0).reshape(2, 3)
    array = np.from_dlpack(x)
    array[0, 0] = 7
    assert x[0, 0].item() == 7 and array.tolist() == x.tolist()
    array = np.arange(6, dtype=np.float64).reshape(2, 3)
    y = torch.from_dlpack(array.T)
    assert y.shape == (3, 2) and y.stride() == (1, 3)
    y[0, 1] = -1
    assert array[1, 0] == -1
    assert torch.from_dlpack(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("name", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16",
                                  "float32", "float64", "complex64", "complex128"])
def test_dtypes(name):
    x = torch.ones(3, dtype=getattr(torch, name))
    array = np.from_dlpack(x)
    assert array.dtype == np.dtype(name) and torch.from_dlpack(array).dtype is x.dtype


def test_memory_lives_as_long_as_its_users():
    x = torch.arange(1000.0)
    array = np.from_dlpack(x)
    del x
    gc.collect()
    assert array.sum() == 499500
    array = np.arange(1000.0)
    before = sys.getrefcount(array)
    y = torch.from_dlpack(array)
    assert sys.getrefcount(array) > before
    view = y[10:20]
    del y
    assert view.sum().item() == 145
    del view
    assert sys.getrefcount(array) == before


def test_capsules():
    x = torch.arange(3)
    assert torch.from_dlpack(torch.to_dlpack(x)).data_ptr() == x.data_ptr()
    for version in None, (1, 0):
        capsule = x.__dlpack__(max_version=version)
        assert torch.from_dlpack(capsule).tolist() == [0, 1, 2]
        with pytest.raises(TypeError, match="nobody took"):
            torch.from_dlpack(capsule)
    unused = x.__dlpack__()
    del unused
    assert x.__dlpack_device__() == (1, 0)
    copied = torch.from_dlpack(x, copy=True)
    copied[0] = 9
    assert x[0].item() == 0


def test_what_cannot_be_exchanged():
    with pytest.raises(ValueError, match="detach"):
        np.from_dlpack(torch.ones(2, requires_grad=True))
    read_only = np.arange(3)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="copy=True"):
        torch.from_dlpack(read_only)
    assert torch.from_dlpack(read_only, copy=True).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="negative strides"):
        torch.from_dlpack(np.arange(3)[::-1])
    with pytest.raises(TypeError, match="int"):
        torch.from_dlpack(3)
    with pytest.raises(ValueError, match="streams"):
        torch.ones(1).__dlpack__(stream=1)
    with pytest.raises(BufferError):
        torch.ones(1).__dlpack__(dl_device=(2, 0))
    with pytest.raises(torch.DeviceError):
        torch.from_dlpack(torch.ones(1), device="cuda")
