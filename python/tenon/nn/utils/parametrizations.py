"""Weight and spectral normalisation, and orthogonal matrices, as parametrizations."""

from ... import _core
from ..._dtypes import finfo
from ..._modes import no_grad
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


def _with_positive_diagonal(matrix):
    """Q of the factors Q R whose R has a positive diagonal: such Q is unique."""
    q, r = _core.linalg_qr(matrix)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _is_orthogonal(matrix):
    identity = _core.eye(matrix.size(-1), dtype=matrix.dtype)
    eps = matrix.size(-2) * 10 * finfo(matrix.dtype).eps
    return bool(((matrix.mH @ matrix - identity).abs() <= eps).all())


class _Orthogonal(Module):
    """Q of a free matrix X of n rows and k <= n columns (X^T where it is wider): exp(A) or Cayley's
    (I - A/2)^-1 (I + A/2) with A = L - L^H, L the lower triangle of X; or the product of the
    Householder reflections that L stands for."""

    def __init__(self, orthogonal_map, use_trivialization):
        super().__init__()
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X):
        is_wide = X.size(-2) < X.size(-1)
        X = X.mT if is_wide else X
        Q = self._reflected(X) if self.orthogonal_map == "householder" else self._rotated(X)
        base = self._buffers.get("base")
        Q = Q if base is None else base @ Q
        return Q.mT if is_wide else Q

    def _rotated(self, X):
        n, k = X.shape[-2:]
        lower = X.tril()
        if n != k:
            lower = _core.cat([lower, lower.new_zeros((*X.shape[:-1], n - k))], -1)
        A = lower - lower.mH
        if self.orthogonal_map == "matrix_exp":
            return _core.matrix_exp(A)[..., :k]
        identity = _core.eye(n, dtype=A.dtype)
        return _core.linalg_solve(identity - 0.5 * A, identity + 0.5 * A)[..., :k]

    @staticmethod
    def _reflected(X):
        A = X.tril(-1)
        tau = 2 / (1 + (A * A).sum(-2))
        signs = X.diagonal(dim1=-2, dim2=-1).detach().sign()
        return _core.linalg_householder_product(A, tau) * signs.unsqueeze(-2)

    def right_inverse(self, Q):
        """Gives the matrix from whose -I the map makes `base`: Q, or the nearest by its columns
        where it is not orthogonal."""
        if "base" not in self._buffers:
            raise NotImplementedError("orthogonal: without use_trivialization the weight can't be "
                                      "assigned to: the maps don't reach every matrix")
        with no_grad():
            tall = Q.mT if Q.size(-2) < Q.size(-1) else Q
            n, k = tall.shape[-2:]
            if n != k:
                tall = _core.cat([tall, _core.randn((*tall.shape[:-1], n - k), dtype=Q.dtype)], -1)
                self.base = _with_positive_diagonal(tall)
            else:
                self.base = tall.clone() if _is_orthogonal(tall) else _with_positive_diagonal(tall)
            start = _core.zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start


def orthogonal(module, name="weight", orthogonal_map=None, *, use_trivialization=True):
    """From now on a module's weight is a matrix with orthonormal columns (rows where it is wider
    than high), or a batch of them: `base` times a map of `parametrizations.weight.original`. The
    map is "matrix_exp", "cayley" or "householder"; where none is named "householder", but
    "matrix_exp" for square and complex matrices. Without `use_trivialization` there is no `base`,
    and the weight can't be assigned to. Lezcano-Casado 2019."""
    weight = getattr(module, name, None)
    if not isinstance(weight, _core.Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.dim() < 2:
        raise ValueError("Expected a matrix or batch of matrices. Got a tensor of "
                         f"{weight.dim()} dimensions.")
    if orthogonal_map is None:
        is_square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if is_square or weight.is_complex() else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError('orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
                         f"Got: {orthogonal_map}")
    if orthogonal_map == "householder" and weight.is_complex():
        raise ValueError("The householder parametrization does not support complex tensors.")
    if orthogonal_map == "householder" and not use_trivialization:
        raise ValueError('orthogonal: "householder" needs use_trivialization; "matrix_exp" and '
                         '"cayley" go without')
    made = _Orthogonal(orthogonal_map, use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)
