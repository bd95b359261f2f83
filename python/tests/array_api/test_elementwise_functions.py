"""Elementwise functions, dtype by dtype, over special values; broadcasting, promotion, numbers."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import (ALL, BOOL, COMPLEX, FLOATS, INTEGERS, NUMERIC, REAL, assert_same,
                              same, strict, values)

#: Functions of one array: the dtypes, and how many units in the last place may differ from NumPy's.
UNARY = {
    **dict.fromkeys(["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp",
                     "expm1", "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh"],
                    (FLOATS, 4)),
    "sqrt": (FLOATS, 0), "reciprocal": (FLOATS + COMPLEX, 2), "signbit": (FLOATS, 0),
    "abs": (NUMERIC, 2), "negative": (NUMERIC, 0), "positive": (NUMERIC, 0),
    "square": (NUMERIC, 2), "sign": (NUMERIC, 2), "round": (NUMERIC, 0),
    "ceil": (REAL, 0), "floor": (REAL, 0), "trunc": (REAL, 0),
    "conj": (NUMERIC, 0), "imag": (COMPLEX, 0), "real": (NUMERIC, 0),
    "isfinite": (NUMERIC, 0), "isinf": (NUMERIC, 0), "isnan": (NUMERIC, 0),
    "logical_not": (BOOL, 0), "bitwise_invert": (BOOL + INTEGERS, 0),
}
#: The same of complex numbers alone: what NumPy computes in single precision is the less exact one.
COMPLEX_UNARY = dict.fromkeys(["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh",
                               "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sinh",
                               "sqrt", "tan", "tanh"], 8)
BINARY = {
    **dict.fromkeys(["add", "subtract", "multiply"], (NUMERIC, 2)),
    **dict.fromkeys(["equal", "not_equal"], (ALL, 0)),
    **dict.fromkeys(["greater", "greater_equal", "less", "less_equal", "maximum", "minimum"],
                    (REAL, 0)),
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor"], (BOOL + INTEGERS, 0)),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], (BOOL, 0)),
    **dict.fromkeys(["atan2", "hypot", "logaddexp"], (FLOATS, 4)),
    "copysign": (FLOATS, 0), "nextafter": (FLOATS, 0), "divide": (FLOATS + COMPLEX, 4),
    "pow": (FLOATS, 4), "floor_divide": (FLOATS, 0), "remainder": (FLOATS, 4),
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    dtypes, ulps = UNARY[name]
    for dtype in dtypes:
        x = values(dtype)
        for given in x, x.reshape(2, 7), x[3:4].reshape(()), x[:0].reshape(0, 3):
            same(name, given, ulps=ulps)


@pytest.mark.parametrize("name", COMPLEX_UNARY)
def test_unary_of_complex_numbers(name):
    for dtype in COMPLEX:
        x = values(dtype)
        for given in x, x.reshape(2, 7), x[3:4].reshape(()), x[:0].reshape(0, 3):
            same(name, given, ulps=COMPLEX_UNARY[name])


def special_grid(dtype):
    """Every pair of special parts."""
    parts = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
    grid = np.empty((7, 7), dtype)
    grid.real, grid.imag = parts[:, None], parts
    return grid


@pytest.mark.parametrize("name", sorted(set(COMPLEX_UNARY) - {"expm1"}))
def test_special_values_of_complex_numbers(name):
    for dtype in COMPLEX:
        z = special_grid(dtype)
        with np.errstate(all="ignore"):
            expected = np.asarray(getattr(strict, name)(strict.asarray(z)))
        found = getattr(xp, name)(tenon.tensor(z)).numpy()
        tolerance = COMPLEX_UNARY[name] * np.finfo(dtype).eps
        for part in "real", "imag":
            np.testing.assert_allclose(getattr(found, part), getattr(expected, part), tolerance,
                                       tolerance, err_msg=f"{name} of {dtype}, {part}")


def test_special_values_of_expm1():
    """Those of the standard, of which NumPy has others."""
    inf, nan = float("inf"), float("nan")
    for z, expected in {complex(inf, 0): complex(inf, 0), complex(-inf, 2): -1,
                        complex(inf, inf): None, complex(-inf, inf): -1, complex(-inf, nan): -1,
                        complex(inf, nan): None, complex(nan, 0): complex(nan, 0),
                        complex(inf, 1): complex(inf, inf), complex(2, inf): complex(nan, nan),
                        complex(nan, 1): complex(nan, nan)}.items():
        found = xp.expm1(tenon.tensor(z)).item()
        if expected is None:  # inf and NaN, the sign of inf being open
            assert np.isinf(found.real) and np.isnan(found.imag), z
        else:
            np.testing.assert_array_equal([found.real, found.imag], [complex(expected).real,
                                                                     complex(expected).imag],
                                          str(z))


def test_powers_of_complex_numbers():
    for dtype in COMPLEX:
        a, b = values(dtype, 1), values(dtype, 2)
        same("pow", a[:, None], b, ulps=64)
        same("pow", a[:, None], np.arange(-3, 4).astype(dtype), ulps=64)
        same("pow", a, 2, ulps=8)
        same("pow", a, 0.5, ulps=8)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    dtypes, ulps = BINARY[name]
    for dtype in dtypes:
        a, b = values(dtype, 1), values(dtype, 2)
        same(name, a[:, None], b, ulps=ulps)
        same(name, a.reshape(2, 7), b[:7], ulps=ulps)
        same(name, a[:1].reshape(()), b[1:2].reshape(()), ulps=ulps)
        same(name, a[:0], b[:1], ulps=ulps)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_arithmetic_within_its_range(dtype):
    limits = np.iinfo(dtype)
    a = np.array([limits.max, limits.max - 1, 7, 6, 5, 1, 0], dtype=dtype)
    if limits.min < 0:
        a = np.concatenate([a, np.array([limits.min, -7, -1], dtype=dtype)])
    divisors = np.array([1, 2, 3, 7, limits.max] + ([-2, -3] if limits.min < 0 else []),
                        dtype=dtype)
    for name in "floor_divide", "remainder":
        same(name, a[:, None], divisors)
    same("pow", np.array([0, 1, 2, 3], dtype=dtype)[:, None], np.array([0, 1, 2, 4], dtype=dtype))
    shifts = np.array([0, 1, limits.bits - 2], dtype=dtype)
    same("bitwise_left_shift", np.array([0, 1], dtype=dtype)[:, None], shifts)
    same("bitwise_right_shift", a[:, None], shifts)


@pytest.mark.parametrize("name", ["isfinite", "isinf", "isnan"])
def test_complex_numbers_with_special_parts(name):
    parts = np.array([0, -1.5, np.inf, -np.inf, np.nan])
    grid = np.empty((5, 5), np.complex128)
    grid.real, grid.imag = parts[:, None], parts
    for dtype in COMPLEX:
        same(name, grid.astype(dtype))


def test_promotion_and_0d_arrays():
    for a in ALL:
        for b in ALL:
            name = "logical_and" if a == b == "bool" else "add"
            x, y = np.ones(3, dtype=a), np.ones((), dtype=b)
            try:
                expected = getattr(strict, name)(strict.asarray(x), strict.asarray(y))
            except TypeError:
                continue  # the standard has no promotion between these
            assert_same(getattr(xp, name)(tenon.tensor(x), tenon.tensor(y)), expected, 0,
                        f"{a} {b}")
            same("result_type", x, y.dtype)


@pytest.mark.parametrize("dtype", NUMERIC)
def test_numbers_take_the_arrays_dtype(dtype):
    x = values(dtype, 3)
    for number in [2] + [2.5] * ("int" not in dtype) + [1 + 2j] * (dtype in COMPLEX):
        same("multiply", x, number, ulps=2)
        same("subtract", number, x, ulps=2)
        if dtype not in COMPLEX:
            same("maximum", x, number)
            same("less", number, x)
    with pytest.raises(TypeError, match="at least one tensor"):
        xp.add(1, 2)
    with pytest.raises(TypeError, match="asarray"):
        xp.add(tenon.tensor(x), [1])


@pytest.mark.parametrize("dtype", REAL)
def test_clip(dtype):
    x = values(dtype)
    low, high = np.array(1, dtype=dtype), np.array(5, dtype=dtype)
    same("clip", x, 1, 5)
    same("clip", x, 2)
    same("clip", x, max=3)
    same("clip", x)
    same("clip", x, low, high)
    same("clip", x[:, None], np.stack([low] * 3), high)
    if dtype in FLOATS:
        same("clip", x, np.nan, 1.0)
        assert np.isnan(xp.clip(tenon.tensor(x), float("nan")).numpy()).all()


def test_what_the_standard_says_of_signs_and_zeros():
    zeros = tenon.tensor([0.0, -0.0])
    assert (np.signbit(xp.copysign(tenon.tensor([1.0, 1.0]), zeros).numpy()).tolist()
            == [False, True])
    assert np.signbit(xp.sqrt(zeros).numpy()).tolist() == [False, True]
    assert np.signbit(xp.round(tenon.tensor([-0.4, 0.4])).numpy()).tolist() == [True, False]
    assert xp.round(tenon.tensor([0.5, 1.5, 2.5, -0.5])).tolist() == [0, 2, 2, 0]
    assert np.signbit(xp.atan2(zeros, tenon.tensor(1.0)).numpy()).tolist() == [False, True]
    assert xp.atan2(zeros, tenon.tensor(-1.0)).tolist() == pytest.approx([np.pi, -np.pi])
    assert (xp.pow(tenon.tensor([float("nan"), 1.0]), tenon.tensor([0.0, float("nan")])).tolist()
            == [1, 1])
    assert xp.isnan(xp.sign(tenon.tensor(float("nan")))).item()
    assert xp.divide(tenon.tensor([1.0, -1.0]), zeros).tolist() == [np.inf, np.inf]
