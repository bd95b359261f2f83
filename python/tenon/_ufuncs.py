"""NumPy's ufuncs of tensors: they give tensors back."""

import operator

from . import _core

Tensor = _core.Tensor

#: Ufuncs behind operators: between an array and a tensor they are the tensor's own, recorded for
#: gradients, too.
_OPERATORS = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "floor_divide": operator.floordiv, "remainder": operator.mod,
    "power": operator.pow, "matmul": operator.matmul, "negative": operator.neg,
    "absolute": operator.abs, "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt,
    "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor,
    "left_shift": operator.lshift, "right_shift": operator.rshift, "invert": operator.invert,
}


def _operand(value):
    """What an operator of tensors takes: NumPy's numbers have no dtype of their own there."""
    import numpy

    if isinstance(value, numpy.generic):
        return value.item()
    return value if isinstance(value, (Tensor, int, float, complex)) \
        else _core.tensor_of_data(numpy.asarray(value))


def _array_of(value, name):
    if not isinstance(value, Tensor):
        return value
    if value.requires_grad:
        raise RuntimeError(f"numpy's {name}() records no gradients; use Tenon's function, or "
                           "x.detach()")
    return value.numpy()


def _tensor_of(result, name):
    import numpy

    if isinstance(result, tuple):
        return tuple(_tensor_of(part, name) for part in result)
    if result is None or isinstance(result, Tensor):
        return result
    try:
        return _core.tensor_of_data(numpy.asarray(result))
    except TypeError as error:
        raise TypeError(f"numpy's {name}() gives {numpy.asarray(result).dtype}, which tensors "
                        "can't hold; call it with x.numpy()") from error


def _array_ufunc(self, ufunc, method, *inputs, out=(), **keywords):
    """np.sin(x) and its like, SciPy's included: NumPy computes, a tensor comes back."""
    import numpy

    for value in (*inputs, *out):
        if hasattr(value, "__array_ufunc__") and not isinstance(
                value, (Tensor, numpy.ndarray, numpy.generic)):
            return NotImplemented
    name = ufunc.__name__
    apply = _OPERATORS.get(name)
    if apply and getattr(numpy, name, None) is ufunc and method == "__call__" and not out \
            and not keywords:
        return apply(*map(_operand, inputs))
    if out:
        keywords["out"] = tuple(_array_of(value, name) for value in out)
    if isinstance(keywords.get("where"), Tensor):
        keywords["where"] = keywords["where"].numpy()
    result = getattr(ufunc, method)(*(_array_of(value, name) for value in inputs), **keywords)
    if out:
        return out[0] if len(out) == 1 else out
    return _tensor_of(result, name)


Tensor.__array_ufunc__ = _array_ufunc
