"""Tensors from data, sizes and random numbers, in the forms in which PyTorch has them."""

import functools

from . import _core, _dtypes


_default_device = None  # where tensors are made that are not told; None: on the CPU


def set_default_device(device):
    """Tensors that are made without a device are made on this one."""
    global _default_device
    device = None if device is None else _core.device(device)
    if device is not None:
        _core.empty((0,), device=device)  # an error where there is no such
    _default_device = None if device is None or device.type == "cpu" else device


def get_default_device():
    """The device of tensors that are made without one."""
    return _default_device or _core.device("cpu")


_before = []  # what the default devices were outside of `with device:`


def _enter_device(self):
    before = _default_device
    set_default_device(self)
    _before.append(before)
    return self


def _leave_device(self, *_):
    global _default_device
    _default_device = _before.pop()
    return False


_core.device.__enter__, _core.device.__exit__ = _enter_device, _leave_device


def _takes_options(op):
    """Adds the arguments that all of PyTorch's functions of this kind take."""

    @functools.wraps(op)
    def make(*arguments, requires_grad=False, layout=None, pin_memory=False, out=None, **keywords):
        if _default_device is not None and keywords.get("device") is None:
            keywords["device"] = _default_device
        made = op(*arguments, **keywords)
        if out is not None:
            made = (out.resize_(made.shape).copy_(made)
                    if out.shape != made.shape else out.copy_(made))
        return made.requires_grad_() if requires_grad else made

    return make


def _like(op):
    """As `_takes_options`, for results of the form of another tensor, on a device of their own."""

    @functools.wraps(op)
    def make(*arguments, requires_grad=False, layout=None, pin_memory=False, device=None,
             memory_format=None, **keywords):
        made = op(*arguments, **keywords)
        if device is not None:
            made = made.to(device)
        return made.requires_grad_() if requires_grad else made

    return make


zeros, ones, empty = (_takes_options(op) for op in (_core.zeros, _core.ones, _core.empty))
rand, randn, eye = (_takes_options(op) for op in (_core.rand, _core.randn, _core.eye))
randperm, logspace = _takes_options(_core.randperm), _takes_options(_core.logspace)
bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window = map(
    _takes_options, (_core.bartlett_window, _core.blackman_window, _core.hamming_window,
                     _core.hann_window, _core.kaiser_window))
empty_strided = _takes_options(_core.empty_strided)
zeros_like, ones_like = _like(_core.zeros_like), _like(_core.ones_like)
empty_like, full_like = _like(_core.empty_like), _like(_core.full_like)
rand_like, randn_like = _like(_core.rand_like), _like(_core.randn_like)
randint_like = _like(_core.randint_like)


full = _takes_options(_core.full)


def linspace(start, end, steps, *, dtype=None, **options):
    """`steps` evenly spaced numbers from `start` to `end`; complex ones where one of these is."""
    if dtype is None and (isinstance(start, complex) or isinstance(end, complex)):
        dtype = _dtypes.default_complex()
    return _linspace(start, end, steps, **options, **({} if dtype is None else {"dtype": dtype}))


_linspace = _takes_options(_core.linspace)


@_takes_options
def arange(start, end=None, step=1, *, dtype=None, device=None):
    """Numbers from `start` (0 where only `end` is given) in steps of `step`, before `end`."""
    if end is None:
        start, end = 0, start
    return _core.arange(start, end, step, dtype=dtype, device=device)


@_takes_options
def randint(low, high=None, size=None, *, dtype=None, device=None, generator=None):
    """Whole numbers from `low` (0 where left out) to before `high`: `randint(high, size)` or
    `randint(low, high, size)`."""
    if size is None:
        low, high, size = 0, low, high
    return _core.randint(low, high, size, dtype=dtype, device=device, generator=generator)


def range(start, end=None, step=1, *, dtype=None, **options):
    """As `arange`, of floating numbers and up to `end` itself; an older function of PyTorch's."""
    if end is None:
        start, end = 0, start
    count = int((end - start) / step) + 1
    made = arange(count, dtype=_core.float64) * step + start
    made = made.to(_dtypes.get_default_dtype() if dtype is None else dtype)
    return as_tensor(made, **options)


def scalar_tensor(s, *, dtype=None, **options):
    """A 0-d tensor; floating where no dtype is given."""
    return full((), s, dtype=_dtypes.get_default_dtype() if dtype is None else dtype, **options)


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A vector over the memory of an object with a buffer, of `count` elements of `dtype` that
    begin `offset` bytes in; a copy where the memory may not be written."""
    view = memoryview(buffer).cast("B")
    size = len(view) - offset
    count = size // dtype.itemsize if count < 0 else count
    if offset < 0 or size < 0 or count * dtype.itemsize > size or (
            count == size // dtype.itemsize and size % dtype.itemsize):
        raise _core.ValueError(f"[frombuffer] {len(view)} bytes don't hold {count} whole elements "
                               f"of {dtype} from byte {offset} on")
    part = view[offset:offset + count * dtype.itemsize]
    is_usable = not part.readonly and offset % dtype.itemsize == 0
    data = _core.from_buffer(part if is_usable else bytearray(part))
    made = _core._tensor_within(data, 0, dtype, (count,))
    return made.requires_grad_() if requires_grad else made


def normal(mean=0.0, std=1.0, size=None, *, generator=None):
    """Normally distributed numbers; `mean` and `std` are numbers or tensors."""
    if size is None:
        shape = next((value for value in (mean, std) if isinstance(value, _core.Tensor)), None)
        if shape is None:
            raise TypeError("normal(): without a tensor, 'size' is needed")
        if isinstance(mean, _core.Tensor) and isinstance(std, _core.Tensor):
            shape = mean + std
        size = shape.shape
    return randn(size, generator=generator) * std + mean


def _data_of(data):
    """Images, and others that tell only NumPy where their data is, as arrays."""
    if hasattr(data, "__array_interface__"):
        import numpy

        return numpy.asarray(data)
    return data


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A copy of numbers, nested lists of them, or an array. Of lists it is bool, int64, the default
    dtype (float32) or its complex one, whatever holds all of them."""
    made = _core.tensor_of_data(_data_of(data), dtype)
    device = _default_device if device is None else device
    if device is not None:
        made = made.to(device)
    return made.requires_grad_() if requires_grad else made


def as_tensor(data, dtype=None, device=None):
    """The same data where that can be, else a copy."""
    if not isinstance(data, _core.Tensor):
        data = _data_of(data)
        try:
            data = _core.from_buffer(data)
        except (TypeError, ValueError, BufferError):
            data = _core.tensor_of_data(data, dtype)
    if dtype is not None:
        data = data.to(dtype)
    return data if device is None else data.to(device)


def asarray(obj, *, dtype=None, device=None, copy=None):
    """`as_tensor`, which always copies with copy=True."""
    made = as_tensor(obj, dtype, device)
    return made.clone() if copy else made


def from_numpy(array):
    """A tensor over the array's own memory: writing to one writes to the other."""
    return _core.from_buffer(array)
