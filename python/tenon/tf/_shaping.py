"""The same elements in other places: shapes, parts, joins."""

import numpy

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.indexing import get, host, known
from .._eager.strings import StringTensor
from .._eager.tensor import op as _op
from ._making import read


def moving(function):
    """Takes what moves elements: `function(tensor, ...)` gets tensors, and of strings the array,
    for which its second form, `of_strings`, is."""
    @_op
    def call(input, *arguments, **keywords):
        input = convert.tensor(input)
        if isinstance(input, StringTensor):
            return StringTensor(call.of_strings(input.array, *arguments, **keywords))
        return function(read(input), *arguments, **keywords)

    call.__name__, call.__doc__ = function.__name__, function.__doc__

    def with_strings(of_strings):
        call.of_strings = of_strings
        return call

    call.of_strings, call.with_strings = None, with_strings
    return call


@moving
def reshape(tensor, shape):
    """The elements in other sizes, one of which may be -1."""
    return _core.reshape(tensor, convert.sizes(shape))


reshape.with_strings(lambda array, shape: array.reshape(convert.sizes(shape)))


@moving
def expand_dims(input, axis):
    """With a dim of size 1 more."""
    return _core.unsqueeze(input, convert.axis_of(axis))


expand_dims.with_strings(lambda array, axis: numpy.expand_dims(array, convert.axis_of(axis)))


@moving
def squeeze(input, axis=None):
    """Without the dims of size 1, or those given, which must be."""
    axis = convert.axis_of(axis)
    if axis is None or axis == ():
        return _core.squeeze(input)
    for one in axis if isinstance(axis, tuple) else (axis,):
        if input.shape[one] != 1:
            raise InvalidArgumentError(f"Can not squeeze dim[{one}], expected a dimension of 1, "
                                       f"got {input.shape[one]} [Op:Squeeze]")
    return _core.squeeze(input, axis)


squeeze.with_strings(lambda array, axis=None: numpy.squeeze(array, convert.axis_of(axis)))


@moving
def transpose(a, perm=None, conjugate=False):
    """The dims in another order, reversed where none is given."""
    perm = tuple(reversed(range(a.dim()))) if perm is None else convert.axis_of(perm)
    made = _core.permute(a, perm)
    return made.conj() if conjugate and made.is_complex() else made


transpose.with_strings(lambda array, perm=None: array.transpose(convert.axis_of(perm)))


@moving
def broadcast_to(input, shape):
    """Expanded to sizes to which it broadcasts."""
    return _core.broadcast_to(input, convert.sizes(shape))


broadcast_to.with_strings(lambda array, shape: numpy.broadcast_to(array, convert.sizes(shape)))


@moving
def tile(input, multiples):
    """Side by side so many times along each dim."""
    multiples = convert.sizes(multiples)
    if len(multiples) != input.dim():
        raise InvalidArgumentError(f"Expected multiples argument to be a vector of length "
                                   f"{input.dim()} but got length {len(multiples)} [Op:Tile]")
    return _core.tile(input, multiples)


tile.with_strings(lambda array, multiples: numpy.tile(array, convert.sizes(multiples)))


@moving
def reverse(tensor, axis):
    """The elements along these axes from the back."""
    axis = convert.axis_of(axis)
    return _core.flip(tensor, axis if isinstance(axis, tuple) else (axis,))


reverse.with_strings(lambda array, axis: numpy.flip(array, convert.axis_of(axis)))


@moving
def roll(input, shift, axis):
    """Shifted along axes, what leaves at one end entering at the other."""
    return _core.roll(input, convert.axis_of(shift), convert.axis_of(axis))


roll.with_strings(lambda array, shift, axis: numpy.roll(array, convert.axis_of(shift),
                                                        convert.axis_of(axis)))


@moving
def slice(input_, begin, size):
    """The part that begins at `begin` and has these sizes, -1 for all that is left."""
    return input_[_parts(input_.shape, begin, size)]


def _parts(shape, begin, size):
    import builtins

    begin, size = convert.sizes(begin), convert.sizes(size)
    if not len(begin) == len(size) == len(shape):
        raise InvalidArgumentError(f"Expected begin and size arguments to be 1-D tensors of size "
                                   f"{len(shape)}, but got shapes [{len(begin)}] and [{len(size)}] "
                                   "instead. [Op:Slice]")
    for i, (first, count, whole) in enumerate(zip(begin, size, shape)):
        if not 0 <= first <= whole:
            raise InvalidArgumentError(f"Expected begin[{i}] in [0, {whole}], but got {first} "
                                       "[Op:Slice]")
        if count != -1 and not 0 <= count <= whole - first:
            raise InvalidArgumentError(f"Expected size[{i}] in [0, {whole - first}], but got "
                                       f"{count} [Op:Slice]")
    return tuple(builtins.slice(first, None if count == -1 else first + count)
                 for first, count in zip(begin, size))


slice.with_strings(lambda array, begin, size: array[_parts(array.shape, begin, size)])


@_op
def strided_slice(input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0,
                  new_axis_mask=0, shrink_axis_mask=0):
    """Slices by vectors of bounds; the bits of a mask tell for which of them it holds."""
    import builtins

    begin, end = convert.sizes(begin), convert.sizes(end)
    strides = [1] * len(begin) if strides is None else convert.sizes(strides)
    index = []
    for i, (first, last, step) in enumerate(zip(begin, end, strides)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(first)
        else:
            index.append(builtins.slice(None if begin_mask & bit else first,
                                        None if end_mask & bit else last, step))
    return get(read(convert.tensor(input_)), tuple(index))


def concat(values, axis, name=None):
    """Joined along an axis."""
    return _concat(values, axis)


@_op
def _concat(values, axis):
    axis = convert.axis_of(axis)
    if not isinstance(values, (list, tuple)):
        values = [values]
    sizes = [known(value) for value in values]
    if axis in (0, -1) and all(isinstance(one, list) for one in sizes):
        return host([size for one in sizes for size in one])
    values = convert.same(values)
    if isinstance(values[0], StringTensor):
        return StringTensor(numpy.concatenate([value.array for value in values], axis))
    return _core.cat(convert.require_same(values, "ConcatV2"), axis)


@_op
def stack(values, axis=0):
    """Of one shape, along a new axis."""
    if axis == 0 and isinstance(values, (list, tuple)) and len(values) and all(
            type(known(value)) is int for value in values):
        if not all(type(value) is int for value in values):
            return host([known(value) for value in values])
    if not isinstance(values, (list, tuple)):
        values = list(convert.tensor(values))
    elif not any(hasattr(value, "dtype") for value in values):
        values = list(convert.tensor(values))  # of one dtype, whatever each would be alone
    values = convert.same(values)
    if isinstance(values[0], StringTensor):
        return StringTensor(numpy.stack([value.array for value in values], axis))
    return _core.stack(convert.require_same(values, "Pack"), axis)


def parallel_stack(values, name=None):
    """`stack` along the first axis."""
    return stack(values)


@_op
def unstack(value, num=None, axis=0):
    """The parts along an axis, as a list."""
    value = read(convert.tensor(value))
    if isinstance(value, StringTensor):
        return [StringTensor(part) for part in numpy.moveaxis(value.array, axis, 0)]
    if num is not None and value.shape[axis] != num:
        raise ValueError(f"unstack(): axis {axis} has {value.shape[axis]} parts, not {num}")
    return list(_core.unbind(value, axis))


@_op
def split(value, num_or_size_splits, axis=0, num=None):
    """So many equal parts along an axis, or parts of these sizes, one of which may be -1."""
    value, axis = read(convert.tensor(value)), convert.axis_of(axis)
    length = value.shape[axis]
    count = known(num_or_size_splits)
    if count is None:
        count = convert.axis_of(num_or_size_splits)
    if isinstance(count, int):
        if length % count:
            raise InvalidArgumentError(f"Number of ways to split should evenly divide the split "
                                       f"dimension, but got split_dim {axis} (size = {length}) and "
                                       f"num_split {count} [Op:Split]")
        sizes = [length // count] * count
    else:
        sizes = [length - sum(count) - 1 if size == -1 else size for size in count]
    if isinstance(value, StringTensor):
        parts = numpy.split(value.array, numpy.cumsum(sizes)[:-1], axis)
        return [StringTensor(part) for part in parts]
    return list(_core.split_with_sizes(value, sizes, axis))


@_op
def pad(tensor, paddings, mode="CONSTANT", constant_values=0):
    """With more elements before and behind along each dim: pairs of counts, a row a dim. They are
    `constant_values`, or with mode REFLECT or SYMMETRIC mirrored ones."""
    tensor = convert.tensor(tensor)
    pairs = convert.tensor(paddings).tolist() if not isinstance(paddings, (list, tuple)) else [
        convert.sizes(pair) for pair in paddings]
    if len(pairs) != tensor.dim():
        raise InvalidArgumentError(f"The first dimension of paddings must be the rank of inputs, "
                                   f"{tensor.dim()}, got {len(pairs)} [Op:Pad]")
    mode = mode.upper()
    if mode == "CONSTANT":
        flat = [count for pair in reversed(pairs) for count in pair]
        value = constant_values.item() if hasattr(constant_values, "item") else constant_values
        return _core.pad(tensor, flat, "constant", value)
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise ValueError(f"Expected padding mode CONSTANT, REFLECT or SYMMETRIC, got {mode!r}")
    for dim, (before, behind) in enumerate(pairs):
        if before or behind:
            tensor = _mirrored(tensor, dim, before, behind, mode == "SYMMETRIC")
    return tensor


def _mirrored(tensor, dim, before, behind, with_edge):
    size = tensor.shape[dim]
    skip = 0 if with_edge else 1
    if max(before, behind) > size - skip:
        raise InvalidArgumentError(f"paddings must be no greater than the dimension size {size}: "
                                   f"{before}, {behind} [Op:MirrorPad]")
    parts = []
    if before:
        parts.append(_core.flip(_core.narrow(tensor, dim, skip, before), dim))
    parts.append(tensor)
    if behind:
        parts.append(_core.flip(_core.narrow(tensor, dim, size - skip - behind, behind), dim))
    return _core.cat(parts, dim)


@_op
def repeat(input, repeats, axis=None):
    """Each slice along an axis so many times in a row; of all elements as a vector without one."""
    input = convert.tensor(input)
    if isinstance(input, StringTensor):
        return StringTensor(numpy.repeat(input.array, convert.axis_of(repeats), axis))
    repeats = convert.axis_of(repeats)
    if isinstance(repeats, tuple) and len(repeats) == 1:
        repeats = repeats[0]
    return input.repeat_interleave(repeats if isinstance(repeats, int) else list(repeats), axis)


@_op
def meshgrid(*args, indexing="xy"):
    """The coordinates of a grid, a tensor a vector."""
    vectors = [convert.tensor(one).reshape(-1) for one in args]
    return list(_core.meshgrid(vectors, indexing))


@_op
def broadcast_dynamic_shape(shape_x, shape_y):
    """The sizes that two shapes broadcast to."""
    return host(list(_broadcast(shape_x, shape_y)))


def broadcast_static_shape(shape_x, shape_y):
    """The TensorShape that two shapes broadcast to."""
    from .._eager.shapes import TensorShape

    return TensorShape(_broadcast(shape_x, shape_y))


def _broadcast(shape_x, shape_y):
    from .._forms import broadcast_shapes

    return broadcast_shapes(convert.sizes(shape_x), convert.sizes(shape_y))


__all__ = ["broadcast_dynamic_shape", "broadcast_static_shape", "broadcast_to", "concat",
           "expand_dims", "meshgrid", "pad", "parallel_stack", "repeat",
           "reshape", "reverse", "roll", "slice", "split", "squeeze", "stack",
           "strided_slice", "tile", "transpose", "unstack"]
