"""Weight and spectral normalisation as parametrizations."""

from ... import _core
from ..modules.module import Module
from . import parametrize
from .spectral_norm import _as_matrix, _default_dim, _power_iterations_from_v, _random_unit
from .weight_norm import _norm_except_dim, _weight_norm as _weight_of


class _WeightNorm(Module):
    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return _weight_of(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return _norm_except_dim(weight, self.dim), weight


def weight_norm(module, name="weight", dim=0):
    """From now on a module's weight is g * v / |v|, by `parametrizations.weight.original0` and
    `original1`; norms are over all dims but `dim`, over all where that is None."""
    return parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError("Expected n_power_iterations to be positive, but got "
                             f"n_power_iterations={n_power_iterations}")
        self.dim = dim if dim >= 0 else dim + weight.dim()
        self.n_power_iterations, self.eps = n_power_iterations, eps
        if weight.dim() > 1:
            matrix = _as_matrix(weight.detach(), self.dim)
            u, v = (_random_unit(size, weight, eps) for size in matrix.shape)
            _power_iterations_from_v(matrix, u, v, 15, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)

    def forward(self, weight):
        if weight.dim() == 1:
            return weight / _core.norm(weight, 2).clamp(min=self.eps)
        matrix = _as_matrix(weight, self.dim)
        if self.training:
            _power_iterations_from_v(matrix.detach(), self._u, self._v, self.n_power_iterations,
                                     self.eps)
        # The next iteration writes over those that backward saves.
        return weight / _core.dot(self._u.clone(), matrix @ self._v.clone())

    def right_inverse(self, value):
        return value


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """From now on a module's weight is `parametrizations.weight.original` divided by an estimate of
    its largest singular value, which gets better with every use in training."""
    if not hasattr(module, name):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    weight = getattr(module, name)
    dim = _default_dim(module) if dim is None else dim
    return parametrize.register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
