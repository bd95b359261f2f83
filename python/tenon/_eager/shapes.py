"""TensorFlow's shapes: TensorShape, whose sizes may be unknown, and what it can do as methods of
the sizes of tensors, which are tuples."""

from .. import _core

Size = _core.Size


class Sizes(Size):
    """The sizes of a value of TensorFlow's kind, as it writes them: equal to lists, and to
    TensorShapes, of the same sizes."""

    __hash__ = Size.__hash__

    def __str__(self):
        return str(tuple(self))

    def __eq__(self, other):
        if isinstance(other, list):
            return list(self) == other
        if type(other) is TensorShape:
            return other == self
        return tuple.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    def __getitem__(self, index):
        made = Size.__getitem__(self, index)
        return Sizes(made) if isinstance(index, slice) else made

    def __add__(self, other):
        return _joined(self, other)

    def __radd__(self, other):
        return _joined(other, self)


#: The `shape` of classes of such values.
sizes_of_value = property(lambda self: Sizes(_core.Tensor.shape.__get__(self)), doc="The sizes.")


class _ShapeType(type):
    """The sizes of tensors are shapes, too."""

    def __instancecheck__(cls, value):
        return isinstance(value, Size) or type.__instancecheck__(cls, value)


def _dims_of(value):
    """A tuple of ints and Nones; None where even their number is unknown."""
    if value is None:
        return None
    if type(value) is TensorShape:
        return value._dims
    if isinstance(value, int):
        return (value,)
    if isinstance(value, _core.Tensor):
        value = value.tolist()
    return tuple(None if size is None or size == -1 else int(size) for size in value)


class TensorShape(metaclass=_ShapeType):
    """Sizes, each of which may be None; `TensorShape(None)` has an unknown number of them."""

    __slots__ = ("_dims",)

    def __init__(self, dims):
        self._dims = _dims_of(dims)

    @property
    def rank(self):
        """How many there are; None where that is unknown."""
        return None if self._dims is None else len(self._dims)

    ndims = rank

    @property
    def dims(self):
        return None if self._dims is None else list(self._dims)

    def _known(self):
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return self._dims

    def as_list(self):
        """The sizes as a list."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def is_fully_defined(self):
        """Whether all sizes are known."""
        return self._dims is not None and None not in self._dims

    def num_elements(self):
        """How many elements these sizes hold; None where a size is unknown."""
        if not self.is_fully_defined():
            return None
        count = 1
        for size in self._dims:
            count *= size
        return count

    def __len__(self):
        return len(self._known())

    def __iter__(self):
        return iter(self._known())

    def __bool__(self):
        return self._dims is not None

    def __getitem__(self, key):
        if isinstance(key, slice):
            return TensorShape(self._known()[key])
        return self._known()[key]

    def __eq__(self, other):
        try:
            return self._dims == _dims_of(other)
        except TypeError:
            return NotImplemented

    def __hash__(self):
        return hash(self._dims)

    def concatenate(self, other):
        """These sizes and then the other's."""
        other = TensorShape(other)
        if self._dims is None or other._dims is None:
            return TensorShape(None)
        return TensorShape(self._dims + other._dims)

    __add__ = concatenate

    def __radd__(self, other):
        return TensorShape(other).concatenate(self)

    def is_compatible_with(self, other):
        """Whether one tensor could have both shapes."""
        other = TensorShape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a is None or b is None or a == b for a, b in zip(self._dims, other._dims))

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def merge_with(self, other):
        """What both say together."""
        other = TensorShape(other)
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        if self._dims is None or other._dims is None:
            return self if other._dims is None else other
        return TensorShape([b if a is None else a for a, b in zip(self._dims, other._dims)])

    def with_rank(self, rank):
        """The same, where it can have so many dims; else a ValueError."""
        try:
            return self.merge_with([None] * rank)
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def assert_has_rank(self, rank):
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_is_fully_defined(self):
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def __str__(self):
        return "<unknown>" if self._dims is None else str(self._dims)

    def __repr__(self):
        return f"TensorShape({None if self._dims is None else list(self._dims)})"

    def __reduce__(self):
        return TensorShape, (self._dims,)


_METHODS = ("num_elements", "concatenate", "is_compatible_with", "assert_is_compatible_with",
            "merge_with", "with_rank", "assert_has_rank")


def _of_shape(name):
    method = getattr(TensorShape, name)

    def call(self, *arguments):
        return method(TensorShape(self), *arguments)

    call.__name__, call.__doc__ = name, method.__doc__
    return call


def _joined(first, second):
    """One sizes behind the other; a TensorShape where one is such or isn't known."""
    if TensorShape in (type(first), type(second)):
        return TensorShape(first).concatenate(second)
    parts = [*first, *second]
    return TensorShape(parts) if None in parts else Sizes(parts)


def add_names():
    """Gives the sizes of tensors TensorShape's attributes, beside what they have."""
    for name in _METHODS:
        setattr(Size, name, _of_shape(name))
    Size.as_list = lambda self: list(self)
    Size.rank = Size.ndims = property(len, doc="How many there are.")
    Size.dims = property(list, doc="The sizes as a list.")
    Size.is_fully_defined = lambda self: True
    Size.assert_is_fully_defined = lambda self: None
