"""Normal and its kin."""

import math

from .. import _core
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class LocationScale(Distribution):
    """What has a location and a scale: samples are loc + scale * noise."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, (), validate_args)

    def _noise(self, shape):
        """Samples of loc 0 and scale 1."""
        self._lack("rsample")

    def rsample(self, sample_shape=()):
        return self.loc + self.scale * self._noise(self._extended_shape(sample_shape))

    def _standardised(self, value):
        """(value - loc) / scale, of a value that was checked."""
        self._validate_sample(value)
        return (value - self.loc) / self.scale

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc


class Normal(LocationScale):
    """Normal(loc, scale): the density is exp(-z^2 / 2) / (scale sqrt(2 pi)) for
    z = (x - loc) / scale."""

    def _noise(self, shape):
        return _core.randn(shape, dtype=self.loc.dtype)

    @property
    def stddev(self):
        return self.scale

    @property
    def variance(self):
        return self.scale * self.scale

    def log_prob(self, value):
        z = self._standardised(value)
        return -0.5 * z * z - self.scale.log() - _HALF_LOG_TWO_PI

    def cdf(self, value):
        return 0.5 * (1 + _core.erf(self._standardised(value) / math.sqrt(2)))

    def icdf(self, value):
        return self.loc + self.scale * _core.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self):
        return 0.5 + _HALF_LOG_TWO_PI + self.scale.log()


class Laplace(LocationScale):
    """Laplace(loc, scale): the density is exp(-|z|) / (2 scale)."""

    def _noise(self, shape):
        # Inverse of the distribution function; 0 < |u| <= 1 keeps the logarithm finite.
        u = 1 - _core.rand(shape, dtype=self.loc.dtype)
        sign = _core.where(_core.rand(shape, dtype=self.loc.dtype) < 0.5, -1.0, 1.0)
        return -sign * u.log()

    @property
    def variance(self):
        return 2 * self.scale * self.scale

    @property
    def stddev(self):
        return math.sqrt(2) * self.scale

    def log_prob(self, value):
        return -_core.log(2 * self.scale) - self._standardised(value).abs()

    def cdf(self, value):
        z = self._standardised(value)
        return 0.5 - 0.5 * z.sign() * _core.expm1(-z.abs())

    def icdf(self, value):
        term = value - 0.5
        return self.loc - self.scale * term.sign() * _core.log1p(-2 * term.abs())

    def entropy(self):
        return 1 + _core.log(2 * self.scale)


class Cauchy(LocationScale):
    """Cauchy(loc, scale): the density is 1 / (pi scale (1 + z^2))."""

    def _noise(self, shape):
        return _core.empty(shape, dtype=self.loc.dtype).cauchy_()

    @property
    def mean(self):
        return _core.full_like(self.loc, math.nan)

    @property
    def variance(self):
        return _core.full_like(self.loc, math.inf)

    def log_prob(self, value):
        z = self._standardised(value)
        return -math.log(math.pi) - self.scale.log() - (z * z).log1p()

    def cdf(self, value):
        return _core.atan(self._standardised(value)) / math.pi + 0.5

    def icdf(self, value):
        return _core.tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self):
        return math.log(4 * math.pi) + self.scale.log()


EULER = 0.57721566490153286060  # the Euler-Mascheroni constant


class Gumbel(LocationScale):
    """Gumbel(loc, scale): the density is exp(-z - exp(-z)) / scale."""

    def _noise(self, shape):
        return -_core.empty(shape, dtype=self.loc.dtype).exponential_().log()

    @property
    def mean(self):
        return self.loc + self.scale * EULER

    @property
    def stddev(self):
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self):
        return self.stddev * self.stddev

    def log_prob(self, value):
        z = self._standardised(value)
        return -z - (-z).exp() - self.scale.log()

    def cdf(self, value):
        return (-(-self._standardised(value)).exp()).exp()

    def icdf(self, value):
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self):
        return self.scale.log() + (1 + EULER)


class Uniform(Distribution):
    """Uniform(low, high) on [low, high)."""

    arg_constraints = {"low": constraints.dependent, "high": constraints.dependent}
    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, (), validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise _core.ValueError("Uniform is not defined when low>= high")

    @constraints.dependent_property
    def support(self):
        return constraints.interval(self.low, self.high)

    @property
    def mean(self):
        return (self.high + self.low) / 2

    @property
    def mode(self):
        return _core.full_like(self.low, math.nan)

    @property
    def stddev(self):
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self):
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape=()):
        u = _core.rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value):
        self._validate_sample(value)
        inside = (value >= self.low) & (value < self.high)
        return _core.where(inside, 0.0, -math.inf) - (self.high - self.low).log()

    def cdf(self, value):
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value):
        return value * (self.high - self.low) + self.low

    def entropy(self):
        return (self.high - self.low).log()
