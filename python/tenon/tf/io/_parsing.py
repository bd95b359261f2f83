"""Examples taken apart: tensors of their features."""

import collections

import numpy

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.errors import InvalidArgumentError
from ..._eager.strings import StringTensor
from ..._eager.tensor import own
from .. import _example
from .._shaping import stack
from .._sparse import SparseTensor
from ._features import counts, features_of, floats, integers


class FixedLenFeature(collections.namedtuple("FixedLenFeature", "shape dtype default_value")):
    """A feature of a known shape; with a default where it may be missing."""

    def __new__(cls, shape, dtype, default_value=None):
        return super().__new__(cls, tuple(shape), dtypes.as_dtype(dtype), default_value)


class VarLenFeature(collections.namedtuple("VarLenFeature", "dtype")):
    """A feature of any length, a SparseTensor."""

    def __new__(cls, dtype):
        return super().__new__(cls, dtypes.as_dtype(dtype))


class FixedLenSequenceFeature(collections.namedtuple(
        "FixedLenSequenceFeature", "shape dtype allow_missing default_value")):
    """Any number of parts of a known shape."""

    def __new__(cls, shape, dtype, allow_missing=False, default_value=None):
        return super().__new__(cls, tuple(shape), dtypes.as_dtype(dtype), allow_missing,
                               default_value)


_KIND = {"bytes_list": dtypes.string, "float_list": _core.float32, "int64_list": _core.int64}


def _values(feature, name, dtype):
    """The elements of a feature, whose list must be of the dtype's kind; None where it is
    missing."""
    kind = None if feature is None else feature.WhichOneof("kind")
    values = () if kind is None else feature.values
    if not len(values):
        return None
    if _KIND[kind] is not dtype:
        raise InvalidArgumentError(f"Name: <unknown>, Key: {name}, Index: 0. Data types don't "
                                   f"match. Expected type: {dtypes.name_of(dtype)} but the feature "
                                   f"has a {kind}")
    return values


def _or_none(values):
    """An empty list where a feature is missing."""
    return [] if values is None else values


def _tensor(values, dtype, shape):
    if dtype is dtypes.string:
        return StringTensor.of_bytes(values, shape)
    if len(values) and not isinstance(values, numpy.ndarray):
        values = numpy.array(values, dtype.as_numpy_dtype)
    return own(_core.tensor_of_data(values, dtype).reshape(shape) if len(values) else _core.empty(
        tuple(max(size, 0) for size in shape), dtype=dtype))


def _count(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def _fixed(name, feature, spec):
    values = _values(feature, name, spec.dtype)
    if values is None:
        if spec.default_value is None:
            raise InvalidArgumentError(f"Feature: {name} (data type: {dtypes.name_of(spec.dtype)}) "
                                       "is required but could not be found.")
        made = convert.tensor(spec.default_value)
        flat = made.array.reshape(-1).tolist() if isinstance(made, StringTensor) else \
            made.reshape(-1).tolist()
        values = flat * _count(spec.shape) if len(flat) == 1 else flat
    if len(values) != _count(spec.shape):
        raise InvalidArgumentError(f"Key: {name}. Can't parse serialized Example. Number of "
                                   f"{dtypes.name_of(spec.dtype)} values != expected. Values size: "
                                   f"{len(values)} but output shape: {list(spec.shape)}")
    return _tensor(values, spec.dtype, spec.shape)


def _sequence(name, feature, spec):
    values = _or_none(_values(feature, name, spec.dtype))
    part = _count(spec.shape)
    if len(values) % max(part, 1):
        raise InvalidArgumentError(f"Key: {name}. {len(values)} values don't fill parts of shape "
                                   f"{list(spec.shape)}")
    return _tensor(values, spec.dtype, (len(values) // max(part, 1), *spec.shape))


def _sparse(rows, dtype):
    """A SparseTensor of rows of different lengths; of one row alone, a vector."""
    flat = [value for row in rows for value in row]
    places = [[i, j] for i, row in enumerate(rows) for j in range(len(row))]
    indices = _core.tensor_of_data(places, _core.int64) if places else \
        _core.empty((0, 2), dtype=_core.int64)
    widest = max((len(row) for row in rows), default=0)
    return SparseTensor(own(indices), _tensor(flat, dtype, (len(flat),)), [len(rows), widest])


def _one(features, specs):
    made = {}
    for name, spec in specs.items():
        feature = features.get(name)
        if isinstance(spec, FixedLenFeature):
            made[name] = _fixed(name, feature, spec)
        elif isinstance(spec, FixedLenSequenceFeature):
            made[name] = _sequence(name, feature, spec)
        elif isinstance(spec, VarLenFeature):
            values = _or_none(_values(feature, name, spec.dtype))
            indices = own(_core.arange(0, len(values), 1, dtype=_core.int64).reshape((-1, 1)))
            made[name] = SparseTensor(indices, _tensor(values, spec.dtype, (len(values),)),
                                      [len(values)])
        else:
            raise TypeError(f"features[{name!r}] is a FixedLenFeature, VarLenFeature or "
                            f"FixedLenSequenceFeature, not {type(spec).__name__}")
    return made


def parse_single_example(serialized, features, example_names=None, name=None):
    """The features of one serialized Example, as a dict of tensors."""
    return _one(features_of(convert.tensor(serialized).numpy()), features)


def parse_example(serialized, features, example_names=None, name=None):
    """The features of each of a vector of serialized Examples, along a new first dim."""
    strings = convert.tensor(serialized)
    if strings.dim() == 0:
        return parse_single_example(serialized, features)
    parsed = [features_of(one) for one in strings.array.reshape(-1).tolist()]
    made = {}
    for key, spec in features.items():
        if isinstance(spec, VarLenFeature):
            made[key] = _sparse([_or_none(_values(one.get(key), key, spec.dtype))
                                 for one in parsed], spec.dtype)
        elif isinstance(spec, FixedLenSequenceFeature):
            from ..data._elements import joined_padded

            rows = [_sequence(key, one.get(key), spec) for one in parsed]
            made[key] = joined_padded(rows, None, spec.default_value)
        else:
            made[key] = _column(key, [one.get(key) for one in parsed], spec)
    return made


def _column(key, features, spec):
    """`_fixed` of each feature, stacked: at once where all elements stand together in each."""
    if isinstance(spec, FixedLenFeature) and spec.dtype is dtypes.string and all(
            one is not None and one.WhichOneof("kind") == "bytes_list" for one in features):
        rows, count = [one.values for one in features], _count(spec.shape)
        if all(len(row) == count for row in rows):
            return StringTensor.of_bytes([value for row in rows for value in row],
                                         (len(rows), *spec.shape))
    if isinstance(spec, FixedLenFeature) and features and spec.dtype is not dtypes.string and all(
            one is not None and one.packed and _KIND[one.WhichOneof("kind")] is spec.dtype
            for one in features):
        parts, count = [one.packed for one in features], _count(spec.shape)
        shape = (len(features), *spec.shape)
        if spec.dtype is _core.float32:
            if all(len(part) == 4 * count for part in parts):
                return own(_core.tensor_of_data(floats(b"".join(parts)), None).reshape(shape))
        elif (counts(parts) == count).all():
            return own(_core.tensor_of_data(integers(b"".join(parts)), None).reshape(shape))
    return stack([_one({key: one}, {key: spec})[key] for one in features])


def _steps(example, specs):
    made = {}
    for key, spec in specs.items():
        steps = example.feature_lists.feature_list.get(key)
        features = [] if steps is None else steps.feature
        if isinstance(spec, VarLenFeature):
            made[key] = _sparse([_or_none(_values(one, key, spec.dtype)) for one in features],
                                spec.dtype)
            continue
        fixed = FixedLenFeature(spec.shape, spec.dtype, spec.default_value)
        parts = [_fixed(key, one, fixed) for one in features]
        made[key] = stack(parts) if parts else _tensor([], spec.dtype, (0, *spec.shape))
    return made


def parse_single_sequence_example(serialized, context_features=None, sequence_features=None,
                                  example_name=None, name=None):
    """(context, sequences): dicts of the tensors of one serialized SequenceExample."""
    example = _example.SequenceExample.FromString(convert.tensor(serialized).numpy())
    return _one(example.context.feature, context_features or {}), _steps(example,
                                                                         sequence_features or {})


def parse_sequence_example(serialized, context_features=None, sequence_features=None,
                           example_names=None, name=None):
    """(context, sequences, lengths) of a vector of serialized SequenceExamples, padded to the
    longest."""
    from ..data._elements import joined, joined_padded

    pairs = [parse_single_sequence_example(one, context_features, sequence_features)
             for one in convert.tensor(serialized).array.tolist()]
    lengths = {key: own(_core.tensor_of_data([one[key].shape[0] for _, one in pairs], _core.int64))
               for key in sequence_features or {}}
    return (joined([context for context, _ in pairs]) if context_features else {},
            joined_padded([one for _, one in pairs], None, None) if sequence_features else {},
            lengths)
