"""Activation functions."""

import functools

from .. import _core
from ._arrays import Tensor, as_floats
from ._registry import Registry
from ._style import styled
from ._symbolic import KerasTensor, apply

_registry = Registry("activation", "keras.activations")


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """x where it is above `threshold`, else negative_slope * (x - threshold), at most
    `max_value`."""
    x = as_floats(x)
    if threshold == 0.0:
        y = _core.relu(x) if negative_slope == 0.0 else _core.leaky_relu(x, negative_slope)
    else:
        y = _core.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else _core.clamp(y, max=max_value)


def leaky_relu(x, negative_slope=0.2):
    """x where it is positive, else negative_slope * x."""
    return _core.leaky_relu(as_floats(x), negative_slope)


def relu6(x):
    """x limited to [0, 6]."""
    return _core.relu6(as_floats(x))


def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`. Cross-entropies compute from the x that the result
    keeps."""
    x = as_floats(x)
    if x.dim() == 0:
        raise ValueError("softmax() takes a tensor of at least one dim, not a number")
    y = _over_axes(_core.softmax, x, axis)
    y._keras_logits = x
    return y


def log_softmax(x, axis=-1):
    """log(softmax(x))."""
    return _over_axes(_core.log_softmax, as_floats(x), axis)


def _over_axes(op, x, axis):
    """`op` along one axis, or along several as if they were one."""
    if not isinstance(axis, (tuple, list)):
        return op(x, axis)
    axes = [a % x.dim() for a in axis]
    order = [a for a in range(x.dim()) if a not in axes] + axes
    moved = x.permute(order)
    flat = op(moved.flatten(x.dim() - len(axes)), -1).reshape(moved.shape)
    return flat.permute([order.index(a) for a in range(x.dim())])


def elu(x, alpha=1.0):
    """x where it is positive, else alpha * (exp(x) - 1)."""
    return _core.elu(as_floats(x), alpha)


def selu(x):
    """1.0507 * (x where it is positive, else 1.6733 * (exp(x) - 1)): Klambauer et al. 2017."""
    return _core.selu(as_floats(x))


def celu(x, alpha=1.0):
    """x where it is positive, else alpha * (exp(x / alpha) - 1)."""
    return _core.celu(as_floats(x), alpha)


def softplus(x):
    """log(exp(x) + 1)."""
    return _core.softplus(as_floats(x))


def softsign(x):
    """x / (|x| + 1)."""
    return _core.softsign(as_floats(x))


def soft_shrink(x, threshold=0.5):
    """x moved towards zero by `threshold`, zero where it would change its sign."""
    return _core.softshrink(as_floats(x), threshold)


def hard_shrink(x, threshold=0.5):
    """x where |x| is above `threshold`, else zero."""
    return _core.hardshrink(as_floats(x), threshold)


def sparse_plus(x):
    """0 below -1, x above 1, (x + 1)^2 / 4 between."""
    x = as_floats(x)
    return _core.where(x <= -1, _core.zeros_like(x), _core.where(x < 1, (x + 1).square() / 4, x))


def sparse_sigmoid(x):
    """0 below -1, 1 above 1, (x + 1) / 2 between."""
    return _core.clamp((as_floats(x) + 1) / 2, 0, 1)


def sparsemax(x, axis=-1):
    """The nearest point to x on the simplex along `axis`, with zeros in it: Martins and Astudillo
    2016."""
    x = as_floats(x)
    size = x.shape[axis]
    shape = [1] * x.dim()
    shape[axis] = size
    ranks = _core.arange(1, size + 1, dtype=x.dtype).reshape(shape)
    descending = _core.sort(x, axis, True)[0]
    sums = _core.cumsum(descending, axis) - 1
    kept = (descending * ranks > sums).to(x.dtype).sum(axis, keepdim=True)
    limit = sums.gather(axis, kept.to(_core.int64) - 1) / kept
    return _core.relu(x - limit)


def silu(x):
    """x * sigmoid(x)."""
    return _core.silu(as_floats(x))


def squareplus(x, b=4):
    """(x + sqrt(x^2 + b)) / 2."""
    x = as_floats(x)
    return (x + (x.square() + b).sqrt()) / 2


def gelu(x, approximate=False):
    """x times the normal distribution function of x; `approximate`, by tanh."""
    return _core.gelu(as_floats(x), "tanh" if approximate else "none")


def glu(x, axis=-1):
    """a * sigmoid(b) of the halves a and b of x along `axis`."""
    return _core.glu(as_floats(x), axis)


def tanh(x):
    """The hyperbolic tangent."""
    return _core.tanh(as_floats(x))


def tanh_shrink(x):
    """x - tanh(x)."""
    return _core.tanhshrink(as_floats(x))


def hard_tanh(x):
    """x limited to [-1, 1]."""
    return _core.hardtanh(as_floats(x))


def threshold(x, threshold, default_value):
    """x where it is above `threshold`, else `default_value`."""
    return _core.threshold(as_floats(x), threshold, default_value)


def sigmoid(x):
    """1 / (1 + exp(-x)). Cross-entropies compute from the x that the result keeps."""
    x = as_floats(x)
    y = _core.sigmoid(x)
    y._keras_logits = x
    return y


def exponential(x):
    """exp(x)."""
    return _core.exp(as_floats(x))


def hard_sigmoid(x):
    """x / 6 + 1/2, limited to [0, 1]."""
    return _core.hardsigmoid(as_floats(x))


def log_sigmoid(x):
    """log(sigmoid(x))."""
    return _core.logsigmoid(as_floats(x))


def hard_silu(x):
    """x * hard_sigmoid(x)."""
    return _core.hardswish(as_floats(x))


def mish(x):
    """x * tanh(softplus(x))."""
    return _core.mish(as_floats(x))


def linear(x):
    """x."""
    return x


def _recorded(function):
    """The function, of which calls with symbolic tensors become steps of models."""
    of_values = styled(function)

    @functools.wraps(function)
    def call(x, *args, **kwargs):
        if type(x) is Tensor:
            return function(x, *args, **kwargs)
        if isinstance(x, KerasTensor):
            return apply(function, x, *args, **kwargs)
        return of_values(x, *args, **kwargs)

    return call


_ALIASES = {"silu": ("swish",), "hard_silu": ("hard_swish",)}
for _name in ("relu", "leaky_relu", "relu6", "softmax", "log_softmax", "elu", "selu", "celu",
              "softplus", "softsign", "soft_shrink", "hard_shrink", "sparse_plus", "sparse_sigmoid",
              "sparsemax", "silu", "squareplus", "gelu", "glu", "tanh", "tanh_shrink", "hard_tanh",
              "threshold", "sigmoid", "exponential", "hard_sigmoid", "log_sigmoid", "hard_silu",
              "mish", "linear"):
    globals()[_name] = _recorded(globals()[_name])
    _registry.register(globals()[_name], *_ALIASES.get(_name, ()))
swish, hard_swish = silu, hard_silu


def get(identifier):
    """The activation of a name, a config or a callable; None is `linear`."""
    return linear if identifier is None else _registry.get(identifier)


def serialize(activation):
    """The name of an activation, or the config of one of the user's."""
    return _registry.serialize(activation)


def deserialize(config, custom_objects=None):
    """The activation of a name or config."""
    return _registry.deserialize(config, custom_objects)
