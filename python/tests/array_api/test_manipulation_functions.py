"""Shapes, orders and indexing functions, dtype by dtype, 0-d and empty arrays included."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import ALL, INTEGERS, assert_same, same, strict, tame, values


@pytest.mark.parametrize("dtype", ALL)
def test_shapes(dtype):
    x = tame(dtype, (2, 1, 3))
    scalar, none = tame(dtype, ()), tame(dtype, (0, 3))
    for shape in (6,), (3, 2), (-1,), (2, -1, 1), (1, 2, 3, 1):
        same("reshape", x, shape)
    same("reshape", scalar, (1, 1))
    same("reshape", none, (3, 0, 2))
    for axis in 0, -1, 1, (0, 2), (-1, 0), ():
        same("expand_dims", x, axis)
    same("squeeze", x, 1)
    same("squeeze", x, (-2,))
    same("squeeze", tame(dtype, (1, 2, 1)), (0, -1))
    for axes in (2, 0, 1), (-1, 0, 1), (0, 1, 2):
        same("permute_dims", x, axes)
    same("permute_dims", scalar, ())
    same("moveaxis", x, 0, -1)
    same("moveaxis", x, (0, 1), (2, 0))
    for axis in None, 0, -1, (0, 2), ():
        same("flip", x, axis=axis)
    same("flip", none)
    same("broadcast_to", x, (4, 2, 5, 3))
    same("broadcast_to", scalar, (2, 2))
    same("broadcast_arrays", x, tame(dtype, (4, 1)), scalar)


@pytest.mark.parametrize("dtype", ALL)
def test_joins_and_repetitions(dtype):
    x, y, none = tame(dtype, (2, 3)), tame(dtype, (2, 3), 1), tame(dtype, (0, 3))
    for axis in 0, 1, -1, None:
        same("concat", [x, y], axis=axis)
    same("concat", (x, none))
    for axis in 0, 1, -1, -2:
        same("stack", [x, y], axis=axis)
        if axis != -2:
            same("unstack", x, axis=axis)
    for repetitions in (2,), (2, 1), (1, 3), (2, 2, 2), (0, 1), ():
        same("tile", x, repetitions)
    for axis in None, 0, 1, -1:
        same("repeat", x, 2, axis=axis)
        same("repeat", x, 0, axis=axis)
    same("repeat", x, np.array([1, 0, 2]), axis=1)
    same("repeat", x, np.array([2]), axis=0)
    for shift, axis in (1, None), (-2, None), (1, 0), (4, -1), ((1, -1), (0, 1)), (1, (0, 1)):
        same("roll", x, shift, axis=axis)


def test_mixed_dtypes_are_promoted():
    x, y = np.ones((2,), np.float32), np.ones((2,), np.float64)
    same("concat", [x, y])
    same("stack", [np.ones(2, np.int8), np.ones(2, np.uint8)])


def test_broadcast_shapes():
    for shapes in ((2, 1), (3,)), ((5, 1, 4), (1, 6, 1), ()), ((0, 1), (3,)), ((2, 3),):
        assert xp.broadcast_shapes(*shapes) == strict.broadcast_shapes(*shapes)
    with pytest.raises(ValueError):
        xp.broadcast_shapes((2,), (3,))


def test_copies_and_views():
    x = tenon.arange(6)
    view = xp.reshape(x, (2, 3), copy=False)
    assert view.data_ptr() == x.data_ptr()
    assert xp.reshape(x, (2, 3), copy=True).data_ptr() != x.data_ptr()
    with pytest.raises(ValueError):
        xp.reshape(view.T, (6,), copy=False)


@pytest.mark.parametrize("call", [
    lambda x: xp.squeeze(x, 0), lambda x: xp.expand_dims(x, 4), lambda x: xp.expand_dims(x, (0, 0)),
    lambda x: xp.reshape(x, (4,)), lambda x: xp.permute_dims(x, (0, 0)), lambda x: xp.concat([]),
    lambda x: xp.flip(x, axis=2), lambda x: xp.take(x, tenon.tensor([0])),
    lambda x: xp.broadcast_to(x, (2,)), lambda x: xp.unstack(x, axis=3)])
def test_mistakes(call):
    with pytest.raises((ValueError, IndexError)):
        call(tenon.ones(2, 3))


@pytest.mark.parametrize("dtype", ALL)
def test_indexing_functions(dtype):
    x = tame(dtype, (3, 4))
    for index_dtype in INTEGERS:
        places = np.array([2, 0, 0], dtype=index_dtype)
        same("take", x, places, axis=0)
        same("take", x, places, axis=-1)
        same("take", x[0], places)
    same("take", x, np.array([-1, 1]), axis=0)
    same("take", x, np.array([], np.int64), axis=1)
    same("take_along_axis", x, np.array([[0, -1, 2, 1]]), axis=0)
    same("take_along_axis", x, np.array([[0], [3], [-4]]))
    same("take_along_axis", values(dtype), np.array([3, 3, -1]))


@pytest.mark.parametrize("dtype", ALL)
def test_indexing_of_arrays(dtype):
    x = tame(dtype, (3, 4))
    mine = tenon.tensor(x)
    for index in (1, -1, (0, 2), (slice(None), 1), (slice(2, 0),), (slice(0, 3, 2), slice(1, None)),
                  (Ellipsis, None, 1), (None, Ellipsis), (slice(-2, None), -3), ()):
        assert_same(mine[index], x[index], 0, str(index))
    mask = x == x[0, 0]
    assert_same(mine[tenon.tensor(mask)], x[mask])
    rows, columns = np.array([2, 0, -1]), np.array([0, 3, 1])
    assert_same(mine[tenon.tensor(rows), tenon.tensor(columns)], x[rows, columns])
    assert_same(mine[tenon.tensor(rows), 1:], x[rows, 1:])
    for index in (0, (slice(None), 1), (2, 3)):
        mine[index], x[index] = 1, 1
        assert_same(mine, x)
    mine[tenon.tensor(mask)], x[mask] = 0, 0
    assert_same(mine, x)
    with pytest.raises(IndexError):
        mine[3]
