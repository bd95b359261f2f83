"""Dims of a program that may have any size: `torch.export.Dim`, and what says which are such."""

from ._structures import TENSOR


class Dim:
    """A dim's name, with the least and the largest size that it may have."""

    class _Any:
        def __repr__(self):
            return "Dim.DYNAMIC"

    #: A dim that may have any size, without a name of its own.
    DYNAMIC = _Any()
    #: A dim of the example's size, as one that isn't mentioned.
    STATIC = None

    def __init__(self, name, *, min=None, max=None):
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"Dim(): a name is an identifier, not {name!r}")
        for bound in min, max:
            if bound is not None and (not isinstance(bound, int) or bound < 0):
                raise ValueError(f"Dim(): min and max are ints from 0 on, not {bound!r}")
        if min is not None and max is not None and min > max:
            raise ValueError(f"Dim(): min={min} is above max={max}")
        self.name = self.__name__ = name
        self.min, self.max = min, max

    def __repr__(self):
        return f"Dim({self.name!r}, min={self.min}, max={self.max})"


def dims(*names, min=None, max=None):
    """A `Dim` of each name, with the same bounds."""
    return tuple(Dim(name, min=min, max=max) for name in names)


def dims_of(dynamic_shapes, parameters, tensors, names):
    """For each tensor the names of its dims, "" for fixed ones (none at all: []), and the bounds of
    those that have some. `parameters` are [name, description] of the arguments."""
    found, ranges = [[] for _ in tensors], {}
    if dynamic_shapes is None:
        return found, ranges
    for spec, (name, description) in zip(_by_parameter(dynamic_shapes, parameters), parameters):
        for which, shape in _by_tensor(spec, description, name):
            found[which] = [_name_of(dim, tensors[which].shape[i], f"{names[which]}_{i}", ranges)
                            for i, dim in _by_dim(shape, tensors[which].ndim, names[which])]
    return found, ranges


def _by_parameter(given, parameters):
    names = [name for name, _ in parameters]
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"dynamic_shapes: there is no argument {unknown[0]!r}; there are "
                             f"{', '.join(names)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return given
    raise ValueError(f"dynamic_shapes is a dict by argument ({', '.join(names)}), or a tuple of "
                     f"{len(names)}, not {given!r}")


def _by_tensor(spec, description, path):
    """(which tensor, what is said of its dims) for those that something is said of."""
    kind, content = next(iter(description.items()))
    if spec is None or kind == "value":
        return
    if kind == TENSOR:
        yield content, spec
        return
    items = content if kind == "dict" else list(enumerate(content))
    known = dict(spec) if isinstance(spec, dict) else dict(enumerate(spec))
    for key, item in items:
        yield from _by_tensor(known.get(key), item, f"{path}.{key}")


def _by_dim(shape, rank, name):
    """(number, what is said of it) of each dim."""
    if isinstance(shape, dict):
        by_number = {}
        for number, dim in shape.items():
            if not isinstance(number, int) or not -rank <= number < rank:
                raise ValueError(f"dynamic_shapes: {name!r} has {rank} dims, and no dim {number!r}")
            by_number[number % rank] = dim
        return [(i, by_number.get(i)) for i in range(rank)]
    if isinstance(shape, (list, tuple)) and len(shape) == rank:
        return list(enumerate(shape))
    raise ValueError(f"dynamic_shapes: for {name!r} a dict by dim, or a tuple of {rank}, not "
                     f"{shape!r}")


def _name_of(dim, size, own_name, ranges):
    if dim is None or (isinstance(dim, int) and dim == size):
        return ""
    if dim is Dim.DYNAMIC:
        return "".join(c if c.isalnum() else "_" for c in own_name)
    if isinstance(dim, str):
        return dim
    if isinstance(dim, Dim):
        if dim.min is not None or dim.max is not None:
            ranges[dim.name] = [dim.min, dim.max]
        return dim.name
    raise ValueError("dynamic_shapes: a dim is a name, a Dim, Dim.DYNAMIC, None or its size "
                     f"({size}), not {dim!r}")
