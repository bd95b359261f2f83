"""Dtypes, shapes, places that are written, and control flow: the code runs, so that loops and
conditions are Python's in other words."""

from ... import _core, func
from ..._dtypes import finfo, iinfo
from ..._eager import convert
from ..._eager.tensor import own
from .. import _tree
from .._arrays import as_dtype, dtype_name
from .._symbolic import KerasTensor
from ._base import names_of, op, promoted, public, tensor


@op
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """A tensor of what is given."""
    if dtype is None:
        return tensor(x)
    dtype = as_dtype(dtype)
    if isinstance(x, (list, tuple, int, float)) and dtype is not str:
        return tensor(x).to(dtype)
    made = tensor(x)
    return made if dtype is str or made.dtype is dtype else made.to(dtype)


@public
def convert_to_numpy(x):
    """An array of the elements."""
    import numpy

    return numpy.asarray(x.detach().numpy() if isinstance(x, _core.Tensor) else x)


@public
def is_tensor(x):
    """Whether it is a tensor."""
    return isinstance(x, (_core.Tensor, KerasTensor))


@public
def shape(x):
    """The sizes as a tuple; None where a symbolic tensor's aren't known."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(tensor(x).shape)


@public
def dtype(x):
    """The name of the dtype."""
    return dtype_name(x.dtype if hasattr(x, "dtype") else tensor(x).dtype)


@op
def cast(x, dtype):
    """The elements as another dtype."""
    x, dtype = tensor(x), as_dtype(dtype)
    if x.is_complex() and not dtype.is_complex:
        x = _core.real(x)
    return x.to(dtype)


@op
def saturate_cast(x, dtype):
    """As `cast`; what the dtype can't hold becomes the nearest that it can."""
    x, dtype = tensor(x), as_dtype(dtype)
    if dtype is _core.bool or x.dtype is _core.bool:
        return x.to(dtype)
    limits = (finfo if dtype.is_floating_point else iinfo)(dtype)
    own_limits = (finfo if x.is_floating_point() else iinfo)(x.dtype)
    low, high = max(limits.min, own_limits.min), min(limits.max, own_limits.max)
    made = _core.clamp(x, low, high).to(dtype)
    if x.is_floating_point() and not dtype.is_floating_point:
        # The largest whole numbers may not be floating-point ones: the nearest is beyond.
        made = _core.where(x >= float(high), _core.full((), limits.max, dtype=dtype), made)
    return made


@op
def stop_gradient(variable):
    """The same values, of which gradients know nothing."""
    return _core.detach(tensor(variable)).clone()


# Places that are written.


def _at(indices, sizes):
    """The places among all slices in a row that vectors of indices name."""
    indices = tensor(indices).to(_core.int64)
    at = None
    for i, size in enumerate(sizes):
        one = _core.select(indices, -1, i)
        one = _core.where(one < 0, one + size, one)
        at = one if at is None else at * size + one
    return at.reshape(-1)


@op
def scatter(indices, values, shape):
    """Zeros of this shape, the values added at the places that the rows of `indices` name."""
    values = tensor(values)
    depth = tensor(indices).shape[-1]
    shape = tuple(convert.sizes(shape))
    flat = _core.zeros((_product(shape[:depth]), *shape[depth:]), dtype=values.dtype)
    values = values.reshape((-1, *shape[depth:]))
    return _core.index_add(flat, 0, _at(indices, shape[:depth]), values).reshape(shape)


def _product(sizes):
    whole = 1
    for size in sizes:
        whole *= size
    return whole


_REDUCTIONS = {"max": "amax", "min": "amin", "mul": "prod"}


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """`inputs` with updates at the places that the rows of `indices` name, in the place of what was
    there, or with it: reduction "add", "max", "min" or "mul"."""
    if reduction not in (None, "add", *_REDUCTIONS):
        raise ValueError("`reduction` must be one of None, 'add', 'max', 'min', 'mul'. Received: "
                         f"reduction={reduction!r}")
    inputs = tensor(inputs)
    updates = tensor(updates).to(inputs.dtype)
    depth = tensor(indices).shape[-1]
    last = tuple(inputs.shape[depth:])
    at = _at(indices, tuple(inputs.shape[:depth]))
    flat, updates = inputs.reshape((-1, *last)), updates.reshape((-1, *last))
    if reduction is None:
        made = _core.index_copy(flat, 0, at, updates)
    elif reduction == "add":
        made = _core.index_add(flat, 0, at, updates)
    else:
        index = at.reshape((-1, *[1] * len(last))).expand(updates.shape)
        made = _core.scatter_reduce(flat, 0, index, updates, _REDUCTIONS[reduction])
    return made.reshape(inputs.shape)


# Control flow.


def _as_tensor(value):
    return value if isinstance(value, (_core.Tensor, KerasTensor)) else own(tensor(value))


@public
def cond(pred, true_fn, false_fn):
    """true_fn() where the condition holds, else false_fn()."""
    return true_fn() if bool(pred) else false_fn()


@public
def switch(index, branches, *operands):
    """The branch of this number, of the first or last for numbers beyond, called with the
    operands."""
    place = min(max(int(index), 0), len(branches) - 1)
    return branches[place](*operands)


@public
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """body(*loop_vars) again and again while cond(*loop_vars) holds."""
    is_one = not isinstance(loop_vars, (tuple, list))
    values = (loop_vars,) if is_one else tuple(loop_vars)
    values = _tree.map_structure(_as_tensor, values)
    done = 0
    while (maximum_iterations is None or done < maximum_iterations) and bool(cond(*values)):
        made = body(*values)
        made = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        if len(made) != len(values):
            raise ValueError(f"while_loop(): the body gave {len(made)} values for {len(values)} "
                             "loop variables")
        values = _tree.map_structure(_as_tensor, made)
        done += 1
    return values[0] if is_one else values


@public
def fori_loop(lower, upper, body_fun, init_val):
    """init_val after val = body_fun(i, val) for each i from lower to before upper."""
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def _slices(xs):
    """The parts of each tensor of a structure along its first axis, in the structure."""
    flat = [_core.unbind(_as_tensor(x), 0) for x in _tree.flatten(xs)]
    if len({len(parts) for parts in flat}) > 1:
        raise ValueError("tensors of different lengths along the first axis: "
                         f"{sorted({len(parts) for parts in flat})}")
    return [_tree.pack_as(xs, [own(part) for part in parts]) for parts in zip(*flat)]


def _stacked(results):
    """A structure of tensors of structures of their slices."""
    return _tree.map_structure(lambda *parts: own(_core.stack(promoted(parts), 0)), *results)


@public
def map(f, xs):
    """f of each slice along the first axis, stacked."""
    results = [f(one) for one in _slices(xs)]
    if not results:
        raise ValueError("map(): no elements, so that nothing is known of the results")
    return _stacked(results)


@public
def vectorized_map(function, elements):
    """As `map`."""
    return map(function, elements)


@public
def vectorize(pyfunc, *, excluded=None, signature=None):
    """`pyfunc` of the elements of its arguments, which broadcast."""
    if signature is not None:
        raise ValueError("vectorize(): signatures of parts aren't offered; map() calls a function "
                         "of slices")
    excluded = set(excluded or ())

    def call(*args):
        places = [i for i in range(len(args)) if i not in excluded]
        arrays = _core.broadcast_tensors([_as_tensor(args[i]) for i in places])
        sizes = arrays[0].shape
        results = []
        for one in zip(*(array.reshape(-1) for array in arrays)):
            given = list(args)
            for place, value in zip(places, one):
                given[place] = own(value)
            results.append(pyfunc(*given))
        return _tree.map_structure(lambda x: own(x.reshape((*sizes, *x.shape[1:]))),
                                   _stacked(results))

    return call


@public
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """(carry, ys) after carry, y = f(carry, x) for each slice of xs along the first axis, from the
    last on with `reverse`; the ys stacked."""
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    if xs is None and length is None:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    slices = [None] * int(length) if xs is None else _slices(xs)
    if length is not None and len(slices) != length:
        raise ValueError(f"Got `length` argument of {length} which disagrees with leading axis "
                         f"sizes {len(slices)}.")
    carry, results = init, []
    for one in reversed(slices) if reverse else slices:
        carry, y = f(carry, one)
        results.append(y)
    if reverse:
        results.reverse()
    carry = _tree.map_structure(_as_tensor, carry)
    if not results or all(y is None for y in _tree.flatten(results)):
        return carry, None
    return carry, _stacked(results)


@public
def associative_scan(f, elems, reverse=False, axis=0):
    """All f(f(e_0, e_1), e_2) ... along an axis, for an f of whole structures that is associative:
    in as many calls as the logarithm of their number."""
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    flat = [_as_tensor(x) for x in _tree.flatten(elems)]
    flat = [_core.flip(x, (axis,)) if reverse else x for x in flat]
    count = flat[0].shape[axis]
    if any(x.shape[axis] != count for x in flat):
        raise ValueError("Array inputs to associative_scan must have the same first dimension. "
                         f"(saw: {[tuple(x.shape) for x in flat]})")
    reach = 1
    while reach < count:
        before = _tree.pack_as(elems, [own(x.narrow(axis, 0, count - reach)) for x in flat])
        behind = _tree.pack_as(elems, [own(x.narrow(axis, reach, count - reach)) for x in flat])
        made = _tree.flatten(f(before, behind))
        flat = [_core.cat([x.narrow(axis, 0, reach), _as_tensor(y)], axis)
                for x, y in zip(flat, made)]
        reach *= 2
    flat = [own(_core.flip(x, (axis,)) if reverse else x) for x in flat]
    return _tree.pack_as(elems, flat)


@public
def jvp(fun, primals, tangents, has_aux=False):
    """(fun(*primals), its derivative in the direction of `tangents`)."""
    primals = tuple(_as_tensor(one) for one in primals)
    tangents = tuple(_as_tensor(one) for one in tangents)
    return _tree.map_structure(own, func.jvp(fun, primals, tangents, has_aux=has_aux))


@public
def custom_gradient(f):
    """`f`, which gives (value, function of the gradient that comes): with that as its gradient."""
    from ... import tf

    return tf.custom_gradient(f)


__all__ = names_of(globals())
