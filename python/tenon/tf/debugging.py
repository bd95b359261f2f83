"""tf.debugging: checks of values, shapes and dtypes."""

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.strings import StringTensor
from .._eager.tensor import CoreTensor, own, pair


def _text(message, default):
    return f"{message} {default}".strip() if message else default


def _comparing(name, compute, symbol):
    def check(x, y, message=None, summarize=None, name=None):
        first, second = convert.tensor(x), convert.tensor(y) if isinstance(x, CoreTensor) else y
        if isinstance(first, StringTensor):
            holds = (first == y) if symbol == "==" else (first != y)
        else:
            holds = compute(*pair(x, y if not isinstance(y, CoreTensor) else second,
                                  check.__name__))
        if not bool(_core.all(holds)):
            raise InvalidArgumentError(_text(message, f"Condition x {symbol} y did not hold.\n"
                                                      f"x = {_shown(x)}\ny = {_shown(y)}"))

    check.__name__ = name
    check.__doc__ = f"Raises InvalidArgumentError unless x {symbol} y for all elements."
    return check


def _shown(value):
    made = convert.tensor(value)
    return made.numpy() if isinstance(made, StringTensor) else own(made).numpy()


assert_equal = _comparing("assert_equal", _core.eq, "==")
assert_none_equal = _comparing("assert_none_equal", _core.ne, "!=")
assert_less = _comparing("assert_less", _core.lt, "<")
assert_less_equal = _comparing("assert_less_equal", _core.le, "<=")
assert_greater = _comparing("assert_greater", _core.gt, ">")
assert_greater_equal = _comparing("assert_greater_equal", _core.ge, ">=")


def _signed(name, compute, words):
    def check(x, message=None, summarize=None, name=None):
        x = convert.tensor(x)
        if not bool(_core.all(compute(x, 0))):
            raise InvalidArgumentError(_text(message, f"Condition x {words} 0 did not hold "
                                                      f"element-wise:\nx = {_shown(x)}"))

    check.__name__, check.__doc__ = name, f"Raises InvalidArgumentError unless all of x {words} 0."
    return check


assert_positive, assert_negative = (_signed("assert_positive", _core.gt, ">"),
                                    _signed("assert_negative", _core.lt, "<"))
assert_non_negative = _signed("assert_non_negative", _core.ge, ">=")
assert_non_positive = _signed("assert_non_positive", _core.le, "<=")


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    """Raises unless |x - y| <= atol + rtol |y|, by default of 10 times the dtype's precision."""
    from .._dtypes import finfo

    x, y = convert.same((x, y))
    eps = 10 * finfo(x.dtype).eps
    rtol, atol = (eps if value is None else float(value) for value in (rtol, atol))
    if not bool(_core.all(_core.abs(x - y) <= atol + rtol * _core.abs(y))):
        raise InvalidArgumentError(_text(message, f"x and y not equal to tolerance rtol = {rtol}, "
                                                  f"atol = {atol}\nx = {_shown(x)}\ny = "
                                                  f"{_shown(y)}"))


def assert_rank(x, rank, message=None, name=None):
    """Raises ValueError unless x has so many dims."""
    x = convert.tensor(x)
    if x.dim() != int(rank):
        raise ValueError(_text(message, f"Tensor must have rank {int(rank)}. Received rank "
                                        f"{x.dim()}, shape {tuple(x.shape)}"))


def assert_rank_at_least(x, rank, message=None, name=None):
    """Raises ValueError unless x has at least so many dims."""
    x = convert.tensor(x)
    if x.dim() < int(rank):
        raise ValueError(_text(message, f"Tensor must have rank at least {int(rank)}. Received "
                                        f"rank {x.dim()}, shape {tuple(x.shape)}"))


def assert_rank_in(x, ranks, message=None, name=None):
    """Raises ValueError unless the number of dims is among these."""
    x = convert.tensor(x)
    if x.dim() not in [int(rank) for rank in ranks]:
        raise ValueError(_text(message, f"Tensor must have rank in {tuple(ranks)}. Received rank "
                                        f"{x.dim()}, shape {tuple(x.shape)}"))


def assert_scalar(tensor, message=None, name=None):
    """Raises ValueError unless there are no dims."""
    if convert.tensor(tensor).dim() != 0:
        raise ValueError(_text(message, f"Expected scalar shape, saw shape: "
                                        f"{tuple(convert.tensor(tensor).shape)}"))
    return tensor


def assert_type(tensor, tf_type, message=None, name=None):
    """Raises TypeError unless the tensor is of this dtype."""
    wanted = dtypes.as_dtype(tf_type)
    if convert.tensor(tensor).dtype is not wanted:
        raise TypeError(_text(message, f"tensor must be of type {dtypes.name_of(wanted)}, got "
                                       f"{dtypes.name_of(convert.tensor(tensor).dtype)}"))


def assert_integer(x, message=None, name=None):
    """Raises TypeError unless x is of an integer dtype."""
    dtype = convert.tensor(x).dtype
    if not dtype.is_integer:
        raise TypeError(_text(message, f"Expected x to be integer type. Received: "
                                       f"{dtypes.name_of(dtype)}"))


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Raises ValueError unless tensors have these shapes, in which names stand for equal sizes."""
    known = {}
    for x, symbols in shapes.items() if isinstance(shapes, dict) else shapes:
        x = convert.tensor(x)
        symbols = list(symbols) if not isinstance(symbols, str) else [symbols]
        if symbols[:1] == [...]:
            symbols = [None] * (x.dim() - len(symbols) + 1) + symbols[1:]
        if len(symbols) != x.dim():
            raise ValueError(_text(message, f"Expected rank {len(symbols)}, got shape "
                                            f"{tuple(x.shape)}"))
        for dim, (symbol, size) in enumerate(zip(symbols, x.shape)):
            if symbol in (None, "*"):
                continue
            wanted = symbol if isinstance(symbol, int) else known.setdefault(symbol, size)
            if wanted != size:
                raise ValueError(_text(message, f"Dimension {dim} of shape {tuple(x.shape)} is "
                                                f"{size}, expected {wanted} ({symbol})"))


def check_numerics(tensor, message, name=None):
    """The tensor; InvalidArgumentError where it holds NaN or infinite numbers."""
    x = convert.tensor(tensor)
    if bool(_core.any(_core.isnan(x))):
        raise InvalidArgumentError(f"{message} : Tensor had NaN values")
    if bool(_core.any(_core.isinf(x))):
        raise InvalidArgumentError(f"{message} : Tensor had Inf values")
    return own(x, (tensor,))


def assert_all_finite(x, message, name=None):
    """As `check_numerics`."""
    return check_numerics(x, message)


def is_numeric_tensor(tensor):
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, CoreTensor) and tensor.dtype is not _core.bool


def Assert(condition, data, summarize=None, name=None):
    """Raises InvalidArgumentError, which shows the data, where the condition doesn't hold."""
    if not bool(_core.all(convert.tensor(condition))):
        shown = ", ".join(str(_shown(one)) for one in data)
        raise InvalidArgumentError(f"Expected 'tf.Tensor({condition}, dtype=bool)' to be true. "
                                   f"Summarized data: {shown}")


def enable_check_numerics(stack_height_limit=30, path_length_limit=50):
    """Gradients that hold NaN are an error from here on."""
    _core.set_anomaly_enabled(True)


def disable_check_numerics():
    """They are not."""
    _core.set_anomaly_enabled(False)


def assert_proper_iterable(values):
    """Raises TypeError unless it is a list, tuple or another collection, and no tensor or text."""
    if isinstance(values, (CoreTensor, StringTensor, str, bytes)) or hasattr(values, "__array__"):
        raise TypeError("Expected argument 'values' to be a 'proper' iterable. Found: "
                        f"{type(values)}")
    if not hasattr(values, "__iter__"):
        raise TypeError(f"Expected argument 'values' to be iterable. Found: {type(values)}")


def assert_same_float_dtype(tensors=None, dtype=None):
    """The dtype of all tensors, which must be one and floating; float32 without any."""
    found = [convert.tensor(one).dtype for one in tensors or ()]
    wanted = dtypes.as_dtype(dtype) if dtype is not None else found[0] if found else _core.float32
    for one in found:
        if one is not wanted:
            raise ValueError(f"tensors must be of type {dtypes.name_of(wanted)}, got "
                             f"{dtypes.name_of(one)}")
    if not wanted.is_floating_point:
        raise ValueError(f"Expected floating point type, got {dtypes.name_of(wanted)}.")
    return wanted


def enable_traceback_filtering():
    """Nothing: tracebacks are whole."""


def disable_traceback_filtering():
    """Nothing: tracebacks are whole."""


def is_traceback_filtering_enabled():
    """No."""
    return False


def set_log_device_placement(log_device_placement):
    """Taken: ops run on the CPU."""


def get_log_device_placement():
    return False


__all__ = sorted(name for name in globals()
                 if name.startswith(("assert_", "check_", "is_", "enable",
                                     "disable", "set_", "get_")) or
                 name == "Assert")
