"""Dtypes and functions of them."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import (ALL, COMPLEX, FLOATS, INTEGERS, NUMERIC, REAL, name_of, same, strict,
                              tame)

KINDS = ["bool", "signed integer", "unsigned integer", "integral", "real floating",
         "complex floating", "numeric"]


@pytest.mark.parametrize("dtype", ALL)
def test_astype(dtype):
    x = tame(dtype, (2, 3))
    for other in ALL:
        if dtype in COMPLEX and other not in COMPLEX:
            continue  # the standard has no such conversion
        if "u" in other and dtype not in ("bool", other):
            same("astype", np.abs(x).astype(dtype), np.dtype(other))
        else:
            same("astype", x, np.dtype(other))
    given = tenon.tensor(x)
    own = getattr(xp, dtype)
    assert xp.astype(given, own, copy=False) is given
    assert xp.astype(given, own).data_ptr() != given.data_ptr()
    assert xp.astype(given, own, device="cpu").device == given.device


def test_floats_to_bool_and_integers():
    same("astype", np.array([0.0, -0.0, np.nan, np.inf, 0.1]), np.dtype(bool))
    same("astype", np.array([1.9, -1.9, 0.5, -0.5, 3.0]), np.dtype("int32"))


@pytest.mark.parametrize("dtype", ALL)
def test_can_cast_and_kinds(dtype):
    for other in ALL:
        assert xp.can_cast(getattr(xp, dtype), getattr(xp, other)) == strict.can_cast(
            getattr(strict, dtype), getattr(strict, other)), (dtype, other)
        assert xp.isdtype(getattr(xp, dtype), getattr(xp, other)) == (dtype == other)
    for kind in KINDS:
        assert xp.isdtype(getattr(xp, dtype), kind) == strict.isdtype(getattr(strict, dtype), kind)
    assert xp.isdtype(getattr(xp, dtype), ("bool", "numeric"))
    with pytest.raises(ValueError, match="they are bool"):
        xp.isdtype(getattr(xp, dtype), "float")


@pytest.mark.parametrize("dtype", NUMERIC)
def test_limits(dtype):
    name, fields = "iinfo", ["bits", "max", "min"]
    if dtype not in INTEGERS:
        name, fields = "finfo", ["bits", "eps", "max", "min", "smallest_normal"]
    theirs = getattr(np, name)(dtype)
    for given in getattr(xp, dtype), xp.ones(2, dtype=getattr(xp, dtype)):
        mine = getattr(xp, name)(given)
        for field in fields:
            assert getattr(mine, field) == getattr(theirs, field), field
        assert type(mine.max) is (int if name == "iinfo" else float)
        assert mine.dtype == getattr(xp, {"complex64": "float32", "complex128": "float64"}.get(
            dtype, dtype))
    with pytest.raises(TypeError):
        (xp.finfo if name == "iinfo" else xp.iinfo)(getattr(xp, dtype))


def test_result_type_of_numbers():
    for dtype in REAL + COMPLEX:
        same("result_type", np.dtype(dtype), 1)
        if dtype in FLOATS + COMPLEX:
            same("result_type", 2.5, np.ones(2, dtype=dtype))
            same("result_type", np.dtype(dtype), 1j)
    assert name_of(xp.result_type(xp.bool, True)) == "bool"
    assert xp.result_type(xp.int8, xp.uint16, xp.int32, 1.5) == xp.float32
    with pytest.raises(ValueError, match="at least one"):
        xp.result_type(1, 2.0)
