"""Creation functions, dtypes by default and given, and where memory is shared."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import ALL, COMPLEX, NUMERIC, REAL, assert_same, name_of, same, tame, values


@pytest.mark.parametrize("dtype", ALL)
def test_of_a_dtype(dtype):
    given = np.dtype(dtype)
    for name in "zeros", "ones":
        for shape in (2, 3), 4, (), (0, 2):
            same(name, shape, dtype=given)
        same(f"{name}_like", tame(dtype, (2, 3)))
        same(f"{name}_like", np.ones(3), dtype=given)
    assert xp.empty((2, 0, 3), dtype=getattr(xp, dtype)).shape == (2, 0, 3)
    like = xp.empty_like(tenon.ones(2, 3), dtype=getattr(xp, dtype))
    assert (like.shape, name_of(like.dtype)) == ((2, 3), dtype)
    same("full", (2, 3), True if dtype == "bool" else 5, dtype=given)
    same("full_like", tame(dtype, (3,)), False if dtype == "bool" else 7)
    for rows, columns, k in (3, None, 0), (2, 4, 1), (4, 2, -1), (3, 3, 5), (0, 2, 0):
        if dtype != "bool":
            same("eye", rows, columns, k=k, dtype=given)
    for k in -1, 0, 2:
        same("tril", tame(dtype, (2, 3, 4)), k=k)
        same("triu", tame(dtype, (2, 3, 4)), k=k)


def test_default_dtypes():
    for made, dtype in [(xp.zeros(2), xp.float32), (xp.ones(()), xp.float32),
                        (xp.eye(2), xp.float32), (xp.empty(1), xp.float32),
                        (xp.full(2, 1), xp.int64), (xp.full(2, 1.5), xp.float32),
                        (xp.full(2, True), xp.bool), (xp.full(2, 1j), xp.complex64),
                        (xp.arange(3), xp.int64), (xp.arange(3.0), xp.float32),
                        (xp.linspace(0, 1, 3), xp.float32), (xp.linspace(0, 1j, 3), xp.complex64),
                        (xp.asarray(True), xp.bool), (xp.asarray([1, 2]), xp.int64),
                        (xp.asarray([1, 2.5]), xp.float32), (xp.asarray([1, 2j]), xp.complex64)]:
        assert made.dtype == dtype


@pytest.mark.parametrize("dtype", REAL)
def test_arange(dtype):
    for arguments in (5,), (2, 9), (1, 10, 3), (9, 1, -2), (0,), (3, 3), (3, 1), (1, 3, -1):
        if min(arguments) >= 0 or dtype not in ("uint8", "uint16", "uint32", "uint64"):
            same("arange", *arguments, dtype=np.dtype(dtype))
    if "float" in dtype:
        same("arange", 0.0, 1.0, 0.125, dtype=np.dtype(dtype))
        same("arange", -1.0, 1, 0.3, dtype=np.dtype(dtype), ulps=4)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_linspace(dtype):
    given = np.dtype(dtype)
    for endpoint in True, False:
        for count in 0, 1, 2, 5, 11:
            same("linspace", -1.0, 3.5, count, dtype=given, endpoint=endpoint, ulps=4)
            if dtype in COMPLEX:
                same("linspace", 1 - 1j, 2j, count, dtype=given, endpoint=endpoint, ulps=4)


@pytest.mark.parametrize("dtype", ALL)
def test_meshgrid(dtype):
    vectors = [tame(dtype, (n,), n) for n in (2, 3, 4)]
    for count in 1, 2, 3:
        for indexing in "xy", "ij":
            same("meshgrid", *vectors[:count], indexing=indexing)


@pytest.mark.parametrize("dtype", ALL)
def test_asarray(dtype):
    x = values(dtype)
    given = tenon.tensor(x)
    assert xp.asarray(given) is given and xp.asarray(given, copy=False) is given
    copied = xp.asarray(given, copy=True)
    assert copied is not given
    assert_same(copied, x)
    shared = xp.asarray(x)
    x[0] = x[1]
    assert_same(shared, x)
    own = xp.asarray(x, copy=True)
    x[1] = x[2]
    assert not np.array_equal(own.numpy(), x, equal_nan=True) or x[2] == x[0]
    assert_same(xp.asarray(tame(dtype, (2, 2)).tolist(), dtype=getattr(xp, dtype)),
                tame(dtype, (2, 2)))
    assert_same(xp.from_dlpack(given), given.numpy())
    again = xp.from_dlpack(given, copy=True)
    assert again.data_ptr() != given.data_ptr()


def test_asarray_without_a_copy():
    with pytest.raises(ValueError, match="copy"):
        xp.asarray([1, 2], copy=False)
    with pytest.raises(ValueError, match="without a copy"):
        xp.asarray(tenon.ones(2), dtype=xp.int32, copy=False)
    assert xp.asarray(tenon.ones(2), dtype=xp.int32).dtype == xp.int32
    with pytest.raises((OverflowError, ValueError)):
        xp.asarray(2**70)


@pytest.mark.parametrize("dtype", NUMERIC)
def test_devices(dtype):
    x = xp.ones(3, dtype=getattr(xp, dtype), device=tenon.device("cpu"))
    assert x.device == tenon.device("cpu") and x.to_device(x.device) is x
    assert xp.zeros_like(x, device="cpu").device == x.device
