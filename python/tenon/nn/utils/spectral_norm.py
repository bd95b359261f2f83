"""Weights divided by their largest singular value: Miyato et al. 2018."""

from ... import _core
from ..._modes import no_grad
from ..modules.conv import _ConvNd
from ..parameter import Parameter


def _normalized(x, eps):
    return x / _core.norm(x, 2).clamp(min=eps)


def _as_matrix(weight, dim):
    """The weight with `dim` first and all others as one."""
    if dim != 0:
        weight = weight.movedim(dim, 0)
    return weight.reshape((weight.shape[0], -1))


def _power_iterations(matrix, u, v, count, eps):
    """Better estimates of the singular vectors, written into u and v."""
    with no_grad():
        for _ in range(count):
            v.copy_(_normalized(matrix.t() @ u, eps))
            u.copy_(_normalized(matrix @ v, eps))


def _power_iterations_from_v(matrix, u, v, count, eps):
    """As `_power_iterations`, u before v."""
    with no_grad():
        for _ in range(count):
            u.copy_(_normalized(matrix @ v, eps))
            v.copy_(_normalized(matrix.t() @ u, eps))


def _random_unit(size, like, eps):
    return _normalized(_core.randn((size,), dtype=like.dtype), eps)


def _default_dim(module):
    return 1 if isinstance(module, _ConvNd) and module.transposed else 0


class SpectralNorm:
    """Computes a module's weight from `weight_orig` before each call."""

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        if n_power_iterations <= 0:
            raise ValueError("Expected n_power_iterations to be positive, but got "
                             f"n_power_iterations={n_power_iterations}")
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module, do_power_iteration):
        """The weight of now."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = _as_matrix(weight, self.dim)
        if do_power_iteration:
            _power_iterations(matrix.detach(), u, v, self.n_power_iterations, self.eps)
            u, v = u.clone(), v.clone()  # the next iteration writes over those that backward saves
        return weight / _core.dot(u, matrix @ v)

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Puts the undivided weight in the place of the weight."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError("Cannot register two spectral_norm hooks on the same parameter "
                                   f"{name}")
        made = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = getattr(module, name)
        height, width = _as_matrix(weight.detach(), dim).shape
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", _random_unit(height, weight, eps))
        module.register_buffer(name + "_v", _random_unit(width, weight, eps))
        module.register_forward_pre_hook(made)
        return made

    def remove(self, module):
        """Puts the divided weight in the place of what it is made of."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for name in self.name, self.name + "_u", self.name + "_v", self.name + "_orig":
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """From now on a module's weight is `weight_orig` divided by an estimate of its largest singular
    value, which gets better with every call in training."""
    dim = _default_dim(module) if dim is None else dim
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module, name="weight"):
    """Undoes `spectral_norm`."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
