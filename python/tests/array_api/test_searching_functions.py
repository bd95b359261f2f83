"""Searching, sorting and set functions, dtype by dtype."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import ALL, FLOATS, NUMERIC, REAL, assert_same, same, tame, values


@pytest.mark.parametrize("dtype", REAL)
def test_places_of_extremes(dtype):
    for x in tame(dtype, (3, 4, 2)), values(dtype), values(dtype).reshape(7, 2), tame(dtype, ()):
        for name in "argmax", "argmin":
            for keepdims in False, True:
                same(name, x, keepdims=keepdims)
                if x.ndim:
                    same(name, x, axis=0, keepdims=keepdims)
                    same(name, x, axis=-1, keepdims=keepdims)


@pytest.mark.parametrize("dtype", ALL)
def test_what_is_not_zero(dtype):
    for x in tame(dtype, (3, 4, 2)), values(dtype), tame(dtype, (0, 2)):
        same("nonzero", x)
        for axis in None, 0, -1, tuple(range(x.ndim)), ():
            for keepdims in False, True:
                if axis == () and keepdims:
                    continue  # array-api-strict mistakes () for all axes here
                same("count_nonzero", x, axis=axis, keepdims=keepdims)
    with pytest.raises(ValueError, match="0-d"):
        xp.nonzero(tenon.tensor(1))


@pytest.mark.parametrize("dtype", ALL)
def test_where(dtype):
    x, y = tame(dtype, (2, 3)), tame(dtype, (3,), 1)
    condition = np.array([[True], [False]])
    same("where", condition, x, y)
    same("where", condition, x, np.ones((), dtype) if dtype == "bool" else 1)
    same("where", np.array(True), tame(dtype, ()), tame(dtype, (), 1))
    if dtype in FLOATS:
        same("where", condition, x, np.nan)
        same("where", condition, -np.inf, values(dtype)[:3])


@pytest.mark.parametrize("dtype", REAL)
def test_searchsorted(dtype):
    x = np.sort(tame(dtype, (9,)))
    shuffled = np.random.default_rng(5).permutation(9)
    sorter = np.argsort(shuffled)
    for wanted in tame(dtype, (2, 4), 1), x, np.array(3, dtype=dtype), x[:0], 2:
        for side in "left", "right":
            same("searchsorted", x, wanted, side=side)
            same("searchsorted", x[shuffled], wanted, side=side, sorter=sorter)


@pytest.mark.parametrize("dtype", REAL)
def test_sorting(dtype):
    for x in tame(dtype, (3, 8)), tame(dtype, (0, 2)), values(dtype):
        x = x[~np.isnan(x)] if x.ndim == 1 else x  # where NaNs go is left open
        for axis in 0, -1:
            for descending in False, True:
                same("sort", x, axis=axis, descending=descending)
                same("argsort", x, axis=axis, descending=descending)
    if dtype in FLOATS:
        assert np.isnan(xp.sort(tenon.tensor(values(dtype))).numpy()[-1])


@pytest.mark.parametrize("dtype", ALL)
def test_sets(dtype):
    for x in tame(dtype, (4, 5)), tame(dtype, (0,)), tame(dtype, ()):
        if dtype.startswith("complex"):
            continue
        for name in "unique_all", "unique_counts", "unique_inverse", "unique_values":
            same(name, x)
        found = xp.unique_all(tenon.tensor(x))
        assert found._fields == ("values", "indices", "inverse_indices", "counts")
        assert_same(found.values[found.inverse_indices], x)
        assert_same(tenon.tensor(x).reshape(-1)[found.indices], found.values.numpy())


@pytest.mark.parametrize("dtype", [dtype for dtype in ALL if not dtype.startswith("complex")])
def test_isin(dtype):
    for x, members in ((tame(dtype, (3, 4)), tame(dtype, (2,), 1)),
                       (tame(dtype, ()), tame(dtype, (0,))),
                       (tame(dtype, (0, 2)), tame(dtype, (2, 2)))):
        for invert in False, True:  # of which array-api-strict 2.6 takes no notice
            found = xp.isin(tenon.tensor(x), tenon.tensor(members), invert=invert)
            assert_same(found, np.isin(x, members, invert=invert))
    assert xp.isin(1, tenon.tensor([2, 1])).item() and not xp.isin(tenon.tensor(2), 1).item()


@pytest.mark.parametrize("dtype", FLOATS)
def test_sets_of_nans_and_zeros(dtype):
    x = tenon.tensor(np.array([np.nan, 1, np.nan, -0.0, 0.0, np.inf], dtype=dtype))
    found = xp.unique_all(x)
    assert found.values.shape == (5,) and found.counts.tolist() == [2, 1, 1, 1, 1]
    assert (found.indices.tolist()[:3] == [3, 1, 5]
            and found.inverse_indices.tolist()[3:] == [0, 0, 2])
    assert len(set(found.inverse_indices.tolist()[:4:2])) == 2
    assert xp.isin(x, x).tolist() == [False, True, False, True, True, True]
