"""Batch norms as part of the layers before them, for use without training."""

import copy

from ... import _core
from ..parameter import Parameter


def _scale(bn_rv, bn_eps, bn_w):
    scale = (bn_rv + bn_eps).rsqrt()
    return scale if bn_w is None else scale * bn_w


def _fused(weight, bias, bn_rm, bn_rv, bn_eps, bn_w, bn_b, dim):
    scale = _scale(bn_rv, bn_eps, bn_w)
    sizes = [1] * weight.dim()
    sizes[dim] = -1
    shift = -bn_rm if bias is None else bias - bn_rm
    made = shift * scale if bn_b is None else shift * scale + bn_b
    return (Parameter((weight * scale.reshape(sizes)).detach(), weight.requires_grad),
            Parameter(made.detach(), weight.requires_grad))


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """(weight, bias) of a convolution that gives what it and a batch norm behind it give."""
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """As `fuse_conv_bn_weights`, of a linear layer."""
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def _fuse(layer, bn, transpose):
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    made = copy.deepcopy(layer)
    made.weight, made.bias = _fused(made.weight, made.bias, bn.running_mean, bn.running_var,
                                    bn.eps, bn.weight, bn.bias, 1 if transpose else 0)
    return made


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A convolution that gives what `bn(conv(x))` gives, both in evaluation."""
    return _fuse(conv, bn, transpose)


def fuse_linear_bn_eval(linear, bn):
    """As `fuse_conv_bn_eval`, of a linear layer."""
    if bn.num_features != linear.out_features and bn.num_features != 1:
        raise AssertionError("To fuse, linear.out_features == bn.num_features or "
                             "bn.num_features == 1")
    return _fuse(linear, bn, False)


def skip_init(module_cls, *args, **kwargs):
    """A module whose parameters are whatever lies in memory: for those that are loaded next."""
    with _core.device("meta"):
        made = module_cls(*args, **{name: value for name, value in kwargs.items()
                                    if name != "device"})
    return made.to_empty(device=kwargs.get("device") or "cpu")
