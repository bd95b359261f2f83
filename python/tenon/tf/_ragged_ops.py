"""What ops are of ragged tensors: those of flat values where they go by elements, else their
own."""

import numpy

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.ragged import RaggedTensor, as_values, host_vector, joined, ranges, taken
from .._eager.tensor import CoreTensor, own

#: Ops whose result for an element depends on that element, or those at its place, alone.
_OF_ELEMENTS = frozenset("""
    abs acos acosh add add_n angle as_string asin asinh atan atan2 atanh bitwise_and bitwise_or
    bitwise_xor cast ceil clip_by_value conj cos cosh digamma divide divide_no_nan dropout elu equal
    erf erfc exp expm1 floor floordiv floormod gelu greater greater_equal identity imag invert
    is_finite is_inf is_nan leaky_relu less less_equal lgamma log log1p log_sigmoid logical_and
    logical_not logical_or logical_xor maximum minimum multiply negative not_equal one_hot ones_like
    pow real reciprocal relu relu6 rint round rsqrt saturate_cast scalar_mul selu sigmoid sign silu
    sin sinh softplus softsign sqrt square squared_difference stop_gradient subtract tan tanh
    truediv where xlogy zeros_like""".split())
_FORMS = {}


def call(op, arguments, keywords):
    """op(*arguments, **keywords), an argument of which is ragged."""
    name = op.__name__.lstrip("_")
    if name in _FORMS:
        return _FORMS[name](*arguments, **keywords)
    if name in _OF_ELEMENTS:
        return of_elements(op, arguments, keywords)
    raise TypeError(f"{name}() takes no RaggedTensor; to_tensor() gives a tensor of it, and "
                    "tf.ragged.map_flat_values applies functions of elements")


def _form(function):
    _FORMS[function.__name__.strip("_")] = function
    return function


# By elements.


def of_elements(op, arguments, keywords):
    """op of the flat values, in the rows that they stand in."""
    given = [*arguments, *keywords.values()]
    rows = next(one for value in given for one in (value if isinstance(value, (list, tuple))
                                                   else [value]) if isinstance(one, RaggedTensor))

    def flat(value):
        if isinstance(value, (list, tuple)) and any(isinstance(one, RaggedTensor) for one in value):
            return [flat(one) for one in value]
        if isinstance(value, RaggedTensor):
            _check_same_rows(value, rows)
            return value.flat_values
        return _spread(value, rows)

    made = op(*(flat(value) for value in arguments),
              **{name: flat(value) for name, value in keywords.items()})
    return rows.with_flat_values(made)


def _splits(value):
    while isinstance(value, RaggedTensor):
        yield value.host_splits
        value = value.values


def _check_same_rows(value, rows, depth=None):
    mine, others = list(_splits(value)), list(_splits(rows))[:depth]
    if len(mine) != len(others) or not all(map(numpy.array_equal, mine, others)):
        raise InvalidArgumentError("Inputs must have identical ragged splits: the rows of "
                                   f"{value.shape} and {rows.shape} differ")


def _spread(value, rows):
    """A tensor beside ragged ones: a column of a number a row goes to the row's elements."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        value = convert.like(value, rows.flat_values)
    if not isinstance(value, CoreTensor) or value.dim() < 2 or value.dim() != rows.dim():
        return value
    if tuple(value.shape) == (rows.shape[0], 1):
        return taken(value.reshape(-1), rows.host_rowids)
    raise InvalidArgumentError(f"a tensor of shape {tuple(value.shape)} doesn't go with ragged "
                               f"rows of shape {rows.shape}")


# Over rows.


def _segmented(kind, values, places, count):
    from . import math

    if kind in ("any", "all"):
        segment = math.unsorted_segment_max if kind == "any" else math.unsorted_segment_min
        numbers = segment(values.to(_core.int32), places, count)
        return own(numbers > 0) if kind == "any" else own(numbers != 0)
    if kind == "mean":
        values = values if values.is_floating_point() else values.to(_core.float64)
        total = math.unsorted_segment_sum(values, places, count)
        counts = _core.tensor_of_data(numpy.bincount(places, minlength=count), values.dtype)
        return own(_core.div(total, counts.reshape((-1, *[1] * (total.dim() - 1)))))
    return getattr(math, f"unsorted_segment_{kind}")(values, places, count)


def _reduced(kind, rows, axis):
    values = rows.values
    if axis > 1:
        return rows.with_values(_one_axis(kind, values, axis - 1))
    if not isinstance(values, RaggedTensor):
        if axis == 1:
            return _segmented(kind, values, rows.host_rowids, len(rows.host_splits) - 1)
        columns = ranges(numpy.zeros(len(rows.host_lengths)), rows.host_lengths)
        return _segmented(kind, values, columns, rows.host_bounds()[1])
    if axis == 0 or isinstance(values.values, RaggedTensor):
        raise ValueError(f"reduce_{kind}(): axis {axis} of {rows.ragged_rank} ragged dims; "
                         "to_tensor() gives a tensor")
    # Each row becomes one as long as the longest within it.
    outer = rows.host_rowids
    lengths = numpy.zeros(len(rows.host_splits) - 1, numpy.int64)
    numpy.maximum.at(lengths, outer, values.host_lengths)
    splits = numpy.concatenate([[0], numpy.cumsum(lengths)])
    columns = ranges(numpy.zeros(len(values.host_lengths)), values.host_lengths)
    places = splits[:-1][outer[values.host_rowids]] + columns
    return RaggedTensor(_segmented(kind, values.values, places, int(splits[-1])), splits,
                        rows.splits_dtype)


def _one_axis(kind, values, axis):
    from . import math

    return _reduced(kind, values, axis) if isinstance(values, RaggedTensor) else \
        getattr(math, f"reduce_{kind}")(values, axis)


def _reduction(kind):
    def function(input_tensor, axis=None, keepdims=False):
        from . import math

        op = getattr(math, f"reduce_{kind}")
        axes = convert.axis_of(axis)
        dims = input_tensor.dim()
        if axes is not None:
            axes = sorted({one % dims for one in (axes if isinstance(axes, tuple) else (axes,))})
        if axes is None or len(axes) == dims:
            return op(input_tensor.flat_values)
        if kind == "mean" and len(axes) > 1:
            ones = input_tensor.with_flat_values(math.reciprocal(_ones(input_tensor.flat_values)))
            return math.divide(function_of("sum")(input_tensor, axes),
                               function_of("sum")(ones, axes))
        made = input_tensor
        for one in reversed(axes):
            made = _one_axis(kind, made, one)
        if keepdims:
            for one in axes:
                made = expand_dims(made, one) if isinstance(made, RaggedTensor) else \
                    own(made.unsqueeze(one))
        return made

    _FORMS[f"reduce_{kind}"] = function
    return function


def function_of(kind):
    return _FORMS[f"reduce_{kind}"]


def _ones(values):
    return own(_core.ones_like(values))


for _kind in ("sum", "mean", "max", "min", "prod", "any", "all"):
    _reduction(_kind)


# Joined and taken apart.


def _as_rows(value):
    return value if isinstance(value, RaggedTensor) else RaggedTensor.from_tensor(as_values(value))


@_form
def concat(values, axis):
    """Rows one after the other along an axis."""
    values = [_as_rows(value) for value in values]
    axis = int(axis) % values[0].dim()
    if axis == 0:
        return joined(values)
    counts = {value.shape[0] for value in values}
    if len(counts) > 1:
        raise InvalidArgumentError("Input tensors have different numbers of rows: "
                                   f"{sorted(counts)} [Op:RaggedConcat]")
    if axis > 1:
        from ._shaping import concat as of_tensors

        return values[0].with_values(of_tensors([value.values for value in values], axis - 1))
    offsets = numpy.cumsum([0] + [value.values.shape[0] for value in values])
    starts = numpy.stack([value.host_splits[:-1] + offset
                          for value, offset in zip(values, offsets)], 1)
    lengths = numpy.stack([value.host_lengths for value in values], 1)
    flat = taken(joined([value.values for value in values]),
                 ranges(starts.reshape(-1), lengths.reshape(-1)))
    return RaggedTensor(flat, numpy.concatenate([[0], numpy.cumsum(lengths.sum(1))]),
                        values[0].splits_dtype)


@_form
def stack(values, axis=0):
    """Ragged tensors as the rows of one."""
    parts = [as_values(value) for value in values]
    axis = int(axis)
    if axis != 0:
        return concat([expand_dims(_as_rows(part), axis) for part in parts], axis)
    counts = [part.shape[0] for part in parts]
    return RaggedTensor(joined(parts), numpy.concatenate([[0], numpy.cumsum(counts)]))


@_form
def expand_dims(input, axis):
    """With a dim of size 1 more."""
    axis = int(axis)
    axis = axis + input.dim() + 1 if axis < 0 else axis
    if axis == 0:
        return RaggedTensor.from_uniform_row_length(input, input.shape[0], 1)
    if axis == 1:
        return RaggedTensor.from_uniform_row_length(input, 1)
    if isinstance(input.values, RaggedTensor):
        return input.with_values(expand_dims(input.values, axis - 1))
    from ._shaping import expand_dims as of_tensors

    return input.with_values(of_tensors(input.values, axis - 1))


@_form
def gather(params, indices, validate_indices=None, axis=None, batch_dims=0):
    """Rows, or elements of ragged places."""
    from ._gathering import gather as of_tensors

    if batch_dims:
        if batch_dims != 1 or not isinstance(params, RaggedTensor):
            raise ValueError("gather(): of ragged tensors, batch_dims is 0, or 1 of ragged params")
        rows = _as_rows(indices)
        at = host_vector(rows.flat_values) + params.host_splits[:-1][rows.host_rowids]
        return rows.with_flat_values(taken(params.values, at))
    if axis not in (None, 0):
        raise ValueError(f"gather(): the axis of ragged tensors is 0, not {axis}")
    if isinstance(indices, RaggedTensor):
        return indices.with_values(of_tensors(params, indices.values))
    places = convert.tensor(indices)
    if places.dim() == 0:
        return params[int(places)]
    made = params.rows_at(host_vector(places))
    for size in reversed(places.shape[1:]):
        made = RaggedTensor.from_uniform_row_length(made, size)
    return made


@_form
def tile(input, multiples):
    """Rows again and again: so often each, along their dims."""
    first, second, *others = (int(one) for one in convert.tensor(multiples).tolist())
    if any(one != 1 for one in others) or min(first, second) < 1:
        raise ValueError("tile(): of ragged tensors the first two dims repeat, once or more often; "
                         f"multiples is {[first, second, *others]}")
    return joined([concat([input] * second, 1)] * first)


@_form
def softmax(logits, axis=-1):
    """exp(x) over its sum along the rows."""
    from . import math

    if axis not in (-1, logits.dim() - 1) or logits.ragged_rank != logits.dim() - 1:
        raise ValueError("softmax(): of ragged tensors it goes along the innermost rows")
    inner = logits
    while isinstance(inner.values, RaggedTensor):
        inner = inner.values
    rows, count = inner.host_rowids, len(inner.host_splits) - 1
    values = inner.values
    most = math.unsorted_segment_max(values.detach(), rows, count)
    powers = math.exp(own(_core.sub(values, taken(most, rows))))
    total = math.unsorted_segment_sum(powers, rows, count)
    return logits.with_flat_values(math.divide(powers, taken(total, rows)))


@_form
def boolean_mask(tensor, mask, axis=None):
    """The elements, or rows, for which the mask holds."""
    if not isinstance(mask, RaggedTensor):
        return taken(tensor, numpy.flatnonzero(convert.tensor(mask).numpy()))
    _check_same_rows(mask, tensor, mask.ragged_rank)
    return _masked(tensor, mask)


def _masked(rows, mask):
    if isinstance(mask.values, RaggedTensor):
        return rows.with_values(_masked(rows.values, mask.values))
    holds = mask.values.numpy()
    lengths = numpy.bincount(mask.host_rowids[holds], minlength=len(mask.host_splits) - 1)
    return RaggedTensor(taken(rows.values, numpy.flatnonzero(holds)),
                        numpy.concatenate([[0], numpy.cumsum(lengths)]), rows.splits_dtype)


@_form
def unstack(value, num=None, axis=0):
    """The rows."""
    if axis != 0:
        raise ValueError(f"unstack(): the axis of ragged tensors is 0, not {axis}")
    return list(value)


@_form
def _converted(value, dtype, dtype_hint):
    """What is no tensor."""
    raise ValueError(f"convert_to_tensor(): rows of {value.shape} differ in length; to_tensor() "
                     "gives a tensor of them")


@_form
def _size(input, out_type=_core.int32):
    """How many elements there are."""
    from ._making import size as of_tensors

    return of_tensors(input.flat_values, out_type)


@_form
def _rank(input):
    """How many dims there are."""
    return own(_core.tensor_of_data(input.dim(), _core.int32))
