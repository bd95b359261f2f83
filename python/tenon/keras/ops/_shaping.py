"""The same elements in other shapes, orders and parts."""

import builtins

from ... import _core
from ..._eager.indexing import get
from ..._forms import broadcast_shapes
from ._base import (as_int32, axis_of, dims_of, floats, named, names_of, op, promoted, public,
                    sizes, tensor)


@op
def reshape(x, newshape):
    """The elements in other sizes, one of which may be -1."""
    return _core.reshape(tensor(x), tuple(-1 if size is None else size for size in (
        [newshape] if isinstance(newshape, int) else newshape)))


@op
def ravel(x):
    """All elements as a vector."""
    return tensor(x).reshape(-1)


@op
def transpose(x, axes=None):
    """The axes in another order, reversed where none is given."""
    x = tensor(x)
    return x.permute(tuple(reversed(range(x.dim()))) if axes is None else axis_of(axes))


@op
def expand_dims(x, axis):
    """With axes of size 1 more."""
    x, axes = tensor(x), dims_of(axis)
    for one in sorted(one % (x.dim() + len(axes)) for one in axes):
        x = x.unsqueeze(one)
    return x


@op
def squeeze(x, axis=None):
    """Without the axes of size 1, or those given, which must be."""
    x, axes = tensor(x), dims_of(axis)
    if axes is None:
        return _core.squeeze(x)
    for one in axes:
        if x.shape[one] != 1:
            raise ValueError(f"Cannot squeeze axis {one} of size {x.shape[one]}, of an input of "
                             f"shape {tuple(x.shape)}; its size isn't 1.")
    return _core.squeeze(x, axes)


@op
def moveaxis(x, source, destination):
    """With axes in other places."""
    return _core.movedim(tensor(x), axis_of(source), axis_of(destination))


@op
def swapaxes(x, axis1, axis2):
    """With two axes exchanged."""
    return _core.transpose(tensor(x), axis1, axis2)


@op
def broadcast_to(x, shape):
    """Expanded to sizes to which it broadcasts."""
    return _core.broadcast_to(tensor(x), sizes(shape))


@op
def flip(x, axis=None):
    """From the back along the axes."""
    x = tensor(x)
    return _core.flip(x, tuple(range(x.dim())) if axis is None else dims_of(axis))


@op
def fliplr(x):
    """Columns from the back."""
    return _core.fliplr(tensor(x))


@op
def flipud(x):
    """Rows from the back."""
    return _core.flipud(tensor(x))


@op
def rot90(array, k=1, axes=(0, 1)):
    """Turned by k times 90 degrees, from the first of the axes towards the second."""
    array = tensor(array)
    if array.dim() < 2:
        raise ValueError("Input array must have at least 2 dimensions. Received: "
                         f"array.ndim={array.dim()}")
    return _core.rot90(array, k, axis_of(axes))


@op
def roll(x, shift, axis=None):
    """Shifted along axes, what leaves at one end entering at the other."""
    shift, axes = axis_of(shift), dims_of(axis)
    shift = (shift,) if isinstance(shift, int) else shift
    if axes is not None and len(shift) < len(axes):
        shift = shift * len(axes)
    return _core.roll(tensor(x), shift, axes or ())


@op
def tile(x, repeats):
    """Side by side so many times along each axis."""
    return _core.tile(tensor(x), sizes(repeats))


@op
def repeat(x, repeats, axis=None):
    """Each slice along an axis so many times in a row; each element of a vector of all without
    one."""
    x, repeats = tensor(x), axis_of(repeats)
    if isinstance(repeats, tuple) and len(repeats) == 1:
        repeats = repeats[0]
    if isinstance(repeats, int):
        return _core.repeat_interleave(x, repeats, axis)
    return _core.repeat_interleave_by(x, tensor(repeats).to(_core.int64), axis)


# Joins and parts.


@op
def concatenate(xs, axis=0):
    """Joined along an axis."""
    xs = promoted(xs)
    return _core.cat([x.reshape(-1) for x in xs], 0) if axis is None else _core.cat(xs, axis)


@op
def stack(x, axis=0):
    """Of one shape, along a new axis."""
    return _core.stack(promoted(x), axis)


@op
def append(x1, x2, axis=None):
    """x2 behind x1 along an axis, or as vectors."""
    x1, x2 = promoted((x1, x2))
    return (_core.cat([x1.reshape(-1), x2.reshape(-1)], 0) if axis is None
            else _core.cat([x1, x2], axis))


@op
def hstack(xs):
    """Side by side: along the second axis, vectors along their only one."""
    return _core.hstack(promoted(xs))


@op
def vstack(xs):
    """Below each other: along the first axis."""
    return _core.vstack(promoted(xs))


@op
def dstack(xs):
    """Behind each other: along the third axis."""
    return _core.dstack(promoted(xs))


def _parts(x, indices_or_sections, axis):
    if isinstance(indices_or_sections, int):
        if x.shape[axis] % indices_or_sections:
            raise ValueError(f"split(): axis {axis} of size {x.shape[axis]} doesn't divide into "
                             f"{indices_or_sections} equal parts; array_split() takes unequal ones")
        return _core.tensor_split(x, indices_or_sections, axis)
    return _core.tensor_split_at(x, sizes(indices_or_sections), axis)


@op
def split(x, indices_or_sections, axis=0):
    """So many equal parts along an axis, or those between places."""
    return list(_parts(tensor(x), indices_or_sections, axis))


@op
def array_split(x, indices_or_sections, axis=0):
    """As `split`, where the first parts may be larger by one."""
    x = tensor(x)
    if isinstance(indices_or_sections, int):
        return list(_core.tensor_split(x, indices_or_sections, axis))
    return list(_core.tensor_split_at(x, sizes(indices_or_sections), axis))


def _split_along(name, axis_of_rank, text):
    def function(x, indices_or_sections):
        x = tensor(x)
        return list(_parts(x, indices_or_sections, axis_of_rank(x.dim())))

    return named(name, function, text)


hsplit = _split_along("hsplit", lambda rank: min(rank - 1, 1), "Parts along the second axis.")
vsplit = _split_along("vsplit", lambda rank: 0, "Parts along the first axis.")
dsplit = _split_along("dsplit", lambda rank: 2, "Parts along the third axis.")


@op
def unstack(x, num=None, axis=0):
    """The slices along an axis, as a list."""
    x = tensor(x)
    if num is not None and x.shape[axis] != num:
        raise ValueError(f"unstack(): axis {axis} has {x.shape[axis]} slices, not {num}")
    return list(_core.unbind(x, axis))


@op
def meshgrid(*x, indexing="xy"):
    """The coordinates of a grid, a tensor a vector."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij', but received: "
                         f"indexing={indexing}")
    return list(_core.meshgrid([tensor(one).reshape(-1) for one in x], indexing))


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """With more elements before and behind along each axis: `pad_width` is a number, a pair, or a
    pair for each axis. They are `constant_values`, or what NumPy's modes say."""
    x = tensor(x)
    if mode != "constant" and constant_values is not None:
        raise ValueError("Argument `constant_values` can only be provided when `mode == "
                         f"'constant'`. Received: mode={mode}")
    pairs = _pairs(pad_width, x.dim())
    if mode == "constant":
        flat = [count for pair in reversed(pairs) for count in pair]
        value = constant_values or 0
        return _core.pad(x, flat, "constant", value.item() if hasattr(value, "item") else value)
    places = {"reflect": _reflected, "symmetric": _symmetric, "edge": _at_edge, "wrap": _around}
    if mode not in places:
        raise ValueError(f"pad(): mode is constant, {', '.join(places)}, not {mode!r}")
    for dim, (before, behind) in enumerate(pairs):
        if before or behind:
            index = [places[mode](i, x.shape[dim]) for i in range(-before, x.shape[dim] + behind)]
            x = _core.index_select(x, dim, _core.tensor_of_data(index, _core.int64))
    return x


def _pairs(pad_width, rank):
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * rank
    pairs = tensor(pad_width).tolist() if not isinstance(pad_width, (list, tuple)) else pad_width
    if len(pairs) == 1 and not isinstance(pairs[0], int):
        return [tuple(pairs[0])] * rank
    if len(pairs) == 2 and all(isinstance(one, int) for one in pairs):
        return [tuple(pairs)] * rank
    if len(pairs) != rank:
        raise ValueError(f"`pad_width` must have the same length as `x.shape`. Received: pad_width="
                         f"{pad_width} (of length {len(pairs)}) and {rank} axes")
    return [(one, one) if isinstance(one, int) else tuple(sizes(one)) for one in pairs]


def _reflected(i, size):
    i = abs(i) % max(2 * (size - 1), 1)
    return i if i < size else 2 * (size - 1) - i


def _symmetric(i, size):
    i = i % (2 * size)
    return i if i < size else 2 * size - 1 - i


def _at_edge(i, size):
    return min(max(i, 0), size - 1)


def _around(i, size):
    return i % size


# Chosen elements.


@op
def get_item(x, key):
    """x[key]."""
    return get(tensor(x), key)


@op
def take(x, indices, axis=None):
    """The slices at these places along an axis, of all elements in a row without one."""
    x, indices = tensor(x), tensor(indices).to(_core.int64)
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = axis % x.dim()
    size = x.shape[axis]
    indices = _core.where(indices < 0, indices + size, indices)
    chosen = _core.index_select(x, axis, indices.reshape(-1))
    return chosen.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1:]))


@op
def take_along_axis(x, indices, axis=None):
    """The elements along an axis that go with each place of `indices`."""
    x, indices = tensor(x), tensor(indices).to(_core.int64)
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    axis = axis % x.dim()
    indices = _core.where(indices < 0, indices + x.shape[axis], indices)
    spread = broadcast_shapes(
        [size if i != axis else 1 for i, size in enumerate(x.shape)],
        [size if i != axis else 1 for i, size in enumerate(indices.shape)])
    x = x.expand([x.shape[i] if i == axis else size for i, size in enumerate(spread)])
    indices = indices.expand([indices.shape[i] if i == axis else size
                              for i, size in enumerate(spread)])
    return _core.gather(x, axis, indices)


@op
def diag(x, k=0):
    """The k-th diagonal of a matrix, or a matrix of a vector as its k-th diagonal."""
    return _core.diag(tensor(x), k)


@op
def diagflat(x, k=0):
    """A matrix with all elements on the k-th diagonal."""
    return _core.diagflat(tensor(x), k)


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonals of the matrices along two axes."""
    return _core.diagonal(tensor(x), offset, axis1, axis2)


@op
def trace(x, offset=0, axis1=0, axis2=1):
    """The sums of the diagonals."""
    x = tensor(x)
    if x.dtype in (_core.bool, _core.int8, _core.int16):
        x = x.to(_core.int32)
    found = _core.diagonal(x, offset, axis1, axis2)
    return _core.sum(found, (-1,), False, x.dtype)


@op
def tril(x, k=0):
    """With zeros above the k-th diagonal."""
    return _core.tril(tensor(x), k)


@op
def triu(x, k=0):
    """With zeros below the k-th diagonal."""
    return _core.triu(tensor(x), k)


@op
def nonzero(x):
    """The places of what isn't zero, a vector an axis."""
    return tuple(as_int32(one) for one in _core.unbind(_core.nonzero(tensor(x)), 1))


@op
def unravel_index(indices, shape):
    """The places of a flat array's elements in one of this shape, a tensor an axis."""
    flat = tensor(indices)
    whole = 1
    for size in shape:
        whole *= size
    flat = _core.where(flat < 0, flat + whole, flat)
    parts = []
    for size in reversed(shape):
        parts.append(_core.remainder(flat, size))
        flat = _core.floor_divide(flat, size)
    return tuple(reversed(parts))


@op
def unique(x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None,
           size=None, fill_value=None):
    """The different elements, or slices along an axis, in order; with more results, where each
    occurs first, where each element's equal is, and how often it occurs. With `size` so many,
    filled up with `fill_value`."""
    x = tensor(x)
    if axis is None:
        (values, inverse, counts), axis = _core.unique(x, True, True, True), 0
    else:
        values, inverse, counts = _core.unique_dim(x, axis, True, True)
    first = None
    if return_index:
        count = inverse.numel()
        first = _core.scatter_reduce(
            _core.full((counts.shape[0],), count, dtype=_core.int64), 0, inverse.reshape(-1),
            _core.arange(0, count, 1, dtype=_core.int64), "amin")
    if size is not None:
        values, first, counts = (_of_size(one, int(size), dim, fill) for one, dim, fill in (
            (values, axis, 0 if fill_value is None else fill_value), (first, 0, 0), (counts, 0, 0)))
    made = [values]
    made += [as_int32(one) for one, asked in ((first, return_index), (inverse, return_inverse),
                                              (counts, return_counts)) if asked]
    return made[0] if len(made) == 1 else tuple(made)


def _of_size(x, size, axis, fill):
    if x is None:
        return None
    missing = size - x.shape[axis]
    if missing <= 0:
        return x.narrow(axis, 0, size)
    more = list(x.shape)
    more[axis] = missing
    return _core.cat([x, _core.full(more, fill, dtype=x.dtype)], axis)


@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Windows of the last axis, a row each."""
    return tensor(x).unfold(-1, sequence_length, sequence_stride)


def _blocks(x, block_size, data_format):
    """Sizes of channels-last images, and those images."""
    x = tensor(x)
    if data_format == "channels_first":
        x = x.permute((0, 2, 3, 1))
    return x, x.shape, block_size


def _given_back(x, data_format):
    return x.permute((0, 3, 1, 2)) if data_format == "channels_first" else x


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Blocks of pixels as channels."""
    x, (n, h, w, c), b = _blocks(x, block_size, data_format)
    x = x.reshape((n, h // b, b, w // b, b, c)).permute((0, 1, 3, 2, 4, 5))
    return _given_back(x.reshape((n, h // b, w // b, b * b * c)), data_format)


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Channels as blocks of pixels."""
    x, (n, h, w, c), b = _blocks(x, block_size, data_format)
    x = x.reshape((n, h, w, b, b, c // (b * b))).permute((0, 1, 3, 2, 4, 5))
    return _given_back(x.reshape((n, h * b, w * b, c // (b * b))), data_format)


@op
def rearrange(tensor, pattern, **axes_lengths):
    """The axes in another order, split and joined, as `einops` writes it: "b (h w) c -> b c h w"
    with h=4."""
    return _rearranged(tensor, pattern, axes_lengths)


def _rearranged(x, pattern, lengths):
    x = tensor(x)
    left, arrow, right = pattern.partition("->")
    before, after = _groups(left), _groups(right)
    if not arrow or len(before) != x.dim():
        raise ValueError(f"rearrange(): the pattern {pattern!r} doesn't fit an input with "
                         f"{x.dim()} axes")
    names = [name for group in before for name in group]
    if sorted(names) != sorted(name for group in after for name in group):
        raise ValueError(f"rearrange(): the sides of {pattern!r} have different names")
    known = dict(lengths)
    for group, size in zip(before, x.shape):
        open_names = [name for name in group if name not in known]
        for name in group:
            if name in known:
                size //= known[name]
        if len(open_names) > 1:
            raise ValueError(f"rearrange(): the lengths of {', '.join(open_names)} aren't known")
        known.update({name: size for name in open_names})
    x = x.reshape([known[name] for name in names])
    order = [name for group in after for name in group]
    x = x.permute([names.index(name) for name in order])
    shape = []
    for group in after:
        size = 1
        for name in group:
            size *= known[name]
        shape.append(size)
    return x.reshape(shape)


def _groups(side):
    """The names of one side of a pattern, those in brackets together."""
    groups, open_group = [], None
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            open_group = []
        elif word == ")":
            groups.append(open_group)
            open_group = None
        elif open_group is None:
            groups.append([] if word == "1" else [word])
        else:
            open_group.append(word)
    return groups


@op
def slice(inputs, start_indices, shape):
    """The part of this shape that begins at `start_indices`."""
    inputs = tensor(inputs)
    return inputs[_ranges(start_indices, shape)]


def _ranges(start_indices, shape):
    return tuple(builtins.slice(first, first + size)
                 for first, size in zip(sizes(start_indices), sizes(shape)))


@op
def slice_update(inputs, start_indices, updates):
    """inputs with `updates` from `start_indices` on."""
    inputs, updates = tensor(inputs), tensor(updates)
    made = _core.clone(inputs)
    made[_ranges(start_indices, updates.shape)] = updates.to(inputs.dtype)
    return made


@public
def ndim(x):
    """How many axes there are."""
    return len(x.shape) if hasattr(x, "shape") else tensor(x).dim()


@op
def size(x):
    """How many elements there are."""
    return _core.full((), tensor(x).numel(), dtype=_core.int32)


@op
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of 3 (or 2) numbers along these axes."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = promoted((x1, x2))
    x1, x2 = x1.movedim(axisa, -1), x2.movedim(axisb, -1)
    flat = x1.shape[-1] == 2 and x2.shape[-1] == 2
    x1, x2 = (one if one.shape[-1] == 3 else _core.pad(one, [0, 1]) for one in (x1, x2))
    lead = broadcast_shapes(x1.shape[:-1], x2.shape[:-1])
    made = _core.cross(x1.expand((*lead, 3)), x2.expand((*lead, 3)), dim=-1)
    return made[..., 2] if flat else made.movedim(-1, axisc)


@op
def correlate(x1, x2, mode="valid"):
    """The correlation of two vectors: "valid", "same" or "full"."""
    x1, x2 = map(floats, promoted((x1, x2)))
    long, short = (x1, x2) if x1.shape[0] >= x2.shape[0] else (x2, x1)
    more = short.shape[0] - 1
    before, behind = {"valid": (0, 0), "same": (short.shape[0] // 2, more - short.shape[0] // 2),
                      "full": (more, more)}[mode]
    padded = _core.pad(long, [before, behind]).reshape((1, 1, -1))
    made = _core.conv1d(padded, short.reshape((1, 1, -1))).reshape(-1)
    return made if long is x1 else _core.flip(made, 0)


__all__ = names_of(globals())
