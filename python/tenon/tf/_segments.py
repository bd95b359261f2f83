"""Sums and others over the elements of one segment, and counts of numbers."""

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op


def _by_segment(name, reduce, initial, is_sorted):
    def function(data, segment_ids, num_segments=None):
        data, ids = convert.tensor(data), convert.tensor(segment_ids).to(_core.int64)
        if tuple(data.shape[:ids.dim()]) != tuple(ids.shape):
            raise InvalidArgumentError(f"segment_ids of shape {tuple(ids.shape)} don't fit data of "
                                       f"shape {tuple(data.shape)} [Op:{name}]")
        last = tuple(data.shape[ids.dim():])
        ids = ids.reshape(-1)
        if num_segments is None:
            num_segments = int(ids.amax().item()) + 1 if ids.numel() else 0
        made = _segmented(data.reshape((-1, *last)), ids, int(num_segments), reduce, initial)
        if not is_sorted or reduce not in ("max", "min"):
            return made
        # TensorFlow has 0 for segments without slices where numbers ascend.
        counts = _core.bincount(ids, minlength=int(num_segments))
        is_empty = _core.eq(counts, 0).reshape((-1, *[1] * (made.dim() - 1)))
        return _core.where(is_empty, _core.zeros_like(made), made)

    function.__name__ = name
    function.__doc__ = f"The {reduce} of the slices of each segment" + (
        ", whose numbers ascend." if is_sorted else "; slices with a negative number drop out.")
    return _op(function)


def _segmented(rows, ids, count, reduce, initial):
    if not rows.numel():
        return _core.full((count, *rows.shape[1:]), 0, dtype=rows.dtype)
    kept = _core.ge(ids, 0)
    if not kept.all().item():
        at = _core.nonzero(kept).reshape(-1)
        rows, ids = _core.index_select(rows, 0, at), _core.index_select(ids, 0, at)
    if reduce in ("sum", "mean", "sum over the root of the count"):
        made = _core.index_add(_core.zeros((count, *rows.shape[1:]), dtype=rows.dtype), 0, ids,
                               rows)
        if reduce == "sum":
            return made
        counts = _core.clamp_min(_core.bincount(ids, minlength=count), 1).to(rows.dtype)
        counts = counts if reduce == "mean" else _core.sqrt(counts)
        return _core.div(made, counts.reshape((-1, *[1] * (rows.dim() - 1))))
    index = ids.reshape((-1, *[1] * (rows.dim() - 1))).expand(rows.shape)
    kind = {"max": "amax", "min": "amin", "product": "prod"}[reduce]
    start = initial(rows.dtype)
    base = _core.full((count, *rows.shape[1:]), start, dtype=rows.dtype)
    return _core.scatter_reduce(base, 0, index, rows, kind)


def _lowest(dtype):
    return dtype.limits[0]


def _highest(dtype):
    return dtype.limits[1]


segment_sum = _by_segment("segment_sum", "sum", None, True)
segment_mean = _by_segment("segment_mean", "mean", None, True)
segment_max = _by_segment("segment_max", "max", _lowest, True)
segment_min = _by_segment("segment_min", "min", _highest, True)
segment_prod = _by_segment("segment_prod", "product", lambda dtype: 1, True)
unsorted_segment_sum = _by_segment("unsorted_segment_sum", "sum", None, False)
unsorted_segment_mean = _by_segment("unsorted_segment_mean", "mean", None, False)
unsorted_segment_sqrt_n = _by_segment("unsorted_segment_sqrt_n", "sum over the root of the count",
                                      None, False)
unsorted_segment_max = _by_segment("unsorted_segment_max", "max", _lowest, False)
unsorted_segment_min = _by_segment("unsorted_segment_min", "min", _highest, False)
unsorted_segment_prod = _by_segment("unsorted_segment_prod", "product", lambda dtype: 1, False)


@_op
def bincount(arr, weights=None, minlength=None, maxlength=None, dtype=_core.int32, axis=None,
             binary_output=False):
    """How often each whole number comes, or the sum of its weights; with axis=-1, of each row;
    with binary_output, whether it comes."""
    arr = convert.tensor(arr)
    if axis not in (None, 0, -1):
        raise ValueError(f"Unsupported value for argument axis={axis}. Only 0 and -1 are supported")
    if binary_output and weights is not None:
        raise ValueError("bincount(): arguments `binary_output` and `weights` are mutually "
                         "exclusive")
    if axis == -1 and arr.dim() > 1:
        most = int(arr.amax().item()) + 1 if arr.numel() else 0
        length = max(most, 0 if minlength is None else int(minlength))
        given = [None] * arr.shape[0] if weights is None else convert.tensor(weights)
        return _core.stack([bincount(row, one, length, maxlength, dtype,
                                     binary_output=binary_output)
                            for row, one in zip(_core.unbind(arr, 0), given)], 0)
    arr = arr.reshape(-1).to(_core.int64)
    weights = None if weights is None else convert.tensor(weights).reshape(-1)
    made = _core.bincount(arr, weights, 0 if minlength is None else int(minlength))
    made = made.to(dtypes.as_dtype(dtype)) if weights is None else made.to(weights.dtype)
    if binary_output:
        made = _core.ne(made, 0).to(made.dtype)
    return made if maxlength is None else _core.slice(made, 0, 0, int(maxlength))


@_op
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=_core.int32):
    """How often (or with which weight) each label, a row, was predicted as each, a column."""
    labels, predictions = (convert.tensor(one).reshape(-1).to(_core.int64)
                           for one in (labels, predictions))
    if num_classes is None:
        num_classes = int(_core.maximum(labels.amax(), predictions.amax()).item()) + 1
    count = int(num_classes)
    if labels.numel() and max(labels.amax().item(), predictions.amax().item()) >= count:
        raise InvalidArgumentError("`labels` or `predictions` out of bound: num_classes is "
                                   f"{count}")
    at = labels * count + predictions
    dtype = dtypes.as_dtype(dtype)
    values = _core.ones(at.shape, dtype=dtype) if weights is None else \
        convert.tensor(weights).reshape(-1).to(dtype)
    made = _core.index_add(_core.zeros((count * count,), dtype=dtype), 0, at, values)
    return made.reshape((count, count))
