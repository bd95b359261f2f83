"""Values and gradients kept within bounds."""

import sys

from .. import _core
from .._eager import convert
from .._eager.tensor import CoreTensor
from .._eager.tensor import op as _op
from .linalg import global_norm


@_op
def clip_by_value(t, clip_value_min, clip_value_max):
    """Each element limited to [min, max], numbers or tensors."""
    t = convert.tensor(t)
    low, high = (value if isinstance(value, (int, float)) else convert.like(value, t)
                 for value in (clip_value_min, clip_value_max))
    for value in (low, high):
        if isinstance(value, CoreTensor):
            convert.require_same([t, value], "ClipByValue")
    return _core.clamp_max(_core.clamp_min(t, low), high)


@_op
def clip_by_norm(t, clip_norm, axes=None):
    """t, scaled where its norm over axes is larger than `clip_norm` to that."""
    t = convert.tensor(t)
    axes = convert.axis_of(axes)
    squares = (_core.sum(_core.square(t), axes, True)
               if axes is not None else _core.sum(_core.square(t)))
    is_zero = _core.eq(squares, 0)
    norm = _core.where(is_zero, squares, _core.sqrt(_core.where(is_zero, _core.ones_like(squares),
                                                                squares)))
    return t * clip_norm / _core.maximum(norm, clip_norm)


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """(list, norm): the tensors scaled together where their joint norm is larger than
    `clip_norm`."""
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    norm = global_norm(t_list) if use_norm is None else convert.tensor(use_norm)
    return _scaled(t_list, norm, clip_norm), norm


@_op
def _scaled(t_list, norm, clip_norm):
    scale = clip_norm * _core.clamp_max(1.0 / norm, 1.0 / float(clip_norm))
    return [None if one is None else convert.tensor(one) * scale for one in t_list]


def print_(*inputs, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Prints tensors as their elements, the first and last `summarize` of each dim."""
    text = sep.join(_text(one, summarize) for one in inputs) + end
    if isinstance(output_stream, str) and output_stream.startswith("file://"):
        with open(output_stream[len("file://"):], "a") as file:
            file.write(text)
        return
    stream = output_stream if hasattr(output_stream, "write") else sys.stderr
    stream.write(text)


def _text(value, summarize):
    import numpy

    if isinstance(value, (list, tuple)):
        inner = ", ".join(_text(one, summarize) for one in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_text(one, summarize)}"
                               for key, one in value.items()) + "}"
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        return str(value)
    array = numpy.asarray(value.detach() if isinstance(value, CoreTensor) else value)
    if array.dtype.kind == "O":
        array = numpy.array([one.decode(errors="replace") for one in array.reshape(-1)]).reshape(
            array.shape)
        return f'"{array.item()}"' if array.ndim == 0 else numpy.array2string(array)
    if array.dtype.kind == "b":
        array = array.astype(int)
    threshold = array.size + 1 if summarize < 0 else 0
    options = {"threshold": threshold, "edgeitems": max(summarize, 1), "floatmode": "unique"}
    with numpy.printoptions(**options):
        return numpy.array2string(array, separator=" ") if array.ndim else _number(array)


def _number(array):
    value = array.item()
    return f"{value:g}" if isinstance(value, float) and value == int(value) else str(array)


__all__ = ["clip_by_global_norm", "clip_by_norm", "clip_by_value"]
