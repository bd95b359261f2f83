"""Normal distributions of several numbers that depend on each other."""

import math

from .. import _core
from . import constraints
from .distribution import Distribution
from .utils import lazy_property


def _log_det(tril):
    """Half the logarithm of the determinant of L L^T."""
    return tril.diagonal(0, -2, -1).log().sum(-1)


def mahalanobis(tril, difference):
    """d^T (L L^T)^-1 d of vectors."""
    sizes = _core.broadcast_tensors([tril[..., 0], difference])[0].shape
    tril = tril.expand((*sizes, sizes[-1]))
    solved = _core.linalg_solve_triangular(tril, difference.expand(sizes).unsqueeze(-1), False)
    return solved.square().sum((-2, -1))


class OfCovariance(Distribution):
    """What is made of a matrix in one of three forms: `covariance_matrix`, `precision_matrix`, or
    `scale_tril`, the lower triangular factor of the covariance. The others follow from it."""

    @staticmethod
    def _given_form(**forms):
        """Name and matrix of the one that isn't None."""
        given = [form for form in forms.items() if form[1] is not None]
        if len(given) != 1:
            raise _core.ValueError("Exactly one of covariance_matrix or precision_matrix or "
                                   "scale_tril may be specified.")
        return given[0]

    def _set_scale_tril(self, form):
        """Of the form that was given, after its check."""
        if form == "covariance_matrix":
            self.scale_tril = _core.linalg_cholesky(self.covariance_matrix)
        elif form == "precision_matrix":
            self.scale_tril = _tril_of_precision(self.precision_matrix)

    @lazy_property
    def covariance_matrix(self):
        return self.scale_tril @ self.scale_tril.mT

    @lazy_property
    def precision_matrix(self):
        return _core.cholesky_inverse(self.scale_tril)


class MultivariateNormal(OfCovariance):
    """MultivariateNormal(loc, covariance_matrix), or with precision_matrix, or with scale_tril, the
    lower triangular factor of the covariance."""

    arg_constraints = {"loc": constraints.real_vector,
                       "covariance_matrix": constraints.positive_definite,
                       "precision_matrix": constraints.positive_definite,
                       "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None,
                 validate_args=None):
        if loc.dim() < 1:
            raise _core.ValueError("loc must be at least one-dimensional.")
        name, matrix = self._given_form(covariance_matrix=covariance_matrix,
                                        precision_matrix=precision_matrix, scale_tril=scale_tril)
        if matrix.dim() < 2:
            raise _core.ValueError(f"{name} must be at least two-dimensional, with optional "
                                   "leading batch dimensions")
        sizes = tuple(_core.broadcast_tensors([matrix[..., 0], loc])[0].shape)
        self.loc = loc.expand(sizes)
        self.__dict__[name] = matrix.expand((*sizes, sizes[-1]))
        super().__init__(sizes[:-1], sizes[-1:], validate_args)
        self._set_scale_tril(name)

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return self.scale_tril.square().sum(-1)

    def rsample(self, sample_shape=()):
        noise = _core.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        self._validate_sample(value)
        distance = mahalanobis(self.scale_tril, value - self.loc)
        count = self._event_shape[0]
        return -0.5 * (count * math.log(2 * math.pi) + distance) - _log_det(self.scale_tril)

    def entropy(self):
        count = self._event_shape[0]
        return 0.5 * count * (1 + math.log(2 * math.pi)) + _log_det(self.scale_tril)


def _tril_of_precision(precision):
    """L with L L^T = P^-1: of the factor of P in reverse order, the inverse in reverse order."""
    upper = _core.linalg_cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT
    identity = _core.eye(precision.shape[-1], dtype=precision.dtype).expand(precision.shape)
    return _core.linalg_solve_triangular(upper, identity, False)


class LowRankMultivariateNormal(Distribution):
    """Covariance W W^T + diag(D), with cov_factor W [*, n, rank] and cov_diag D [*, n]."""

    arg_constraints = {"loc": constraints.real_vector,
                       "cov_factor": constraints.independent(constraints.real, 2),
                       "cov_diag": constraints.independent(constraints.positive, 1)}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, cov_factor, cov_diag, validate_args=None):
        if loc.dim() < 1 or cov_factor.dim() < 2 or cov_diag.dim() < 1:
            raise _core.ValueError("LowRankMultivariateNormal: expected loc [*, n], cov_factor "
                                   "[*, n, rank] and cov_diag [*, n]")
        if cov_factor.shape[-2:-1] != loc.shape[-1:] or cov_diag.shape[-1:] != loc.shape[-1:]:
            raise _core.ValueError(
                f"LowRankMultivariateNormal: loc {tuple(loc.shape)}, cov_factor "
                f"{tuple(cov_factor.shape)} and cov_diag {tuple(cov_diag.shape)} are not of one n")
        sizes = tuple(_core.broadcast_tensors([loc, cov_factor[..., 0], cov_diag])[0].shape)
        self.loc, self.cov_diag = loc.expand(sizes), cov_diag.expand(sizes)
        self.cov_factor = cov_factor.expand((*sizes, cov_factor.shape[-1]))
        super().__init__(sizes[:-1], sizes[-1:], validate_args)

    def _capacitance_tril(self):
        """The factor of I + W^T D^-1 W."""
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        inner = scaled @ self.cov_factor
        return _core.linalg_cholesky(inner + _core.eye(inner.shape[-1], dtype=inner.dtype))

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return self.cov_factor.square().sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self):
        return self.cov_factor @ self.cov_factor.mT + _core.diag_embed(self.cov_diag)

    @lazy_property
    def scale_tril(self):
        return _core.linalg_cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self):
        return _core.cholesky_inverse(self.scale_tril)

    def rsample(self, sample_shape=()):
        shape, dtype = self._extended_shape(sample_shape), self.loc.dtype
        inner = _core.randn((*shape[:-1], self.cov_factor.shape[-1]), dtype=dtype)
        own = _core.randn(shape, dtype=dtype)
        return (self.loc + (self.cov_factor @ inner.unsqueeze(-1)).squeeze(-1)
                + self.cov_diag.sqrt() * own)

    def log_prob(self, value):
        self._validate_sample(value)
        tril, difference = self._capacitance_tril(), value - self.loc
        scaled = difference / self.cov_diag
        # Woodbury: d^T S^-1 d = d^T D^-1 d - |C^-1/2 W^T D^-1 d|^2.
        inner = (self.cov_factor.mT @ scaled.unsqueeze(-1)).squeeze(-1)
        distance = (difference * scaled).sum(-1) - mahalanobis(tril, inner)
        log_det = 2 * _log_det(tril) + self.cov_diag.log().sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + log_det + distance)

    def entropy(self):
        log_det = 2 * _log_det(self._capacitance_tril()) + self.cov_diag.log().sum(-1)
        return 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + log_det)
