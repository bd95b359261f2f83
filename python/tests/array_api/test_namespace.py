"""What the namespace offers, with which signatures, and the array object's own marks."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import ALL, COMPLEX, FLOATS, NUMERIC, name_of, same, strict, tame

STANDARD = [name for name in strict.__all__ if "flags" not in name.lower()
            and name not in ("Device", "__version__")]
LINALG = ["cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv",
          "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "outer",
          "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot",
          "vector_norm"]


def test_all_of_the_standard_is_there():
    assert set(xp.__all__) == set(STANDARD)
    assert set(xp.linalg.__all__) == set(LINALG)
    assert set(xp.fft.__all__) == set(strict.fft.__all__)


def parameters(function):
    return [(p.name, p.kind, None if "UNDEF" in repr(p.default) else p.default)
            for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", [name for name in STANDARD if inspect.isfunction(
    getattr(strict, name)) and hasattr(xp, name)])
def test_signatures(name):
    assert parameters(getattr(xp, name)) == parameters(getattr(strict, name))
    assert getattr(xp, name).__name__ == name and getattr(xp, name).__doc__


@pytest.mark.parametrize("name", [f"linalg.{name}" for name in LINALG]
                         + [f"fft.{name}" for name in strict.fft.__all__])
def test_signatures_of_extensions(name):
    extension, name = name.split(".")
    mine = getattr(getattr(xp, extension), name)
    assert parameters(mine) == parameters(getattr(getattr(strict, extension), name))
    assert mine.__name__ == name and mine.__doc__


def test_array_namespace():
    x = tenon.ones(2)
    assert x.__array_namespace__() is xp
    for version in "2022.12", "2023.12", "2024.12", "2025.12":
        assert x.__array_namespace__(api_version=version) is xp
    with pytest.raises(ValueError, match="no version '1999.12'"):
        x.__array_namespace__(api_version="1999.12")
    assert xp.__array_api_version__ == "2025.12"


def test_it_is_imported_when_it_is_asked_for():
    code = "import sys, tenon; assert 'tenon.array_api' not in sys.modules; " \
           "tenon.ones(1).__array_namespace__(); assert 'tenon.array_api' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_info():
    info = xp.__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True,
                                   "max dimensions": 63}
    assert tenon.ones((1,) * 63).ndim == 63
    with pytest.raises(ValueError, match="63"):
        tenon.ones((1,) * 64)
    assert info.default_device() == tenon.ones(1).device and info.default_device() in info.devices()
    assert info.default_dtypes() == {"real floating": xp.float32, "complex floating": xp.complex64,
                                     "integral": xp.int64, "indexing": xp.int64}
    assert info.dtypes() == {name: getattr(xp, name) for name in ALL}
    theirs = strict.__array_namespace_info__()
    for kind in ["bool", "signed integer", "unsigned integer", "integral", "real floating",
                 "complex floating", "numeric", ("bool", "real floating")]:
        assert set(info.dtypes(kind=kind)) == set(theirs.dtypes(kind=kind))
    with pytest.raises(ValueError, match="no kind is called 'float'"):
        info.dtypes(kind="float")


@pytest.mark.parametrize("dtype", ALL)
def test_the_array_object(dtype):
    x = tenon.tensor(tame(dtype, (2, 3)))
    assert name_of(x.dtype) == dtype and x.ndim == 2 and x.shape == (2, 3)
    assert x.T.shape == x.mT.shape == (3, 2)
    one = tenon.tensor(np.asarray(1).astype(dtype))
    assert bool(one) is True and complex(one) == 1 + 0j and type(complex(one)) is complex
    if dtype not in COMPLEX:
        assert int(one) == 1 and float(one) == 1.0
    if "int" in dtype:
        assert range(3)[one] == 1
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError, match="streams"):
        x.to_device("cpu", stream=1)


def test_conversions_of_special_numbers():
    assert complex(tenon.tensor(float("inf"))) == complex(float("inf"), 0)
    assert bool(tenon.tensor(float("nan"))) and not bool(tenon.tensor(-0.0))
    for call in int, float:
        with pytest.raises(TypeError):
            call(tenon.tensor(1j))


@pytest.mark.parametrize("dtype", NUMERIC)
def test_products(dtype):
    a, b = tame(dtype, (2, 3, 4)), tame(dtype, (4, 5), 1)
    x, y = tame(dtype, (3,), 2), tame(dtype, (3,), 3)
    for prefix in "", "linalg.":
        same(prefix + "matmul", a, b, ulps=8)
        same(prefix + "matmul", a[0].T, x, ulps=8)
        same(prefix + "matmul", x, y, ulps=8)
        same(prefix + "matrix_transpose", a)
        same(prefix + "tensordot", a, b, axes=1, ulps=8)
        same(prefix + "tensordot", a, tame(dtype, (3, 4, 2), 4), ulps=8)
        same(prefix + "tensordot", a, tame(dtype, (5, 2, 3), 4), axes=((0, 1), (1, 2)), ulps=8)
        same(prefix + "tensordot", x, y, axes=0, ulps=8)
        same(prefix + "vecdot", tame(dtype, (2, 3)), x, ulps=8)
        same(prefix + "vecdot", tame(dtype, (3, 2)), tame(dtype, (3, 1), 1), axis=-2, ulps=8)
    with pytest.raises(ValueError):
        xp.vecdot(tenon.tensor(x), tenon.tensor(x[:2]))


@pytest.mark.parametrize("dtype", NUMERIC)
def test_linear_algebra_without_factorisations(dtype):
    a = tame(dtype, (2, 3, 4))
    for offset in 0, 1, -2:
        same("linalg.diagonal", a, offset=offset)
        same("linalg.trace", a, offset=offset, ulps=4)
    same("linalg.outer", tame(dtype, (3,)), tame(dtype, (4,), 1), ulps=4)
    same("linalg.cross", tame(dtype, (2, 3)), tame(dtype, (2, 3), 1), ulps=8)
    same("linalg.cross", tame(dtype, (3, 2)), tame(dtype, (3, 2), 1), axis=-2, ulps=8)
    if dtype in FLOATS + COMPLEX:
        for order in 2, 1, 0, 3, 0.5, float("inf"), float("-inf"):
            same("linalg.vector_norm", a, ord=order, ulps=16)
            for axis in 0, (1, 2):
                for keepdims in False, True:
                    same("linalg.vector_norm", a, axis=axis, ord=order, keepdims=keepdims, ulps=16)
