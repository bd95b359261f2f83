"""Reductions, cumulative functions and differences, dtype by dtype."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import ALL, COMPLEX, FLOATS, NUMERIC, REAL, same, tame, values


def each(name, x, ulps=0):
    for axis in None, 0, -1, (0, 1), (-1, 0), ():
        for keepdims in False, True:
            same(name, x, axis=axis, keepdims=keepdims, ulps=ulps)


@pytest.mark.parametrize("dtype", NUMERIC)
def test_sums_and_products(dtype):
    x = tame(dtype, (2, 3, 4))
    each("sum", x, ulps=4)
    each("prod", x[:, :2, :2], ulps=8)
    for name in "sum", "prod":
        same(name, x[:0])
        same(name, tame(dtype, ()))
        for wanted in ["int64",
                       "uint64"] * ("int" in dtype) + ["complex128"] * (dtype in COMPLEX) + [
                "float64"] * (dtype in FLOATS):
            if name == "sum" and not (wanted == "uint64" and (x < 0).any()):
                same(name, x, dtype=np.dtype(wanted))


@pytest.mark.parametrize("dtype", REAL)
def test_extremes(dtype):
    each("max", tame(dtype, (2, 3, 4)))
    each("min", tame(dtype, (2, 3, 4)))
    for name in "max", "min":
        same(name, values(dtype))
        same(name, values(dtype).reshape(7, 2), axis=0)
        same(name, tame(dtype, ()))
        with pytest.raises(ValueError):
            getattr(xp, name)(tenon.tensor(values(dtype)[:0]))


@pytest.mark.parametrize("dtype", FLOATS)
def test_moments(dtype):
    x = tame(dtype, (2, 3, 4))
    each("mean", x, ulps=4)
    for name in "var", "std":
        each(name, x, ulps=16)
        for correction in 0, 1, 1.0, 0.5:
            same(name, x, correction=correction, ulps=16)
            same(name, x, axis=(0, 2), correction=correction, ulps=16)
        same(name, tame(dtype, (3,)), keepdims=True)
    same("mean", x[:0])
    for name in "mean", "var", "std", "sum", "prod":
        same(name, np.array([np.nan, 1, 2], dtype=dtype))
        same(name, np.array([np.inf, 1, 2], dtype=dtype))
    same("sum", np.array([np.inf, -np.inf], dtype=dtype))


@pytest.mark.parametrize("dtype", NUMERIC)
def test_cumulative(dtype):
    for name in "cumulative_sum", "cumulative_prod":
        for include_initial in False, True:
            same(name, tame(dtype, (7,)), include_initial=include_initial, ulps=4)
            for axis in 0, 1, -1:
                same(name, tame(dtype, (3, 4)), axis=axis, include_initial=include_initial, ulps=4)
            same(name, tame(dtype, (0,)), include_initial=include_initial)
        with pytest.raises(ValueError, match="axis"):
            getattr(xp, name)(tenon.tensor(tame(dtype, (2, 2))))
    same("cumulative_sum", tame("int8", (5,)), dtype=np.dtype("int32"))


@pytest.mark.parametrize("dtype", ALL)
def test_all_and_any(dtype):
    for name in "all", "any":
        each(name, tame(dtype, (2, 3, 4)))
        same(name, values(dtype))
        same(name, tame(dtype, (0, 3)))
        same(name, tame(dtype, (0, 3)), axis=0)
        same(name, tame(dtype, ()))


@pytest.mark.parametrize("dtype", NUMERIC)
def test_diff(dtype):
    x = tame(dtype, (3, 5))
    for axis in 0, -1:
        for n in 0, 1, 2:
            same("diff", x, axis=axis, n=n)
    same("diff", x, prepend=tame(dtype, (3, 1), 1), append=tame(dtype, (3, 2), 2))
    same("diff", x[0], n=7)
