"""Activation functions."""

from ... import _core

gelu, softplus, sigmoid, tanh = _core.gelu, _core.softplus, _core.sigmoid, _core.tanh


def _into(input, result, inplace):
    return input.copy_(result) if inplace else result


def relu(input, inplace=False):
    """max(x, 0)."""
    return input.relu_() if inplace else _core.relu(input)


def relu_(input):
    """`relu` in place."""
    return input.relu_()


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where it is positive, else negative_slope * x."""
    if inplace:
        return input.leaky_relu_(negative_slope)
    return _core.leaky_relu(input, negative_slope)


def leaky_relu_(input, negative_slope=0.01):
    """`leaky_relu` in place."""
    return input.leaky_relu_(negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x where it is positive, else alpha * (exp(x) - 1)."""
    return input.elu_(alpha) if inplace else _core.elu(input, alpha)


def elu_(input, alpha=1.0):
    """`elu` in place."""
    return input.elu_(alpha)


def silu(input, inplace=False):
    """x * sigmoid(x)."""
    return input.silu_() if inplace else _core.silu(input)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x limited to [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError(f"hardtanh(): min_val {min_val} is greater than max_val {max_val}")
    if inplace:
        return input.hardtanh_(min_val, max_val)
    return _core.hardtanh(input, min_val, max_val)


def hardtanh_(input, min_val=-1.0, max_val=1.0):
    """`hardtanh` in place."""
    return hardtanh(input, min_val, max_val, True)


def relu6(input, inplace=False):
    """x limited to [0, 6]."""
    return hardtanh(input, 0.0, 6.0, inplace)


def _along(input, dim, dtype):
    """The input in `dtype`, and the dim that is meant where none is given."""
    if dtype is not None:
        input = input.to(dtype)
    if dim is None:
        dim = 0 if input.dim() in (0, 1, 3) else 1
    return input, dim


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """exp(x) / sum(exp(x)) along `dim`."""
    if dim is None or dtype is not None:
        input, dim = _along(input, dim, dtype)
    return _core.softmax(input, dim)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """The logarithm of `softmax`."""
    if dim is None or dtype is not None:
        input, dim = _along(input, dim, dtype)
    return _core.log_softmax(input, dim)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """`softmax` of -x."""
    return softmax(-input, dim, dtype=dtype)
