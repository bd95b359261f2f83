"""tf.bitwise: the bits of integers."""

from .. import _core
from .._eager import convert
from .._eager.tensor import op as _op
from .._eager.tensor import pair


def _binary(name, compute, text):
    def function(x, y):
        return compute(*pair(x, y, name))

    function.__name__, function.__doc__ = name, text
    return _op(function)


bitwise_and = _binary("bitwise_and", _core.bitwise_and, "The bits that both have.")
bitwise_or = _binary("bitwise_or", _core.bitwise_or, "The bits that one has.")
bitwise_xor = _binary("bitwise_xor", _core.bitwise_xor, "The bits that just one has.")
left_shift = _binary("left_shift", _core.bitwise_left_shift, "The bits, so many places up.")
right_shift = _binary("right_shift", _core.bitwise_right_shift, "The bits, so many places down.")


@_op
def invert(x):
    """All bits turned."""
    return _core.bitwise_not(convert.tensor(x))
