"""Tensors of sizes and numbers."""

import math

from ... import _core
from .._arrays import as_dtype
from ._base import floats, named, names_of, op, promoted, sizes, tensor


def _number(value):
    return value.item() if hasattr(value, "item") else value


@op
def array(x, dtype=None):
    """A tensor of these elements."""
    made = tensor(x)
    return made if dtype is None else made.to(as_dtype(dtype))


@op
def zeros(shape, dtype=None):
    """Zeros."""
    return _core.zeros(sizes(shape), dtype=as_dtype(dtype))


@op
def ones(shape, dtype=None):
    """Ones."""
    return _core.ones(sizes(shape), dtype=as_dtype(dtype))


@op
def empty(shape, dtype=None):
    """Zeros: there is no memory with something else in it."""
    return _core.zeros(sizes(shape), dtype=as_dtype(dtype))


@op
def full(shape, fill_value, dtype=None):
    """One value everywhere."""
    value = tensor(fill_value)
    value = value.to(as_dtype(dtype))
    return value.broadcast_to(sizes(shape)).contiguous()


def _like(name, text, make):
    def function(x, dtype=None):
        x = tensor(x)
        return make(x.shape, dtype=x.dtype if dtype is None else as_dtype(dtype))

    return named(name, function, text)


zeros_like = _like("zeros_like", "Zeros of x's shape.", _core.zeros)
ones_like = _like("ones_like", "Ones of x's shape.", _core.ones)
empty_like = _like("empty_like", "Zeros of x's shape.", _core.zeros)


@op
def full_like(x, fill_value, dtype=None):
    """One value in x's shape."""
    x = tensor(x)
    value = tensor(fill_value).to(x.dtype if dtype is None else as_dtype(dtype))
    return value.broadcast_to(x.shape).contiguous()


@op
def arange(start, stop=None, step=None, dtype=None):
    """start, start + step ... below `stop`; from 0 to before `start` where that is all."""
    start, stop, step = (_number(value) for value in (start, stop, step))
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        is_whole = all(isinstance(value, int) for value in (start, stop, step))
        dtype = "int32" if is_whole else None
    return _core.arange(start, stop, step, dtype=as_dtype(dtype))


def _spaced(start, stop, num, endpoint, dtype, axis):
    """`num` numbers at equal distances, and the distance."""
    start, stop = map(floats, promoted((start, stop)))
    num = int(num)
    gaps = num - 1 if endpoint else num
    step = (stop - start) / gaps if gaps > 0 else _core.full_like(start, math.nan)
    count = _core.arange(0, num, 1, dtype=start.dtype)
    start, stop = _core.broadcast_tensors([start, stop])
    count = count.reshape((num, *[1] * start.dim()))
    made = start + count * ((stop - start) / gaps if gaps > 0 else 0.0)
    if endpoint and num > 1:  # the last one exactly
        made = _core.cat([made[:-1], stop.unsqueeze(0)], 0)
    made = made if dtype is None else made.to(as_dtype(dtype))
    return made.movedim(0, axis), step


@op
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` numbers at equal distances from start to stop; with `retstep` the distance, too."""
    made, step = _spaced(start, stop, num, endpoint, dtype, axis)
    return (made, step) if retstep else made


@op
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """base to the power of numbers at equal distances."""
    made, _ = _spaced(start, stop, num, endpoint, None, axis)
    made = _core.pow(_core.full((), float(base), dtype=made.dtype), made)
    return made if dtype is None else made.to(as_dtype(dtype))


@op
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers from start to stop, each so many times the one before."""
    start, stop = map(floats, promoted((start, stop)))
    sign = _core.sgn(start)
    made, _ = _spaced(_core.log(_core.abs(start)), _core.log(_core.abs(stop)), num, endpoint, None,
                      axis)
    made = sign.unsqueeze(axis) * _core.exp(made) if sign.dim() else sign * _core.exp(made)
    return made if dtype is None else made.to(as_dtype(dtype))


@op
def tri(N, M=None, k=0, dtype=None):
    """Ones at and below the k-th diagonal, zeros above."""
    return _core.tril(_core.ones((N, N if M is None else M), dtype=as_dtype(dtype)), k)


@op
def eye(N, M=None, k=0, dtype=None):
    """Ones on the k-th diagonal, zeros elsewhere."""
    columns = N if M is None else M
    dtype = as_dtype(dtype)
    rows = _core.arange(0, N, 1, dtype=_core.int64).unsqueeze(1)
    return ((rows + k) == _core.arange(0, columns, 1, dtype=_core.int64)).to(dtype)


@op
def identity(n, dtype=None):
    """The identity matrix."""
    return _core.eye(n, dtype=as_dtype(dtype))


@op
def vander(x, N=None, increasing=False):
    """The powers of the elements of a vector, a row each, the highest first."""
    x = tensor(x)
    count = x.shape[0] if N is None else N
    powers = _core.arange(0, count, 1, dtype=_core.int64)
    powers = powers if increasing else _core.flip(powers, 0)
    return _core.pow(x.unsqueeze(1), powers.to(x.dtype))


# Windows: their number of points is the argument.


def _window(name, text, compute):
    def function(x, *arguments):
        count = int(_number(x))
        if count == 1:
            return _core.ones((1,), dtype=as_dtype(None))
        return compute(count, *arguments).to(as_dtype(None))

    return named(name, function, text)


bartlett = _window("bartlett", "Bartlett's window: a triangle.",
                   lambda count: _core.bartlett_window(count, False))
blackman = _window("blackman", "Blackman's window.",
                   lambda count: _core.blackman_window(count, False))
hamming = _window("hamming", "Hamming's window.", lambda count: _core.hamming_window(count, False))
hanning = _window("hanning", "Hann's window.", lambda count: _core.hann_window(count, False))


@op
def kaiser(x, beta):
    """Kaiser's window: i0(beta sqrt(1 - t^2)) / i0(beta), t from -1 to 1."""
    from ._elementwise import i0

    count = int(_number(x))
    if count == 1:
        return _core.ones((1,), dtype=as_dtype(None))
    t = _core.linspace(-1, 1, count, dtype=as_dtype(None))
    beta = floats(beta).to(t.dtype)
    return i0(beta * _core.sqrt(_core.clamp_min(1 - _core.square(t), 0))) / i0(beta)


__all__ = names_of(globals())
