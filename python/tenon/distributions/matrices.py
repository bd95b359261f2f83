"""Distributions over matrices: of covariances, and of factors of correlations."""

import math

from .. import _core
from . import constraints
from .distribution import Distribution
from .gamma import Beta, Chi2
from .multivariate import OfCovariance, _log_det
from .utils import broadcast_all, clamp_probs


class LKJCholesky(Distribution):
    """LKJCholesky(dim, concentration): lower triangular factors of correlation matrices R [dim,
    dim] whose density is in proportion to det(R)^(concentration - 1); 1 is even (Lewandowski,
    Kurowicka and Joe 2009). Samples are those of their onion method."""

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim, concentration=1.0, validate_args=None):
        if dim < 2:
            raise _core.ValueError(f"Expected dim to be an integer greater than or equal to 2. "
                                   f"Found dim={dim}.")
        self.dim = dim
        self.concentration, = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def sample(self, sample_shape=()):
        # Row i holds a direction in i dims, times the root of a number from Beta; what is missing
        # to length 1 stands on the diagonal.
        concentration = self.concentration.detach().unsqueeze(-1)
        row = _core.arange(1, self.dim, dtype=concentration.dtype)
        lengths = Beta(*_core.broadcast_tensors(
            [row / 2, concentration + (self.dim - 1 - row) / 2]), False).sample(sample_shape)
        noise = _core.randn(self._extended_shape(sample_shape), dtype=concentration.dtype)
        noise = noise.tril(-1)[..., 1:, :]
        below = noise / noise.square().sum(-1, True).sqrt() * lengths.sqrt().unsqueeze(-1)
        below = _core.cat([_core.zeros_like(below[..., :1, :]), below], -2)
        return below + (1 - clamp_probs(below.square().sum(-1))).sqrt().diag_embed()

    def log_prob(self, value):
        self._validate_sample(value)
        count = self.dim - 1
        order = _core.arange(2, self.dim + 1, dtype=value.dtype)
        order = 2 * (self.concentration.unsqueeze(-1) - 1) + self.dim - order
        density = (order * value.diagonal(0, -2, -1)[..., 1:].log()).sum(-1)
        alpha = self.concentration + count / 2
        return density - (0.5 * count * math.log(math.pi) + (alpha - 0.5).mvlgamma(count)
                          - alpha.lgamma() * count)


class Wishart(OfCovariance):
    """Wishart(df, covariance_matrix), or with precision_matrix or scale_tril: sums of x x^T of `df`
    normal vectors x with that covariance; df may be any number above p - 1, for matrices [p, p]."""

    arg_constraints = {"df": constraints.greater_than(0),
                       "covariance_matrix": constraints.positive_definite,
                       "precision_matrix": constraints.positive_definite,
                       "scale_tril": constraints.lower_cholesky}
    support = constraints.positive_definite
    has_rsample = True

    def __init__(self, df, covariance_matrix=None, precision_matrix=None, scale_tril=None,
                 validate_args=None):
        name, matrix = self._given_form(covariance_matrix=covariance_matrix,
                                        precision_matrix=precision_matrix, scale_tril=scale_tril)
        if matrix.dim() < 2 or matrix.shape[-1] != matrix.shape[-2]:
            raise _core.ValueError(f"{name} must be square matrices, with optional leading batch "
                                   f"dimensions, got {tuple(matrix.shape)}")
        p = matrix.shape[-1]
        df = df if isinstance(df, _core.Tensor) else _core.full((), df, dtype=matrix.dtype)
        self.df = _core.broadcast_tensors([df, matrix[..., 0, 0]])[0]
        self.__dict__[name] = matrix.expand((*self.df.shape, p, p))
        super().__init__(self.df.shape, (p, p), validate_args)
        if self._validate_args and not bool((self.df > p - 1).all()):
            raise _core.ValueError(f"Value of df={df} expected to be greater than ndim - 1 = "
                                   f"{p - 1}.")
        self._set_scale_tril(name)

    def _df_of_matrices(self):
        return self.df.unsqueeze(-1).unsqueeze(-1)

    @property
    def mean(self):
        return self._df_of_matrices() * self.covariance_matrix

    @property
    def mode(self):
        factor = self.df - self._event_shape[0] - 1
        factor = _core.where(factor > 0, factor, math.nan)
        return factor.unsqueeze(-1).unsqueeze(-1) * self.covariance_matrix

    @property
    def variance(self):
        covariance = self.covariance_matrix
        own = covariance.diagonal(0, -2, -1)
        both = own.unsqueeze(-1) * own.unsqueeze(-2)
        return self._df_of_matrices() * (covariance.square() + both)

    def rsample(self, sample_shape=()):
        # Bartlett's decomposition (1933): of df chi-squared numbers' roots and normal ones.
        p = self._event_shape[0]
        degrees = self.df.unsqueeze(-1) - _core.arange(0, p, dtype=self.df.dtype)
        diagonal = Chi2(degrees, False).rsample(sample_shape).sqrt()
        noise = _core.randn(self._extended_shape(sample_shape), dtype=self.df.dtype).tril(-1)
        root = self.scale_tril @ (noise + diagonal.diag_embed())
        return root @ root.mT

    def log_prob(self, value):
        self._validate_sample(value)
        df, p = self.df, self._event_shape[0]
        tril = self.scale_tril.expand(value.shape)
        trace = _core.cholesky_solve(value, tril).diagonal(0, -2, -1).sum(-1)
        return (-df * (p * math.log(2) / 2 + _log_det(self.scale_tril))
                - (df / 2).mvlgamma(p) + 0.5 * (df - p - 1) * _core.linalg_slogdet(value)[1]
                - 0.5 * trace)

    def _digammas(self):
        """The sum of digamma((df - i) / 2), i from 0 to p - 1."""
        steps = _core.arange(0, self._event_shape[0], dtype=self.df.dtype)
        return ((self.df.unsqueeze(-1) - steps) / 2).digamma().sum(-1)

    def entropy(self):
        df, p = self.df, self._event_shape[0]
        return ((p + 1) * (_log_det(self.scale_tril) + p * math.log(2) / 2)
                + (df / 2).mvlgamma(p) - 0.5 * (df - p - 1) * self._digammas() + df * p / 2)
