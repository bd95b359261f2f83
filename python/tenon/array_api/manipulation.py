"""Arrays in other shapes and orders."""

from .. import _core, _forms
from ._support import Tensor, axis_of, promoted

__all__ = ["broadcast_arrays", "broadcast_shapes", "broadcast_to", "concat", "expand_dims", "flip",
           "moveaxis", "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "tile",
           "unstack"]


def broadcast_arrays(*arrays):
    """The arrays expanded to the shape that all of them broadcast to."""
    return list(_core.broadcast_tensors(list(arrays)))


def broadcast_shapes(*shapes):
    """The shape that arrays of these shapes broadcast to."""
    return tuple(_forms.broadcast_shapes(*shapes))


def broadcast_to(x, /, shape):
    """The array expanded to a shape that it broadcasts to."""
    return _core.broadcast_to(x, tuple(shape))


def _of_one_dtype(arrays):
    arrays = list(arrays)
    dtype = arrays[0].dtype if arrays else None
    for array in arrays[1:]:
        dtype = promoted(dtype, array.dtype)
    return [array.to(dtype) for array in arrays]


def concat(arrays, /, *, axis=0):
    """Arrays one after the other along an axis they have; with axis=None, all elements as a
    vector."""
    arrays = _of_one_dtype(arrays)
    if axis is None:
        return _core.cat([array.reshape((-1,)) for array in arrays], 0)
    return _core.cat(arrays, axis)


def expand_dims(x, /, axis):
    """Axes of size 1 at one or several places of the result's shape."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    ndim = x.ndim + len(axes)
    places = sorted(axis_of(one, ndim, "expand_dims") for one in axes)
    if len(set(places)) != len(places):
        raise _core.ValueError(f"[expand_dims] axes {axes} name a place twice")
    for place in places:
        x = _core.unsqueeze(x, place)
    return x


def flip(x, /, *, axis=None):
    """The elements along an axis, several, or (None) all, in reverse order."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else _core.flip(x, axes)


def moveaxis(x, source, destination, /):
    """Axes at other places; the others stay in order."""
    source, destination = ((axes,) if isinstance(axes, int) else tuple(axes)
                           for axes in (source, destination))
    return _core.movedim(x, source, destination)


def permute_dims(x, /, axes):
    """The axes in another order."""
    return _core.permute(x, tuple(axes))


def repeat(x, repeats, /, *, axis=None):
    """Each slice along an axis (None: each element) `repeats` times in a row, a number or an array
    with one for each."""
    if isinstance(repeats, Tensor):
        repeats = repeats.to(_core.int64)
        if repeats.ndim == 0:
            repeats = int(repeats)
        elif repeats.shape == (1,):
            repeats = int(repeats[0])
    if axis is None:
        x, axis = x.reshape((-1,)), 0
    return _forms.repeat_interleave(x, repeats, axis)


def reshape(x, /, shape, *, copy=None):
    """The elements in another shape, of which one size may be -1; copy=False fails where they have
    to be copied."""
    if copy is False:
        return _core.view(x, tuple(shape))
    made = _core.reshape(x, tuple(shape))
    return made.clone() if copy else made


def roll(x, /, shift, *, axis=None):
    """The elements moved along one or several axes, those behind the end to the front; without an
    axis, as one vector."""
    if axis is None:
        return _core.roll(x.reshape((-1,)), (shift,), (0,)).reshape(x.shape)
    shifts = (shift,) if isinstance(shift, int) else tuple(shift)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return _core.roll(x, shifts * len(axes) if len(shifts) == 1 else shifts, axes)


def squeeze(x, /, axis):
    """Without one or several axes of size 1."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in axes:
        size = x.shape[axis_of(one, x.ndim, "squeeze")]
        if size != 1:
            raise _core.ValueError(f"[squeeze] expected axis {one} of size 1, got {size}")
    return _core.squeeze(x, axes) if axes else x


def stack(arrays, /, *, axis=0):
    """Arrays of one shape along a new axis."""
    return _core.stack(_of_one_dtype(arrays), axis)


def tile(x, repetitions, /):
    """The array beside itself, so many times along each axis."""
    return _core.Tensor.tile(x, tuple(repetitions))


def unstack(x, /, *, axis=0):
    """The slices along an axis, without it."""
    return tuple(_core.unbind(x, axis))
