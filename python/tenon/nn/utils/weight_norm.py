"""Weights as a direction and a length: Salimans and Kingma 2016."""

from ... import _core
from ..parameter import Parameter


def _norm_except_dim(v, dim):
    """The norm of v over all dims but one; over all where `dim` is None or -1."""
    if dim is None or dim == -1:
        return _core.norm(v, 2)
    return _core.norm(v, 2, [other for other in range(v.dim()) if other != dim], True)


def _weight_norm(v, g, dim):
    """g * v / |v|."""
    return v * (g / _norm_except_dim(v, dim))


class WeightNorm:
    """Computes a module's weight from `weight_g` and `weight_v` before each call."""

    def __init__(self, name, dim):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module):
        """The weight of now."""
        return _weight_norm(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"),
                            self.dim)

    @staticmethod
    def apply(module, name, dim):
        """Puts the two parts in the place of the weight."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError("Cannot register two weight_norm hooks on the same parameter "
                                   f"{name}")
        made = WeightNorm(name, dim)
        weight = getattr(module, name)
        delattr(module, name)
        module.register_parameter(name + "_g", Parameter(_norm_except_dim(weight, made.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, made.compute_weight(module))
        module.register_forward_pre_hook(made)
        return made

    def remove(self, module):
        """Puts the weight in the place of its two parts."""
        weight = self.compute_weight(module)
        for name in self.name, self.name + "_g", self.name + "_v":
            delattr(module, name)
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name="weight", dim=0):
    """From now on a module's weight is g * v / |v|, by its parameters `weight_g` and `weight_v`;
    norms are over all dims but `dim`, over all where that is None."""
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name="weight"):
    """Undoes `weight_norm`."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
