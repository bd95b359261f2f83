"""Holds tenon.array_api against array-api-strict, which computes with NumPy."""

import warnings

import numpy as np
import pytest
import tenon
import tenon.array_api as xp

strict = pytest.importorskip("array_api_strict")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a word about drafts of the standard
    strict.set_array_api_strict_flags(api_version="2025.12")

BOOL = ["bool"]
SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTEGERS = SIGNED + UNSIGNED
FLOATS = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
REAL = INTEGERS + FLOATS
NUMERIC = REAL + COMPLEX
ALL = BOOL + NUMERIC

_FLOATS = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.5, 1e-3, 37.25, -0.75, 1.5]


def values(dtype, seed=0, count=14):
    """Numbers of a dtype, special ones and limits among them, in a random order."""
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        made = np.arange(count) % 2 == 0
    elif "int" in dtype:
        limits = np.iinfo(dtype)
        made = np.array([limits.min, limits.max, limits.max // 2, *range(count - 3)], dtype=dtype)
    elif "float" in dtype:
        made = np.array(_FLOATS[:count], dtype=dtype)
    else:
        parts = generator.integers(-8, 8, (2, count)) / 4
        made = (parts[0] + 1j * parts[1]).astype(dtype)
    return generator.permutation(made)


def tame(dtype, shape, seed=0):
    """Small numbers of a dtype, none of them special."""
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return np.asarray(generator.integers(0, 2, shape)).astype(bool)
    low = 0 if dtype in UNSIGNED else -6
    made = np.asarray(generator.integers(low, 7, shape))
    if dtype in COMPLEX:
        made = made + 1j * generator.integers(-6, 7, shape)
    return np.asarray(made if "int" in dtype else made / 2).astype(dtype)


def _converted(module, value):
    if isinstance(value, np.ndarray):
        return tenon.tensor(value) if module is xp else strict.asarray(value)
    if isinstance(value, np.dtype):
        return getattr(module, value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(_converted(module, part) for part in value)
    return value


def _find(module, name):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def name_of(dtype):
    return str(dtype).rpartition(".")[2]


def assert_same(mine, theirs, ulps=0, what=""):
    """Dtype, shape and elements; `ulps` units in the last place of the largest part may differ."""
    if isinstance(theirs, (tuple, list)):
        assert len(mine) == len(theirs), what
        for own, other in zip(mine, theirs):
            assert_same(own, other, ulps, what)
        return
    if isinstance(mine, tenon.dtype):
        assert name_of(mine) == name_of(theirs), what
        return
    if not isinstance(mine, tenon.Tensor):
        assert mine == theirs, what
        return
    expected = np.asarray(theirs)
    assert (name_of(mine.dtype), mine.shape) == (expected.dtype.name, expected.shape), what
    if ulps == 0 or expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(mine.numpy(), expected, err_msg=what)
    else:
        tolerance = ulps * np.finfo(expected.dtype).eps
        np.testing.assert_allclose(mine.numpy(), expected, tolerance, tolerance, err_msg=what)


def same(name, *arguments, ulps=0, **keywords):
    """Calls a function of both with the same arguments, NumPy's arrays and dtypes converted."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = _find(strict, name)(*_converted(strict, arguments), **dict(zip(
            keywords, _converted(strict, list(keywords.values())))))
    mine = _find(xp, name)(*_converted(xp, arguments), **dict(zip(
        keywords, _converted(xp, list(keywords.values())))))
    assert_same(mine, theirs, ulps, f"{name}{arguments}{keywords}")
    return mine
