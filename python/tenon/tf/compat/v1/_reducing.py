"""Functions whose arguments had other names."""

from .... import _core
from ... import expand_dims as _expand_dims
from ... import math, random, strings
from ... import squeeze as _squeeze
from ...linalg import norm as _norm


def _one(now, before, name, older):
    if before is not None:
        if now is not None:
            raise ValueError(f"Cannot specify both '{name}' and '{older}'")
        return before
    return now


def _reduction(name):
    of_now = getattr(math, name)

    def function(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
                 keep_dims=None):
        return of_now(input_tensor, _one(axis, reduction_indices, "axis", "reduction_indices"),
                      bool(_one(keepdims, keep_dims, "keepdims", "keep_dims")))

    function.__name__, function.__doc__ = name, f"`tf.{name}`, its arguments by older names, too."
    return function


reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, reduce_all, reduce_any, \
    reduce_logsumexp = map(_reduction, (
        "reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod", "reduce_all",
        "reduce_any", "reduce_logsumexp"))


def count_nonzero(input_tensor=None, axis=None, keepdims=None, dtype=_core.int64, name=None,
                  reduction_indices=None, keep_dims=None, input=None):
    """`tf.math.count_nonzero`."""
    return math.count_nonzero(_one(input_tensor, input, "input_tensor", "input"),
                              _one(axis, reduction_indices, "axis", "reduction_indices"),
                              _one(keepdims, keep_dims, "keepdims", "keep_dims"), dtype)


def argmax(input, axis=None, name=None, dimension=None, output_type=_core.int64):
    """`tf.argmax`."""
    return math.argmax(input, _one(axis, dimension, "axis", "dimension"), output_type)


def argmin(input, axis=None, name=None, dimension=None, output_type=_core.int64):
    """`tf.argmin`."""
    return math.argmin(input, _one(axis, dimension, "axis", "dimension"), output_type)


def arg_max(input, dimension, output_type=_core.int64, name=None):
    """`tf.argmax`."""
    return math.argmax(input, dimension, output_type)


def arg_min(input, dimension, output_type=_core.int64, name=None):
    """`tf.argmin`."""
    return math.argmin(input, dimension, output_type)


def expand_dims(input, axis=None, name=None, dim=None):
    """`tf.expand_dims`."""
    return _expand_dims(input, _one(axis, dim, "axis", "dim"))


def squeeze(input, axis=None, name=None, squeeze_dims=None):
    """`tf.squeeze`."""
    return _squeeze(input, _one(axis, squeeze_dims, "axis", "squeeze_dims"))


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None, keep_dims=None):
    """`tf.norm`."""
    return _norm(tensor, ord, axis, _one(keepdims, keep_dims, "keepdims", "keep_dims"))


def multinomial(logits, num_samples, seed=None, name=None, output_dtype=_core.int64):
    """`tf.random.categorical`."""
    return random.categorical(logits, num_samples, output_dtype, seed)


def random_poisson(lam, shape, dtype=_core.float32, seed=None, name=None):
    """`tf.random.poisson`."""
    return random.poisson(shape, lam, dtype, seed)


def string_split(source=None, sep=None, skip_empty=True, delimiter=" ", input=None,
                 result_type="SparseTensor", name=None):
    """The parts of each string, as a SparseTensor or, with result_type 'RaggedTensor', rows."""
    from ...._eager.ragged import RaggedTensor
    from ..._splitting import split

    sep = _one(sep, None if delimiter == " " else delimiter, "sep", "delimiter")
    rows = split(_one(source, input, "source", "input"), " " if sep is None else sep)
    if skip_empty:
        from ...ragged import boolean_mask

        rows = boolean_mask(rows, strings.length(rows) > 0)
    if result_type == "RaggedTensor":
        return rows
    return RaggedTensor.to_sparse(rows)
