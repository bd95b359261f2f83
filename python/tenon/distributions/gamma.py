"""Gamma and its kin: what is made of samples of Gamma."""

import math

from .. import _core, _dtypes, _sampling
from ..autograd import Function
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all


class _StandardGamma(Function):
    """Samples of Gamma(alpha, 1). The gradient is implicit (Figurnov et al. 2018): dx/dalpha is
    -(dP/dalpha) / p for the distribution function P = p S, where
    S = sum of x^(n+1) / (alpha (alpha + 1) ... (alpha + n)) has positive terms only."""

    @staticmethod
    def forward(ctx, alpha):
        made = _sampling.standard_gamma(alpha).clamp(min=_dtypes.finfo(alpha.dtype).tiny)
        ctx.save_for_backward(alpha, made)
        return made

    @staticmethod
    def backward(ctx, grad):
        alpha, x = (tensor.double() for tensor in ctx.saved_tensors)
        term = x / alpha
        inverses = 1 / alpha  # the sum of 1 / (alpha + k) up to this term
        total, slope, n = term, -term * inverses, 0
        while bool((term > 1e-17 * total).any()):
            for _ in range(16):  # looking whether it is enough takes longer than a few terms
                n += 1
                term = term * x / (alpha + n)
                inverses = inverses + 1 / (alpha + n)
                total, slope = total + term, slope - term * inverses
        change = -((x.log() - alpha.digamma()) * total + slope)
        return grad * change.to(grad.dtype)


def _gammas(alpha, shape):
    return _StandardGamma.apply(alpha.expand(shape))


class Gamma(Distribution):
    """Gamma(concentration a, rate b): the density is b^a x^(a-1) exp(-b x) / Gamma(a)."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, (), validate_args)

    @property
    def mean(self):
        return self.concentration / self.rate

    @property
    def mode(self):
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self):
        return self.concentration / self.rate.square()

    def rsample(self, sample_shape=()):
        return _gammas(self.concentration, self._extended_shape(sample_shape)) / self.rate

    def log_prob(self, value):
        self._validate_sample(value)
        a, b = self.concentration, self.rate
        return _core.xlogy(a, b) + _core.xlogy(a - 1, value) - b * value - a.lgamma()

    def cdf(self, value):
        self._validate_sample(value)
        return _core.igamma(self.concentration, self.rate * value)

    def entropy(self):
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()


class Chi2(Gamma):
    """Chi2(df): Gamma(df / 2, 1 / 2)."""

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df, validate_args=None):
        df, = broadcast_all(df)
        super().__init__(df / 2, _core.full_like(df, 0.5), validate_args)

    @property
    def df(self):
        return self.concentration * 2


class InverseGamma(Distribution):
    """InverseGamma(concentration, rate): 1 / x is Gamma."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, (), validate_args)

    @property
    def mean(self):
        a = self.concentration
        return _core.where(a > 1, self.rate / (a - 1), math.inf)

    @property
    def mode(self):
        return self.rate / (self.concentration + 1)

    @property
    def variance(self):
        a = self.concentration
        return _core.where(a > 2, (self.rate / (a - 1)).square() / (a - 2), math.inf)

    def rsample(self, sample_shape=()):
        return self.rate / _gammas(self.concentration, self._extended_shape(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        a, b = self.concentration, self.rate
        return _core.xlogy(a, b) - (a + 1) * value.log() - b / value - a.lgamma()

    def cdf(self, value):
        self._validate_sample(value)
        return _core.igammac(self.concentration, self.rate / value)

    def entropy(self):
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()


class Dirichlet(Distribution):
    """Dirichlet(concentration): on the simplex, with a density in proportion to the product of
    x_i^(a_i - 1)."""

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration, validate_args=None):
        if concentration.dim() < 1:
            raise _core.ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self):
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self):
        low = (self.concentration - 1).clamp(min=0)
        mode = low / low.sum(-1, True)
        corner = _core.one_hot(mode.nan_to_num(0.0).argmax(-1), mode.shape[-1]).to(mode.dtype)
        return _core.where((self.concentration < 1).all(-1, True), corner, mode)

    @property
    def variance(self):
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.square() * (total + 1))

    def rsample(self, sample_shape=()):
        made = _gammas(self.concentration, self._extended_shape(sample_shape))
        return made / made.sum(-1, True)

    def log_prob(self, value):
        self._validate_sample(value)
        a = self.concentration
        return (_core.xlogy(a - 1, value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1))

    def entropy(self):
        a, count = self.concentration, self.concentration.shape[-1]
        total = a.sum(-1)
        return (a.lgamma().sum(-1) - total.lgamma() - (count - total) * total.digamma()
                - ((a - 1) * a.digamma()).sum(-1))


class Beta(Distribution):
    """Beta(concentration1 a, concentration0 b): the density is x^(a-1) (1-x)^(b-1) / B(a, b)."""

    arg_constraints = {"concentration1": constraints.positive,
                       "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, (), validate_args)

    def _dirichlet(self):
        return Dirichlet(_core.stack([self.concentration1, self.concentration0], -1), False)

    @property
    def mean(self):
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self):
        return self._dirichlet().mode[..., 0]

    @property
    def variance(self):
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.square() * (total + 1))

    def rsample(self, sample_shape=()):
        return self._dirichlet().rsample(sample_shape).select(-1, 0)

    def log_prob(self, value):
        self._validate_sample(value)
        return self._dirichlet().log_prob(_core.stack([value, 1.0 - value], -1))

    def entropy(self):
        return self._dirichlet().entropy()


class StudentT(Distribution):
    """StudentT(df, loc, scale): loc + scale * z / sqrt(c / df) with z normal and c Chi2(df)."""

    arg_constraints = {"df": constraints.positive, "loc": constraints.real,
                       "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, (), validate_args)

    @property
    def mean(self):
        return _core.where(self.df <= 1, math.nan, self.loc)

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        finite = self.scale.square() * self.df / (self.df - 2)
        return _core.where(self.df > 2, finite, _core.where(self.df > 1, math.inf, math.nan))

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        z = _core.randn(shape, dtype=self.df.dtype)
        c = _gammas(self.df / 2, shape) * 2
        return self.loc + self.scale * z * (c / self.df).rsqrt()

    def log_prob(self, value):
        self._validate_sample(value)
        z, df = (value - self.loc) / self.scale, self.df
        normaliser = (self.scale.log() + 0.5 * (df.log() + math.log(math.pi)) + (0.5 * df).lgamma()
                      - (0.5 * (df + 1)).lgamma())
        return -0.5 * (df + 1) * (z.square() / df).log1p() - normaliser

    def entropy(self):
        half, df = 0.5 * (self.df + 1), self.df
        log_beta = (0.5 * df).lgamma() + math.lgamma(0.5) - half.lgamma()
        return (self.scale.log() + half * (half.digamma() - (0.5 * df).digamma())
                + 0.5 * df.log() + log_beta)


class FisherSnedecor(Distribution):
    """FisherSnedecor(df1, df2): the quotient of Chi2(df1) / df1 and Chi2(df2) / df2."""

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1, df2, validate_args=None):
        self.df1, self.df2 = broadcast_all(df1, df2)
        super().__init__(self.df1.shape, (), validate_args)

    @property
    def mean(self):
        return _core.where(self.df2 > 2, self.df2 / (self.df2 - 2), math.nan)

    @property
    def mode(self):
        mode = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return _core.where(self.df1 > 2, mode, math.nan)

    @property
    def variance(self):
        df1, df2 = self.df1, self.df2
        finite = (2 * df2.square() * (df1 + df2 - 2) / (df1 * (df2 - 2).square() * (df2 - 4)))
        return _core.where(df2 > 4, finite, math.nan)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        tops, bottoms = _gammas(self.df1 / 2, shape), _gammas(self.df2 / 2, shape)
        return (tops / self.df1) / (bottoms / self.df2)

    def log_prob(self, value):
        self._validate_sample(value)
        ratio, a, b = self.df1 / self.df2, self.df1 / 2, self.df2 / 2
        return ((a + b).lgamma() - a.lgamma() - b.lgamma() + a * ratio.log()
                + (a - 1) * value.log() - (a + b) * (ratio * value).log1p())
