"""Distributions over positive numbers that need no samples of Gamma."""

import math

from .. import _core
from . import constraints
from .distribution import Distribution
from .normal import EULER, Cauchy, Normal
from .utils import broadcast_all


class Exponential(Distribution):
    """Exponential(rate): the density is rate exp(-rate x)."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate, validate_args=None):
        self.rate, = broadcast_all(rate)
        super().__init__(self.rate.shape, (), validate_args)

    @property
    def mean(self):
        return 1 / self.rate

    @property
    def mode(self):
        return _core.zeros_like(self.rate)

    @property
    def stddev(self):
        return 1 / self.rate

    @property
    def variance(self):
        return self.rate**-2

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        return _core.empty(shape, dtype=self.rate.dtype).exponential_() / self.rate

    def log_prob(self, value):
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value):
        self._validate_sample(value)
        return -(-self.rate * value).expm1()

    def icdf(self, value):
        return -(-value).log1p() / self.rate

    def entropy(self):
        return 1 - self.rate.log()


class _Half(Distribution):
    """The absolute values of a distribution that lies evenly around 0."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _whole = None

    def __init__(self, scale, validate_args=None):
        self.scale, = broadcast_all(scale)
        super().__init__(self.scale.shape, (), validate_args)

    @property
    def _base(self):
        return self._whole(_core.zeros_like(self.scale), self.scale, False)

    @property
    def mode(self):
        return _core.zeros_like(self.scale)

    def rsample(self, sample_shape=()):
        return self._base.rsample(sample_shape).abs()

    def log_prob(self, value):
        self._validate_sample(value)
        inside = self._base.log_prob(value) + math.log(2)
        return _core.where(value >= 0, inside, -math.inf)

    def cdf(self, value):
        self._validate_sample(value)
        return 2 * self._base.cdf(value) - 1

    def icdf(self, prob):
        return self._base.icdf((prob + 1) / 2)

    def entropy(self):
        return self._base.entropy() - math.log(2)


class HalfNormal(_Half):
    """HalfNormal(scale): |x| of a Normal(0, scale)."""

    _whole = Normal

    @property
    def mean(self):
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self):
        return self.scale.square() * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """HalfCauchy(scale): |x| of a Cauchy(0, scale)."""

    _whole = Cauchy

    @property
    def mean(self):
        return _core.full_like(self.scale, math.inf)

    @property
    def variance(self):
        return self._base.variance


class Pareto(Distribution):
    """Pareto(scale m, alpha): the density is alpha m^alpha / x^(alpha + 1) from m on."""

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, scale, alpha, validate_args=None):
        self.scale, self.alpha = broadcast_all(scale, alpha)
        super().__init__(self.scale.shape, (), validate_args)

    @constraints.dependent_property
    def support(self):
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self):
        a = self.alpha
        return _core.where(a > 1, a * self.scale / (a - 1), math.inf)

    @property
    def mode(self):
        return self.scale

    @property
    def variance(self):
        a = self.alpha
        finite = self.scale.square() * a / ((a - 1).square() * (a - 2))
        return _core.where(a > 2, finite, math.inf)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        step = _core.empty(shape, dtype=self.scale.dtype).exponential_()
        return self.scale * (step / self.alpha).exp()

    def log_prob(self, value):
        self._validate_sample(value)
        return (self.alpha.log() + self.alpha * self.scale.log()
                - (self.alpha + 1) * value.log())

    def cdf(self, value):
        self._validate_sample(value)
        return 1 - (self.scale / value) ** self.alpha

    def icdf(self, value):
        return self.scale * (1 - value) ** (-1 / self.alpha)

    def entropy(self):
        return (self.scale / self.alpha).log() + 1 + 1 / self.alpha


class Weibull(Distribution):
    """Weibull(scale, concentration k): samples are scale * e^(1/k) with e exponential."""

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, scale, concentration, validate_args=None):
        self.scale, self.concentration = broadcast_all(scale, concentration)
        super().__init__(self.scale.shape, (), validate_args)

    @property
    def mean(self):
        return self.scale * (1 + 1 / self.concentration).lgamma().exp()

    @property
    def mode(self):
        k = self.concentration
        return self.scale * ((k - 1).clamp(min=0) / k) ** (1 / k)

    @property
    def variance(self):
        k = self.concentration
        return self.scale.square() * ((1 + 2 / k).lgamma().exp()
                                      - (2 * (1 + 1 / k).lgamma()).exp())

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        step = _core.empty(shape, dtype=self.scale.dtype).exponential_()
        return self.scale * step ** (1 / self.concentration)

    def log_prob(self, value):
        self._validate_sample(value)
        k, z = self.concentration, value / self.scale
        return k.log() - self.scale.log() + (k - 1) * z.log() - z**k

    def cdf(self, value):
        self._validate_sample(value)
        return -(-(value / self.scale) ** self.concentration).expm1()

    def icdf(self, value):
        return self.scale * (-(-value).log1p()) ** (1 / self.concentration)

    def entropy(self):
        k = self.concentration
        return EULER * (1 - 1 / k) + (self.scale / k).log() + 1
