"""Shapes and products of tf.experimental.numpy."""

import numpy

from ... import _core, array_api
from ..._eager.tensor import own
from ._numpy_arrays import array, asarray, named, promoted, public


def shape(a):
    """The sizes."""
    return tuple(asarray(a).shape)


def ndim(a):
    """How many dims there are."""
    return asarray(a).dim()


def size(x, axis=None):
    """How many elements there are, or along an axis."""
    x = asarray(x)
    return x.numel() if axis is None else int(x.shape[axis])


def isscalar(num):
    """Whether it is a number or has no dims."""
    return ndim(num) == 0


def _moving(name, function, text):
    @named(name, text)
    def call(a, *arguments, **keywords):
        return function(asarray(a), *arguments, **keywords)

    return call


reshape = _moving("reshape", lambda a, newshape: a.reshape(
    tuple(newshape) if isinstance(newshape, (tuple, list)) or hasattr(newshape, "as_list")
    else (newshape,)), "The elements in another shape.")
ravel = _moving("ravel", lambda a: a.reshape((-1,)), "The elements as a vector.")
flatten, copy = ravel, array
expand_dims = _moving("expand_dims", lambda a, axis: array_api.expand_dims(a, axis=axis),
                      "With a dim of size 1 more.")
broadcast_to = _moving("broadcast_to", lambda array, shape: array_api.broadcast_to(
    array, shape if isinstance(shape, (tuple, list)) else (shape,)), "Repeated to a shape.")
flip = _moving("flip", lambda m, axis=None: array_api.flip(m, axis=axis), "Backwards along axes.")
fliplr = _moving("fliplr", lambda m: _core.flip(m, 1), "The columns backwards.")
flipud = _moving("flipud", lambda m: _core.flip(m, 0), "The rows backwards.")
roll = _moving("roll", lambda a, shift, axis=None: array_api.roll(a, shift, axis=axis),
               "The elements moved along axes, those behind the end to the front.")
swapaxes = _moving("swapaxes", _core.transpose, "With two axes in each other's place.")
moveaxis = _moving("moveaxis", array_api.moveaxis, "With axes at other places.")
tril = _moving("tril", _core.tril, "Zeros above a diagonal.")
triu = _moving("triu", _core.triu, "Zeros below a diagonal.")
diag = _moving("diag", _core.diag, "A diagonal, or the matrix with one.")
diagonal = _moving("diagonal", _core.diagonal, "The diagonals.")


@public
def squeeze(a, axis=None):
    """Without dims of size 1."""
    a = asarray(a)
    axes = tuple(i for i, one in enumerate(a.shape) if one == 1) if axis is None else axis
    return array_api.squeeze(a, axis=axes)


@public
def transpose(a, axes=None):
    """The axes in another order, else turned round."""
    a = asarray(a)
    return _core.permute(a, tuple(reversed(range(a.dim()))) if axes is None else tuple(axes))


@public
def trace(a, offset=0, axis1=0, axis2=1):
    """The sum of a diagonal."""
    return array_api.sum(_core.diagonal(asarray(a), offset, axis1, axis2), axis=-1)


def _joining(name):
    join = getattr(array_api, {"concatenate": "concat"}.get(name, name))

    @named(name, join.__doc__)
    def call(arrays, axis=0):
        return join(promoted(arrays), axis=axis)

    return call


concatenate, stack = _joining("concatenate"), _joining("stack")


def vstack(tup):
    """Arrays one below the other."""
    return concatenate([atleast_2d(one) for one in tup], 0)


def hstack(tup):
    """Arrays beside one another."""
    arrays = [atleast_1d(one) for one in tup]
    return concatenate(arrays, 0 if arrays[0].dim() == 1 else 1)


def append(arr, values, axis=None):
    """With more elements, or slices along an axis, behind it."""
    return concatenate([ravel(arr), ravel(values)] if axis is None else [arr, values], axis or 0)


def atleast_1d(ary):
    """With at least one dim."""
    return array(ary, copy=False, ndmin=1)


def atleast_2d(ary):
    """With at least two dims."""
    return array(ary, copy=False, ndmin=2)


@public
def split(ary, indices_or_sections, axis=0):
    """So many parts of one size, or those between places."""
    ary = asarray(ary)
    length = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        if length % indices_or_sections:
            raise ValueError("array split does not result in an equal division: "
                             f"{length} into {indices_or_sections}")
        return list(_core.split(ary, length // indices_or_sections, axis))
    ends = [0, *(int(one) for one in indices_or_sections), length]
    return [_core.narrow(ary, axis, first, last - first) for first, last in zip(ends, ends[1:])]


@public
def tile(a, reps):
    """Again and again along each axis."""
    return array_api.tile(asarray(a), tuple(reps) if isinstance(reps, (tuple, list)) else (reps,))


@public
def repeat(a, repeats, axis=None):
    """Each element, or slice along an axis, so often."""
    a = asarray(a)
    repeats = repeats if isinstance(repeats, int) else asarray(repeats, _core.int64)
    return array_api.repeat(a.reshape((-1,)) if axis is None else a, repeats, axis=axis or 0)


@public
def take(a, indices, axis=None):
    """The elements, or slices along an axis, at places; in the shape of those."""
    a, indices = asarray(a), asarray(indices)
    a, axis = (a.reshape((-1,)), 0) if axis is None else (a, axis % a.dim())
    made = array_api.take(a, indices.reshape((-1,)), axis=axis)
    return made.reshape((*a.shape[:axis], *indices.shape, *a.shape[axis + 1:]))


@public
def take_along_axis(arr, indices, axis):
    """The elements at places along an axis."""
    arr, indices = asarray(arr), asarray(indices)
    if axis is None:
        arr, indices, axis = arr.reshape((-1,)), indices.reshape((-1,)), 0
    return array_api.take_along_axis(arr, indices, axis=axis)


@public
def meshgrid(*xi, indexing="xy"):
    """Vectors as the coordinates of a grid."""
    return list(array_api.meshgrid(*map(asarray, xi), indexing=indexing))


@public
def pad(array, pad_width, mode="constant", constant_values=0):
    """With so many elements more before and behind each axis: a number, 'reflect' or
    'symmetric'."""
    from .._shaping import pad as padded

    array = asarray(array)
    widths = numpy.broadcast_to(numpy.asarray(pad_width), (array.dim(), 2)).tolist()
    return padded(array, widths, mode, constant_values)


def _product(name, function):
    @named(name, f"{name} of a and b.")
    def call(a, b, *arguments, **keywords):
        return function(*promoted((a, b)), *arguments, **keywords)

    return call


matmul = _product("matmul", _core.matmul)
outer = _product("outer", lambda a, b: a.reshape((-1, 1)) * b.reshape((1, -1)))
kron = _product("kron", _core.kron)
vdot = _product("vdot", lambda a, b: _core.sum(a.reshape((-1,)).conj() * b.reshape((-1,))))
tensordot = _product("tensordot", lambda a, b, axes=2: array_api.tensordot(a, b, axes=axes))


@public
def dot(a, b):
    """The sums of products over the last axis of a and the last but one of b."""
    a, b = promoted((a, b))
    if a.dim() == 0 or b.dim() == 0:
        return a * b
    return array_api.tensordot(a, b, axes=((a.dim() - 1,), (b.dim() - 2 if b.dim() > 1 else 0,)))


@public
def inner(a, b):
    """The sums of products over both last axes."""
    a, b = promoted((a, b))
    if a.dim() == 0 or b.dim() == 0:
        return a * b
    return array_api.tensordot(a, b, axes=((a.dim() - 1,), (b.dim() - 1,)))


@public
def cross(a, b, axis=-1):
    """The cross products of vectors of three."""
    return _core.cross(*promoted((a, b)), axis)


def einsum(subscripts, *operands):
    """Products summed over the indices that the result lacks."""
    from ..linalg import einsum as of_tensors

    return of_tensors(subscripts, *map(own, promoted(operands)))
