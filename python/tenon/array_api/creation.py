"""Arrays from numbers, data and other arrays."""

from .. import _core, _creation, _exchange
from ._support import Tensor, default_dtype, default_float, is_scalar

__all__ = ["arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like",
           "linspace", "meshgrid", "ones", "ones_like", "tril", "triu", "zeros", "zeros_like"]


def _sizes(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _on(device):
    return "cpu" if device is None else device


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    """Numbers from `start` (0 where only one is given) in steps of `step`, before `stop`."""
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        is_whole = all(isinstance(value, int) for value in (start, stop, step))
        dtype = _core.int64 if is_whole else default_float()
    if step != 0 and (stop - start) / step <= 0:
        return _core.empty((0,), dtype=dtype, device=_on(device))
    return _core.arange(start, stop, step, dtype=dtype, device=_on(device))


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    """An array of numbers, nested lists of them, or of what has DLPack or Python's buffers: over
    the same memory where that can be, else a copy. copy=True always copies; copy=False never
    does."""
    made = obj
    if not isinstance(obj, Tensor):
        made = _of_other(obj, dtype, copy)
    result = made.to(dtype) if dtype is not None else made
    result = result if device is None else result.to(device)
    if copy is False and result is not made:
        raise _core.ValueError(f"[asarray] {made.dtype} on {made.device} can't become {dtype} on "
                               f"{device} without a copy; leave out copy=False")
    return result.clone() if copy and result is obj else result


def _of_other(obj, dtype, copy):
    is_plain = is_scalar(obj) or isinstance(obj, (list, tuple))
    if is_plain:
        if copy is False:
            raise _core.ValueError("[asarray] numbers and lists have to be copied; leave out "
                                   "copy=False")
        return _creation.tensor(obj, dtype=dtype)
    if copy:
        return _creation.tensor(obj)
    try:
        return _core.from_buffer(obj)
    except (TypeError, ValueError, BufferError):
        if hasattr(obj, "__dlpack__") and not hasattr(obj, "__array__"):
            return _exchange.from_dlpack(obj, copy=copy)
        if copy is False:
            raise
    return _creation.tensor(obj)


def empty(shape, *, dtype=None, device=None):
    """An array of whatever the memory holds."""
    return _core.empty(_sizes(shape), dtype=dtype or default_float(), device=_on(device))


def empty_like(x, /, *, dtype=None, device=None):
    """An array of the shape of `x`, of whatever the memory holds."""
    return empty(x.shape, dtype=dtype or x.dtype, device=device or x.device)


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    """Ones on the k-th diagonal (above the main one where k > 0), zeros elsewhere."""
    columns = n_rows if n_cols is None else n_cols
    rows = _core.arange(0, n_rows, 1, device=_on(device)).unsqueeze(1)
    is_one = _core.eq(rows + k, _core.arange(0, columns, 1, device=_on(device)))
    return is_one.to(dtype or default_float())


def from_dlpack(x, /, *, device=None, copy=None):
    """An array over the memory of what has DLPack; with copy=True, over memory of its own."""
    return _exchange.from_dlpack(x, device=device, copy=copy)


def full(shape, fill_value, *, dtype=None, device=None):
    """An array of one number; without a dtype bool, int64, or the default float or complex dtype,
    whatever the number is."""
    if dtype is None and isinstance(fill_value, float):
        dtype = default_float()
    return _core.full(_sizes(shape), fill_value, dtype=dtype, device=_on(device))


def full_like(x, /, fill_value, *, dtype=None, device=None):
    """An array of one number, of the shape and dtype of `x`."""
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=device or x.device)


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    """`num` evenly spaced numbers from `start` to `stop`, which is the last one where
    `endpoint`."""
    if dtype is None:
        dtype = default_dtype(start + stop)
    computed = dtype if dtype.is_floating_point or dtype.is_complex else _core.float64
    steps = num if endpoint or num == 0 else num + 1
    return _core.linspace(start, stop, steps, dtype=computed, device=_on(device))[:num].to(dtype)


def meshgrid(*arrays, indexing="xy"):
    """The coordinates of a grid, an array for each vector: with "ij" in the order of the axes, with
    "xy" the first two exchanged."""
    return list(_core.meshgrid(list(arrays), indexing))


def ones(shape, *, dtype=None, device=None):
    """An array of ones."""
    return _core.ones(_sizes(shape), dtype=dtype or default_float(), device=_on(device))


def ones_like(x, /, *, dtype=None, device=None):
    """An array of ones of the shape and dtype of `x`."""
    return ones(x.shape, dtype=dtype or x.dtype, device=device or x.device)


def tril(x, /, *, k=0):
    """Matrices with zeros above the k-th diagonal."""
    return _core.tril(x, k)


def triu(x, /, *, k=0):
    """Matrices with zeros below the k-th diagonal."""
    return _core.triu(x, k)


def zeros(shape, *, dtype=None, device=None):
    """An array of zeros."""
    return _core.zeros(_sizes(shape), dtype=dtype or default_float(), device=_on(device))


def zeros_like(x, /, *, dtype=None, device=None):
    """An array of zeros of the shape and dtype of `x`."""
    return zeros(x.shape, dtype=dtype or x.dtype, device=device or x.device)
