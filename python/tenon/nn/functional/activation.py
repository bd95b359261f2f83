"""Activation functions."""

from ... import _core

gelu, softplus, sigmoid, tanh = _core.gelu, _core.softplus, _core.sigmoid, _core.tanh
logsigmoid, softsign, tanhshrink = _core.logsigmoid, _core.softsign, _core.tanhshrink
hardshrink, softshrink = _core.hardshrink, _core.softshrink
prelu, glu = _core.prelu, _core.glu


def _applied(op, input, inplace, *options):
    """What an op gives, in the place of its input where that is wanted."""
    if not inplace:
        return op(input, *options)
    # Gradients are those at the input that is no more, of which the op keeps a copy.
    is_recorded = input.requires_grad and _core.is_grad_enabled()
    return input.copy_(op(input.clone() if is_recorded else input, *options))


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
    return _applied(_core.relu6, input, inplace)


def hardsigmoid(input, inplace=False):
    """x / 6 + 1/2, limited to [0, 1]."""
    return _applied(_core.hardsigmoid, input, inplace)


def hardswish(input, inplace=False):
    """x * hardsigmoid(x): Howard et al. 2019."""
    return _applied(_core.hardswish, input, inplace)


def mish(input, inplace=False):
    """x * tanh(softplus(x)): Misra 2019."""
    return _applied(_core.mish, input, inplace)


def selu(input, inplace=False):
    """scale * elu(x), so that variances stay 1: Klambauer et al. 2017."""
    return _applied(_core.selu, input, inplace)


def celu(input, alpha=1.0, inplace=False):
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)): Barron 2017."""
    return _applied(_core.celu, input, inplace, alpha)


def threshold(input, threshold, value, inplace=False):
    """x where it is above the threshold, else `value`."""
    return _applied(_core.threshold, input, inplace, threshold, value)


def threshold_(input, threshold, value):
    """`threshold` in place."""
    return _applied(_core.threshold, input, True, threshold, value)


def selu_(input):
    """`selu` in place."""
    return selu(input, True)


def celu_(input, alpha=1.0):
    """`celu` in place."""
    return celu(input, alpha, True)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """x where it is positive, else x times a slope: while training one drawn from [lower, upper]
    for each element, else their mean."""
    return _applied(_core.rrelu, input, inplace, lower, upper, training)


def rrelu_(input, lower=1.0 / 8, upper=1.0 / 3, training=False):
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """Samples of classes that gradients flow through: Jang et al. 2017. With `hard`, one-hot ones
    with the gradient of the soft ones."""
    return _core.gumbel_softmax(logits, tau, hard, eps, dim)


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
    if dim is None or dtype is not None:
        input, dim = _along(input, dim, dtype)
    return _core.softmin(input, dim)
