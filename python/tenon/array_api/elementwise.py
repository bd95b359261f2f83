"""Functions of each element."""

from .. import _core
from ._support import binary, tensors_of, unary, whole

_UNARY = {
    "abs": (_core.abs, "The absolute value, of complex numbers a real one."),
    "acos": (_core.acos, "The inverse of cos."),
    "acosh": (_core.acosh, "The inverse of cosh."),
    "asin": (_core.asin, "The inverse of sin."),
    "asinh": (_core.asinh, "The inverse of sinh."),
    "atan": (_core.atan, "The inverse of tan."),
    "atanh": (_core.atanh, "The inverse of tanh."),
    "conj": (_core.conj, "The conjugate."),
    "cos": (_core.cos, "The cosine."),
    "cosh": (_core.cosh, "The hyperbolic cosine."),
    "exp": (_core.exp, "e to the power of each element."),
    "expm1": (_core.expm1, "exp(x) - 1, exact near 0."),
    "imag": (_core.imag, "The imaginary parts."),
    "isfinite": (_core.isfinite, "Whether an element is neither infinite nor NaN."),
    "isinf": (_core.isinf, "Whether an element, or a part of it, is infinite."),
    "isnan": (_core.isnan, "Whether an element, or a part of it, is NaN."),
    "log": (_core.log, "The natural logarithm."),
    "log10": (_core.log10, "The logarithm to base 10."),
    "log1p": (_core.log1p, "log(1 + x), exact near 0."),
    "log2": (_core.log2, "The logarithm to base 2."),
    "logical_not": (_core.logical_not, "Whether an element is false (0)."),
    "negative": (_core.neg, "The negative."),
    "real": (_core.real, "The real parts."),
    "reciprocal": (_core.reciprocal, "1 / x."),
    "signbit": (_core.signbit, "Whether the sign bit is set, as it is of -0.0."),
    "sin": (_core.sin, "The sine."),
    "sinh": (_core.sinh, "The hyperbolic sine."),
    "sqrt": (_core.sqrt, "The square root."),
    "square": (_core.square, "x * x."),
    "tan": (_core.tan, "The tangent."),
    "tanh": (_core.tanh, "The hyperbolic tangent."),
}
_WHOLE = {
    "ceil": (_core.ceil, "The smallest whole number that is not less."),
    "floor": (_core.floor, "The largest whole number that is not greater."),
    "trunc": (_core.trunc, "The whole number next towards zero."),
}
_BINARY = {
    "add": (_core.add, "x1 + x2."),
    "atan2": (_core.atan2, "The angle of the point (x2, x1), in (-pi, pi]."),
    "bitwise_left_shift": (_core.bitwise_left_shift, "x1 * 2**x2."),
    "bitwise_right_shift": (_core.bitwise_right_shift, "floor(x1 / 2**x2)."),
    "copysign": (_core.copysign, "The magnitude of x1 with the sign of x2."),
    "divide": (_core.div, "x1 / x2; of integers in the default float dtype."),
    "equal": (_core.eq, "x1 == x2."),
    "floor_divide": (_core.floor_divide, "x1 / x2 rounded down."),
    "greater": (_core.gt, "x1 > x2."),
    "greater_equal": (_core.ge, "x1 >= x2."),
    "hypot": (_core.hypot, "sqrt(x1**2 + x2**2) without overflow on the way."),
    "less": (_core.lt, "x1 < x2."),
    "less_equal": (_core.le, "x1 <= x2."),
    "logaddexp": (_core.logaddexp, "log(exp(x1) + exp(x2)) without overflow on the way."),
    "logical_and": (_core.logical_and, "Whether both are true (not 0)."),
    "logical_or": (_core.logical_or, "Whether one of both is true (not 0)."),
    "logical_xor": (_core.logical_xor, "Whether one alone is true (not 0)."),
    "maximum": (_core.maximum, "The larger one; NaN where one is NaN."),
    "minimum": (_core.minimum, "The smaller one; NaN where one is NaN."),
    "multiply": (_core.mul, "x1 * x2."),
    "nextafter": (_core.nextafter, "The next number after x1 towards x2."),
    "not_equal": (_core.ne, "x1 != x2."),
    "pow": (_core.pow, "x1 ** x2."),
    "remainder": (_core.remainder, "x1 - x2 * floor(x1 / x2), of the sign of x2."),
    "subtract": (_core.sub, "x1 - x2."),
}


def _bitwise(op, logical):
    """Of bools, a bitwise op is the logical one."""
    def apply(*operands):
        return (logical if operands[0].dtype == _core.bool else op)(*operands)

    return apply


for _make, _table in (unary, _UNARY), (whole, _WHOLE), (binary, _BINARY):
    globals().update({_name: _make(_name, *_rest) for _name, _rest in _table.items()})
bitwise_and = binary("bitwise_and", _bitwise(_core.bitwise_and, _core.logical_and),
                     "x1 & x2, bit by bit.")
bitwise_or = binary("bitwise_or", _bitwise(_core.bitwise_or, _core.logical_or),
                    "x1 | x2, bit by bit.")
bitwise_xor = binary("bitwise_xor", _bitwise(_core.bitwise_xor, _core.logical_xor),
                     "x1 ^ x2, bit by bit.")
bitwise_invert = unary("bitwise_invert", _bitwise(_core.bitwise_not, _core.logical_not),
                       "~x, bit by bit.")


def _rounded(x):
    if not x.dtype.is_complex:
        return _core.round(x)
    return _core.complex(_core.round(_core.real(x)), _core.round(_core.imag(x)))


round = whole("round", _rounded, "The nearest whole number, of two the even one; of both parts.")


def clip(x, /, min=None, max=None):
    """Each element limited to [min, max], numbers or arrays; NaN where one of them is NaN."""
    for op, limit in (_core.maximum, min), (_core.minimum, max):
        if limit is not None:
            x = op(*tensors_of("clip", x, limit))
    return x.clone() if min is None and max is None else x


def positive(x, /):
    """The elements themselves."""
    return x.clone()


def sign(x, /):
    """-1, 0 or 1 as the sign is; of complex numbers x / abs(x); of NaN, NaN."""
    if x.dtype.is_complex:
        return _core.sgn(x)
    signs = _core.sign(x)
    return _core.where(_core.isnan(x), x, signs) if x.dtype.is_floating_point else signs


__all__ = sorted([*_UNARY, *_WHOLE, *_BINARY, "bitwise_and", "bitwise_or", "bitwise_xor",
                  "bitwise_invert", "clip", "positive", "round", "sign"])
