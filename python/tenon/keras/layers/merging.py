"""Layers of several inputs."""

import functools

from ... import _core
from ...nn.functional import normalize
from .._calls import shown_shape
from ._base import BuiltIn


def _joined_mask(masks):
    """What is on in one mask or another; None where an input has none, whose steps all count."""
    if any(mask is None for mask in masks):
        return None
    return functools.reduce(_core.logical_or, masks)


class _Merge(BuiltIn):
    """Merges two inputs or more, which are broadcast; those of fewer dims get some behind the
    batch."""

    _least = 2

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def _check(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < self._least:
            count = len(inputs) if isinstance(inputs, (list, tuple)) else "one tensor"
            raise ValueError(f"{type(self).__name__} is called with a list of {self._least} inputs "
                             f"or more, not {count}")

    def call(self, inputs):
        self._check(inputs)
        rank = max(x.dim() for x in inputs)
        inputs = [x.reshape((x.shape[0], *(1,) * (rank - x.dim()), *x.shape[1:]))
                  if 0 < x.dim() < rank else x for x in inputs]
        try:
            return self._merged(inputs)
        except ValueError as error:
            shapes = ", ".join(str(shown_shape(x.shape)) for x in inputs)
            raise ValueError(f"{type(self).__name__}: inputs of shapes {shapes} can't be merged: "
                             f"{error}") from error

    def compute_mask(self, inputs, mask=None):
        return _joined_mask(mask) if isinstance(mask, (list, tuple)) else None


class Add(_Merge):
    """The sum of the inputs."""

    def _merged(self, inputs):
        return functools.reduce(_core.add, inputs)


class Subtract(_Merge):
    """The first of two inputs less the second."""

    def _check(self, inputs):
        super()._check(inputs)
        if len(inputs) != 2:
            raise ValueError(f"Subtract is called with two inputs, not {len(inputs)}")

    def _merged(self, inputs):
        return inputs[0] - inputs[1]


class Multiply(_Merge):
    """The product of the inputs."""

    def _merged(self, inputs):
        return functools.reduce(_core.mul, inputs)


class Average(_Merge):
    """The mean of the inputs."""

    def _merged(self, inputs):
        return functools.reduce(_core.add, inputs) / len(inputs)


class Maximum(_Merge):
    """The largest of the inputs, element by element."""

    def _merged(self, inputs):
        return functools.reduce(_core.maximum, inputs)


class Minimum(_Merge):
    """The smallest of the inputs, element by element."""

    def _merged(self, inputs):
        return functools.reduce(_core.minimum, inputs)


class Concatenate(BuiltIn):
    """The inputs behind each other along `axis`."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError("Concatenate is called with a list of inputs")
        shapes = [tuple(x.shape) for x in inputs]
        axis = self.axis % len(shapes[0]) if shapes[0] else 0
        rests = {shape[:axis] + shape[axis + 1:] for shape in shapes}
        if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
            raise ValueError("A `Concatenate` layer requires inputs with matching shapes except "
                             f"for the concatenation axis {self.axis}. Received: "
                             f"input_shape={list(map(shown_shape, shapes))}")
        return _core.cat(list(inputs), self.axis)

    def compute_mask(self, inputs, mask=None):
        if not isinstance(mask, (list, tuple)) or all(one is None for one in mask):
            return None
        rank = inputs[0].dim()
        parts = []
        for x, one in zip(inputs, mask):
            if one is None:
                one = _core.ones(tuple(x.shape), dtype=_core.bool)
            elif one.dim() < rank:
                one = one.reshape((*one.shape, *(1,) * (rank - one.dim()))).broadcast_to(x.shape)
            parts.append(one)
        return _core.cat(parts, self.axis).any(-1)


class Dot(BuiltIn):
    """The product of two inputs summed over an axis of each; `normalize` makes it the cosine."""

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int) and (len(axes) != 2
                                          or not all(isinstance(a, int) for a in axes)):
            raise ValueError(f"Dot(): axes is a number or two of them, not {axes!r}")
        self.axes, self.normalize = axes, normalize

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError("Dot is called with a list of two inputs")
        a, b = inputs
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        first, second = axes[0] % a.dim(), axes[1] % b.dim()
        if a.shape[first] != b.shape[second]:
            raise ValueError(f"Dot: the sizes of axis {first} of {tuple(a.shape)} and axis "
                             f"{second} of {tuple(b.shape)} differ")
        if self.normalize:
            a = normalize(a, dim=first, eps=1e-6)
            b = normalize(b, dim=second, eps=1e-6)
        a, b = a.movedim(first, -1), b.movedim(second, -1)
        rests = (*a.shape[1:-1], *b.shape[1:-1])
        rows = a.reshape((a.shape[0], -1, a.shape[-1]))
        columns = b.reshape((b.shape[0], -1, b.shape[-1])).transpose(1, 2)
        return (rows @ columns).reshape((a.shape[0], *rests) if rests else (a.shape[0], 1))


def _merged_by(kind):
    """The layer as a function."""

    def merge(inputs, *args, **kwargs):
        return kind(*args, **kwargs)(inputs)

    merge.__name__ = kind.__name__.lower()
    merge.__doc__ = kind.__doc__
    return merge


add, subtract, multiply, average = map(_merged_by, (Add, Subtract, Multiply, Average))
maximum, minimum, dot, concatenate = map(_merged_by, (Maximum, Minimum, Dot, Concatenate))


