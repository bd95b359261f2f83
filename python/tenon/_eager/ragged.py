"""RaggedTensor: tensors whose rows differ in length."""

import numpy

from .. import _core
from . import convert, dtypes
from .errors import InvalidArgumentError
from .shapes import TensorShape
from .strings import StringTensor
from .tensor import CoreTensor, own


def host_vector(value):
    """Whole numbers as a vector of int64 that the host knows."""
    if isinstance(value, CoreTensor):
        value = value.detach().numpy()
    return numpy.asarray(value, numpy.int64).reshape(-1)


def as_values(value, dtype=None):
    """What rows are made of: a tensor, or rows again."""
    if isinstance(value, (RaggedTensor, StringTensor)):
        return value
    return own(convert.tensor(value, dtype))


def taken(values, places):
    """The slices of values along their first dim at these places."""
    if isinstance(values, RaggedTensor):
        return values.rows_at(places)
    if isinstance(values, StringTensor):
        return StringTensor(values.array[places])
    return own(_core.index_select(values, 0, _core.tensor_of_data(places, _core.int64)))


def ranges(starts, lengths):
    """start, start + 1, ... of each start, so many as its length says, all in a row."""
    lengths = numpy.asarray(lengths, numpy.int64)
    ends = numpy.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return numpy.arange(total) + numpy.repeat(numpy.asarray(starts, numpy.int64) - ends + lengths,
                                              lengths)


def joined(parts):
    """Values along their first dim, one after the other."""
    if any(isinstance(part, RaggedTensor) for part in parts):
        parts = [part if isinstance(part, RaggedTensor) else RaggedTensor.from_tensor(part)
                 for part in parts]
        splits = [numpy.zeros(1, numpy.int64)]
        for part in parts:
            splits.append(part.host_splits[1:] + splits[-1][-1])
        return RaggedTensor(joined([part.values for part in parts]), numpy.concatenate(splits),
                            parts[0].splits_dtype)
    if isinstance(parts[0], StringTensor):
        return StringTensor(numpy.concatenate([part.array for part in parts]))
    return own(_core.cat(list(parts), 0))


class RaggedTensor:
    """Rows of different lengths: row i is values[row_splits[i]:row_splits[i + 1]]. `values` is a
    tensor, or a ragged one again. Made by `tf.ragged.constant` and the `from_...` methods."""

    is_ragged = True

    def __init__(self, values, splits, splits_dtype=_core.int64, uniform_row_length=None):
        self.values, self.host_splits, self.splits_dtype = values, splits, splits_dtype
        self.uniform_row_length = uniform_row_length

    # Made of.

    @classmethod
    def from_row_splits(cls, values, row_splits, name=None, validate=True):
        """Of where rows begin, and the end of the last."""
        values, splits = as_values(values), host_vector(row_splits)
        if validate:
            if len(splits) == 0 or splits[0] != 0:
                raise InvalidArgumentError("Arguments to from_row_splits do not form a valid "
                                           "RaggedTensor: row_splits begin with 0, got "
                                           f"{splits.tolist()}")
            if (numpy.diff(splits) < 0).any() or splits[-1] != values.shape[0]:
                raise InvalidArgumentError(
                    "Arguments to from_row_splits do not form a valid RaggedTensor: row_splits "
                    f"ascend to the number of values, {values.shape[0]}; got {splits.tolist()}")
        given = getattr(row_splits, "dtype", None)
        return cls(values, splits, _core.int32 if given == "int32" else _core.int64)

    @classmethod
    def from_row_lengths(cls, values, row_lengths, name=None, validate=True):
        """Of how long rows are."""
        lengths = host_vector(row_lengths)
        return cls.from_row_splits(values, numpy.concatenate([[0], numpy.cumsum(lengths)]),
                                   validate=validate)

    @classmethod
    def from_row_starts(cls, values, row_starts, name=None, validate=True):
        """Of where rows begin."""
        values = as_values(values)
        return cls.from_row_splits(values, [*host_vector(row_starts), values.shape[0]],
                                   validate=validate)

    @classmethod
    def from_row_limits(cls, values, row_limits, name=None, validate=True):
        """Of where rows end."""
        return cls.from_row_splits(values, [0, *host_vector(row_limits)], validate=validate)

    @classmethod
    def from_value_rowids(cls, values, value_rowids, nrows=None, name=None, validate=True):
        """Of the row that each value is in; these ascend."""
        rows = host_vector(value_rowids)
        if validate and (numpy.diff(rows) < 0).any():
            raise InvalidArgumentError("Arguments to from_value_rowids do not form a valid "
                                       f"RaggedTensor: value_rowids ascend, got {rows.tolist()}")
        count = (int(rows[-1]) + 1 if len(rows) else 0) if nrows is None else int(nrows)
        if validate and len(rows) and rows[-1] >= count:
            raise InvalidArgumentError("Arguments to from_value_rowids do not form a valid "
                                       f"RaggedTensor: a value of row {rows[-1]}, of {count} rows")
        return cls.from_row_lengths(values, numpy.bincount(rows, minlength=count),
                                    validate=validate)

    @classmethod
    def from_uniform_row_length(cls, values, uniform_row_length, nrows=None, validate=True,
                                name=None):
        """Of rows of one length."""
        values, length = as_values(values), int(uniform_row_length)
        count = int(nrows) if nrows is not None else values.shape[0] // length if length else 0
        if count * length != values.shape[0]:
            raise InvalidArgumentError(f"uniform_row_length {length} doesn't divide the "
                                       f"{values.shape[0]} values into {count} rows")
        return cls(values, numpy.arange(count + 1) * length, uniform_row_length=length)

    @classmethod
    def from_nested_row_splits(cls, flat_values, nested_row_splits, name=None, validate=True):
        """Of the splits of several ragged dims, the outermost first."""
        made = as_values(flat_values)
        for splits in reversed(list(nested_row_splits)):
            made = cls.from_row_splits(made, splits, validate=validate)
        return made

    @classmethod
    def from_nested_row_lengths(cls, flat_values, nested_row_lengths, name=None, validate=True):
        """Of the lengths of rows of several ragged dims, the outermost first."""
        made = as_values(flat_values)
        for lengths in reversed(list(nested_row_lengths)):
            made = cls.from_row_lengths(made, lengths, validate=validate)
        return made

    @classmethod
    def from_nested_value_rowids(cls, flat_values, nested_value_rowids, nested_nrows=None,
                                 name=None,
                                 validate=True):
        """Of the rows that values are in, of several ragged dims, the outermost first."""
        ids = list(nested_value_rowids)
        counts = [None] * len(ids) if nested_nrows is None else list(nested_nrows)
        made = as_values(flat_values)
        for rows, count in reversed(list(zip(ids, counts))):
            made = cls.from_value_rowids(made, rows, count, validate=validate)
        return made

    @classmethod
    def from_tensor(cls, tensor, lengths=None, padding=None, ragged_rank=1, name=None,
                    row_splits_dtype=_core.int64):
        """The rows of a tensor, cut to `lengths`, or without the `padding` at their ends."""
        tensor = as_values(tensor)
        if ragged_rank > 1:
            outer, inner = tensor.shape[:2]
            flat = _reshaped(tensor, (outer * inner, *tensor.shape[2:]))
            rest = cls.from_tensor(flat, lengths, padding, ragged_rank - 1)
            return cls(rest, numpy.arange(outer + 1) * inner, dtypes.as_dtype(row_splits_dtype))
        rows, width = tensor.shape[:2]
        if padding is not None:
            array = tensor.numpy()
            is_padding = array == (convert.tensor(padding).numpy()
                                   if isinstance(padding, (str, bytes))
                                   else numpy.asarray(padding))
            is_padding = is_padding.reshape(rows, width, -1).all(-1)
            lengths = width - numpy.argmax(~is_padding[:, ::-1], 1)
            lengths = numpy.where(is_padding.all(1), 0, lengths)
        lengths = numpy.full(rows, width) if lengths is None else numpy.minimum(
            host_vector(lengths), width)
        flat = _reshaped(tensor, (rows * width, *tensor.shape[2:]))
        return cls(taken(flat, ranges(numpy.arange(rows) * width, lengths)),
                   numpy.concatenate([[0], numpy.cumsum(lengths)]),
                   dtypes.as_dtype(row_splits_dtype))

    @classmethod
    def from_sparse(cls, st_input, name=None, row_splits_dtype=_core.int64):
        """The rows of a sparse matrix whose values come first in them."""
        rows, columns = st_input.indices.numpy().T
        lengths = numpy.bincount(rows, minlength=int(st_input.dense_shape[0]))
        if not (columns == ranges(numpy.zeros(len(lengths)), lengths)).all():
            raise InvalidArgumentError("SparseTensor is not right-ragged [Op:RaggedFromSparse]")
        made = cls.from_row_lengths(st_input.values, lengths)
        made.splits_dtype = dtypes.as_dtype(row_splits_dtype)
        return made

    # Looked at.

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def flat_values(self):
        """The values without any ragged dim."""
        return self.values.flat_values if isinstance(self.values, RaggedTensor) else self.values

    @property
    def ragged_rank(self):
        """How many dims are ragged, or around ragged ones."""
        return 1 + (self.values.ragged_rank if isinstance(self.values, RaggedTensor) else 0)

    @property
    def shape(self):
        """The sizes, None for ragged dims."""
        inner = list(self.values.shape)[1:]
        return TensorShape([len(self.host_splits) - 1, self.uniform_row_length, *inner])

    def get_shape(self):
        """The sizes, None for ragged dims."""
        return self.shape

    def dim(self):
        return len(self.shape)

    def _as_tensor(self, numbers, dtype=None):
        return own(_core.tensor_of_data(numpy.asarray(numpy.array(numbers), numpy.int64), dtype
                                        or self.splits_dtype))

    @property
    def row_splits(self):
        return self._as_tensor(self.host_splits)

    @property
    def nested_row_splits(self):
        """The splits of all ragged dims, the outermost first."""
        rest = self.values.nested_row_splits if isinstance(self.values, RaggedTensor) else ()
        return (self.row_splits, *rest)

    @property
    def host_lengths(self):
        return numpy.diff(self.host_splits)

    def row_lengths(self, axis=1, name=None):
        """How long rows are."""
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return self._as_tensor(self.host_lengths)
        if isinstance(self.values, RaggedTensor):
            return self.with_values(self.values.row_lengths(axis - 1))
        sizes = numpy.full(self.values.shape[0], self.values.shape[axis - 1])
        return self.with_values(self._as_tensor(sizes))

    def nested_row_lengths(self, name=None):
        """The lengths of rows of all ragged dims, the outermost first."""
        rest = self.values.nested_row_lengths() if isinstance(self.values, RaggedTensor) else ()
        return (self.row_lengths(), *rest)

    def row_starts(self, name=None):
        """Where rows begin."""
        return self._as_tensor(self.host_splits[:-1])

    def row_limits(self, name=None):
        """Where rows end."""
        return self._as_tensor(self.host_splits[1:])

    @property
    def host_rowids(self):
        return numpy.repeat(numpy.arange(len(self.host_splits) - 1), self.host_lengths)

    def value_rowids(self, name=None):
        """The row that each value is in."""
        return self._as_tensor(self.host_rowids)

    def nested_value_rowids(self, name=None):
        """The rows that values are in, of all ragged dims, the outermost first."""
        rest = self.values.nested_value_rowids() if isinstance(self.values, RaggedTensor) else ()
        return (self.value_rowids(), *rest)

    def nrows(self, out_type=None, name=None):
        """How many rows there are."""
        return self._as_tensor(len(self.host_splits) - 1,
                               None if out_type is None else dtypes.as_dtype(out_type))

    def bounding_shape(self, axis=None, name=None, out_type=None):
        """The sizes of the smallest tensor that holds all rows."""
        sizes = self.host_bounds()
        sizes = sizes if axis is None else sizes[int(axis)]
        return self._as_tensor(sizes, None if out_type is None else dtypes.as_dtype(out_type))

    def host_bounds(self):
        longest = int(self.host_lengths.max()) if len(self.host_splits) > 1 else 0
        inner = self.values.host_bounds() if isinstance(self.values, RaggedTensor) else \
            list(self.values.shape)
        return [len(self.host_splits) - 1, longest, *inner[1:]]

    # Others of it.

    def with_values(self, new_values):
        """The same rows of other values."""
        return RaggedTensor(as_values(new_values), self.host_splits, self.splits_dtype,
                            self.uniform_row_length)

    def with_flat_values(self, new_values):
        """The same rows of other values within the innermost ragged dim."""
        if isinstance(self.values, RaggedTensor):
            return self.with_values(self.values.with_flat_values(new_values))
        return self.with_values(new_values)

    def with_row_splits_dtype(self, dtype):
        """The same with splits of int32 or int64."""
        values = self.values.with_row_splits_dtype(dtype) if isinstance(self.values, RaggedTensor) \
            else self.values
        return RaggedTensor(values, self.host_splits, dtypes.as_dtype(dtype),
                            self.uniform_row_length)

    def rows_at(self, places):
        """The rows at these places."""
        places = numpy.asarray(places, numpy.int64)
        if len(places) and not (0 <= places.min() and places.max() < len(self.host_splits) - 1):
            raise InvalidArgumentError(f"a row of {len(self.host_splits) - 1} is wanted at "
                                       f"{places.max()} [Op:RaggedGather]")
        lengths = self.host_lengths[places]
        return RaggedTensor(taken(self.values, ranges(self.host_splits[:-1][places], lengths)),
                            numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int64),
                            self.splits_dtype, self.uniform_row_length)

    def merge_dims(self, outer_axis, inner_axis):
        """The dims from one axis to another as one."""
        outer, inner = (axis % self.dim() for axis in (outer_axis, inner_axis))
        if outer == inner:
            return self
        if outer == 0 and inner == 1:
            return self.values
        if outer > 0:
            values, splits = self.values, self.host_splits
            if isinstance(values, RaggedTensor):
                if outer > 1:
                    return self.with_values(values.merge_dims(outer - 1, inner - 1))
                made = RaggedTensor(values.values, values.host_splits[splits], self.splits_dtype)
                return made.merge_dims(1, inner - 1)
            if outer > 1:
                sizes = list(values.shape)
                merged = int(numpy.prod(sizes[outer - 1:inner]))
                return self.with_values(_reshaped(values, (*sizes[:outer - 1], merged,
                                                           *sizes[inner:])))
            width = int(numpy.prod(values.shape[1:inner]))
            return RaggedTensor(_reshaped(values, (-1, *values.shape[inner:])),
                                splits * width, self.splits_dtype)
        values = self.values
        if isinstance(values, RaggedTensor):
            return values.merge_dims(0, inner - 1)
        return _reshaped(values, (-1, *values.shape[inner:]))

    def to_tensor(self, default_value=None, name=None, shape=None):
        """A tensor, rows continued by `default_value` (0, or empty strings) to the longest, or cut
        or continued to a shape."""
        wanted = list(TensorShape(shape).dims or []) if shape is not None else []
        wanted = wanted + [None] * (self.dim() - len(wanted))
        values = self.values
        if isinstance(values, RaggedTensor):
            values = values.to_tensor(default_value, shape=[None, *wanted[2:]])
        rows, width = self.host_bounds()[:2]
        width = wanted[1] if wanted[1] is not None else width
        height = wanted[0] if wanted[0] is not None else rows
        kept = numpy.minimum(self.host_lengths, width)[:height]
        at = ranges(self.host_splits[:-1][:height], kept)
        to = ranges(numpy.arange(len(kept)) * width, kept)
        sizes = (height * width, *values.shape[1:])
        if isinstance(values, StringTensor):
            made = numpy.full(sizes, b"" if default_value is None else
                              convert.tensor(default_value).numpy(), object)
            made[to] = values.array[at]
            return StringTensor(made.reshape((height, width, *sizes[1:])))
        default = _core.full((), 0, dtype=values.dtype) if default_value is None else \
            convert.like(default_value, values)
        base = default.expand(sizes).contiguous()
        made = _core.index_copy(base, 0, _core.tensor_of_data(to, _core.int64), taken(values, at)) \
            if len(to) else base
        return own(made.reshape((height, width, *sizes[1:])))

    def to_sparse(self, name=None):
        """The values at their places, as a SparseTensor."""
        from ..tf._sparse import SparseTensor

        columns = ranges(numpy.zeros(len(self.host_lengths)), self.host_lengths)
        rows = self.host_rowids
        if isinstance(self.values, RaggedTensor):
            inner = self.values.to_sparse()
            at = inner.indices.numpy()
            places = numpy.concatenate([rows[at[:, :1]], columns[at[:, :1]], at[:, 1:]], 1)
            return SparseTensor(places, inner.values, self.host_bounds())
        places = numpy.stack([rows, columns], 1)
        inner = tuple(self.values.shape[1:])
        if inner:
            more = numpy.indices(inner).reshape(len(inner), -1).T
            places = numpy.concatenate([numpy.repeat(places, len(more), 0),
                                        numpy.tile(more, (len(places), 1))], 1)
        return SparseTensor(places, _reshaped(self.values, (-1,)), self.host_bounds())

    def to_list(self):
        """Nested lists."""
        inner = self.values.to_list() if isinstance(self.values, RaggedTensor) else \
            self.values.tolist()
        return [inner[first:last] for first, last in zip(self.host_splits, self.host_splits[1:])]

    def numpy(self):
        """An array of arrays, or where rows have one length, of numbers."""
        rows = [row.numpy() for row in self]
        if len({row.shape for row in rows}) <= 1 and all(row.dtype != object or isinstance(
                self.flat_values, StringTensor) for row in rows):
            return numpy.array(rows, dtype=None if rows else self.flat_values.numpy().dtype)
        made = numpy.empty(len(rows), object)
        made[:] = rows
        return made

    def __iter__(self):
        return (self[i] for i in range(len(self.host_splits) - 1))

    def __getitem__(self, index):
        parts = list(index) if isinstance(index, tuple) else [index]
        if any(part is Ellipsis for part in parts):
            at = parts.index(Ellipsis)
            parts[at:at + 1] = [slice(None)] * (self.dim() - len(parts) + 1)
        first, rest = parts[0], parts[1:]
        if isinstance(first, slice):
            rows = self.rows_at(numpy.arange(len(self.host_splits) - 1)[_plain(first)])
            return rows._within(rest) if rest else rows
        at, count = int(first), len(self.host_splits) - 1
        if not -count <= at < count:
            raise IndexError(f"Row key {at} out of bounds")
        at = at + count if at < 0 else at
        row = self.values[int(self.host_splits[at]):int(self.host_splits[at + 1])]
        return row[tuple(rest)] if rest else row

    def _within(self, parts):
        """The same part of each row."""
        first, rest = parts[0], parts[1:]
        if not isinstance(first, slice):
            raise ValueError("Cannot index into an inner ragged dimension.")
        part = _plain(first)
        picked = [numpy.arange(begin, end)[part]
                  for begin, end in zip(self.host_splits, self.host_splits[1:])]
        lengths = [len(one) for one in picked]
        values = taken(self.values, numpy.concatenate([numpy.zeros(0, numpy.int64), *picked]))
        if rest:
            values = values[(slice(None), *rest)] if not isinstance(values, RaggedTensor) else \
                values._within(rest)
        return RaggedTensor(values,
                            numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int64),
                            self.splits_dtype)

    def __repr__(self):
        with numpy.printoptions(formatter={"all": _text}):  # of the rows within, too
            return f"<tf.RaggedTensor {_text(self.numpy())}>"

    def __bool__(self):
        raise TypeError("RaggedTensor may not be used as a boolean.")

    __hash__ = object.__hash__


def _text(value):
    if not isinstance(value, numpy.ndarray):
        return str(value)
    return numpy.array2string(value, separator=", ") if value.size else repr(value.tolist())


def _plain(part):
    return slice(*(None if bound is None else int(bound) for bound in (part.start, part.stop,
                                                                       part.step)))


def _reshaped(values, sizes):
    return StringTensor(values.array.reshape(sizes)) if isinstance(values, StringTensor) else \
        own(values.reshape(sizes))


def _operator(name, is_reflected=False):
    def operate(self, other):
        from ..tf import bitwise, math

        op = getattr(math, name, None) or getattr(bitwise, name)
        return op(other, self) if is_reflected else op(self, other)

    return operate


def _sign_operator(name):
    def operate(self):
        from ..tf import math

        return getattr(math, name)(self)

    return operate


for _stem, _name in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide",
                     "floordiv": "floordiv", "mod": "floormod", "pow": "pow", "and": "logical_and",
                     "or": "logical_or", "xor": "logical_xor"}.items():
    setattr(RaggedTensor, f"__{_stem}__", _operator(_name))
    setattr(RaggedTensor, f"__r{_stem}__", _operator(_name, is_reflected=True))
for _stem, _name in {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
                     "gt": "greater", "ge": "greater_equal"}.items():
    setattr(RaggedTensor, f"__{_stem}__", _operator(_name))
for _stem, _name in {"neg": "negative", "abs": "abs", "invert": "logical_not"}.items():
    setattr(RaggedTensor, f"__{_stem}__", _sign_operator(_name))


class RaggedTensorSpec:
    """The shape, dtype and number of ragged dims of ragged tensors."""

    def __init__(self, shape=None, dtype=_core.float32, ragged_rank=None,
                 row_splits_dtype=_core.int64,
                 flat_values_spec=None):
        self.shape = TensorShape(shape)
        self.dtype = dtypes.as_dtype(dtype)
        self.ragged_rank = (self.shape.rank or 2) - 1 if ragged_rank is None else ragged_rank
        self.row_splits_dtype = dtypes.as_dtype(row_splits_dtype)

    @classmethod
    def from_value(cls, value):
        """Of a ragged tensor."""
        return cls(value.shape, value.dtype, value.ragged_rank, value.splits_dtype)

    def is_compatible_with(self, spec_or_value):
        """Whether a ragged tensor, or what another spec says, fits."""
        other = spec_or_value
        return self.dtype == other.dtype and self.ragged_rank == other.ragged_rank and \
            self.shape.is_compatible_with(other.shape)

    def __eq__(self, other):
        return isinstance(other, RaggedTensorSpec) and self.is_compatible_with(other) and \
            self.shape == other.shape

    def __hash__(self):
        return hash((self.shape, self.dtype, self.ragged_rank))

    def __repr__(self):
        return (f"RaggedTensorSpec({self.shape!r}, tf.{dtypes.name_of(self.dtype)}, "
                f"{self.ragged_rank}, tf.{dtypes.name_of(self.row_splits_dtype)})")
