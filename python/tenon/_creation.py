"""Tensors from data, sizes and random numbers, in the forms in which PyTorch has them."""

import functools

from . import _core


def _with_requires_grad(op):
    @functools.wraps(op)
    def make(*arguments, requires_grad=False, **keywords):
        made = op(*arguments, **keywords)
        return made.requires_grad_() if requires_grad else made

    return make


zeros, ones, empty = (_with_requires_grad(op) for op in (_core.zeros, _core.ones, _core.empty))
rand, randn, eye = (_with_requires_grad(op) for op in (_core.rand, _core.randn, _core.eye))
full, linspace = _with_requires_grad(_core.full), _with_requires_grad(_core.linspace)
zeros_like, ones_like = (_with_requires_grad(op) for op in (_core.zeros_like, _core.ones_like))
empty_like, full_like = (_with_requires_grad(op) for op in (_core.empty_like, _core.full_like))
rand_like, randn_like = (_with_requires_grad(op) for op in (_core.rand_like, _core.randn_like))
randperm = _with_requires_grad(_core.randperm)


@_with_requires_grad
def arange(start, end=None, step=1, *, dtype=None, device=None):
    """Numbers from `start` (0 where only `end` is given) in steps of `step`, before `end`."""
    if end is None:
        start, end = 0, start
    return _core.arange(start, end, step, dtype=dtype, device=device)


@_with_requires_grad
def randint(low, high=None, size=None, *, dtype=None, device=None, generator=None):
    """Whole numbers from `low` (0 where left out) to before `high`: `randint(high, size)` or
    `randint(low, high, size)`."""
    if size is None:
        low, high, size = 0, low, high
    return _core.randint(low, high, size, dtype=dtype, device=device, generator=generator)


def normal(mean=0.0, std=1.0, size=None, *, generator=None):
    """Normally distributed numbers; `mean` and `std` are numbers or tensors."""
    if size is None:
        shape = next((value for value in (mean, std) if isinstance(value, _core.Tensor)), None)
        if shape is None:
            raise TypeError("normal(): without a tensor, 'size' is needed")
        if isinstance(mean, _core.Tensor) and isinstance(std, _core.Tensor):
            shape = mean + std
        return _core.randn(shape.shape, generator=generator) * std + mean
    return _core.randn(size, generator=generator) * std + mean


def tensor(data, *, dtype=None, device=None, requires_grad=False):
    """A copy of numbers, nested lists of them, or an array. Of lists it is bool, int64, float32 or
    complex64, whatever holds all of them."""
    made = _core.tensor_of_data(data, dtype)
    if device is not None:
        made = made.to(device)
    return made.requires_grad_() if requires_grad else made


def as_tensor(data, dtype=None, device=None):
    """The same data where that can be, else a copy."""
    if not isinstance(data, _core.Tensor):
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
