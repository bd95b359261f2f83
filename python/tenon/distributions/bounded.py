"""Distributions over an interval: of numbers from 0 to 1, of angles, of what is beyond a limit."""

import math

from .. import _core
from .._modes import no_grad
from . import constraints
from .discrete import _Odds
from .distribution import Distribution
from .normal import EULER
from .utils import broadcast_all, clamp_probs


class Kumaraswamy(Distribution):
    """Kumaraswamy(concentration1 a, concentration0 b): the density is
    a b x^(a-1) (1 - x^a)^(b-1), the distribution function 1 - (1 - x^a)^b."""

    arg_constraints = {"concentration1": constraints.positive,
                       "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, (), validate_args)

    def _moment(self, n):
        """E[x^n] = b B(1 + n / a, b)."""
        a, b = self.concentration1, self.concentration0
        first = 1 + n / a
        return (b.log() + first.lgamma() + b.lgamma() - (first + b).lgamma()).exp()

    @property
    def mean(self):
        return self._moment(1)

    @property
    def mode(self):
        a, b = self.concentration1, self.concentration0
        mode = ((a - 1) / (a * b - 1)) ** (1 / a)
        return _core.where((a < 1) | (b < 1), math.nan, mode)

    @property
    def variance(self):
        return self._moment(2) - self.mean.square()

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        return self.icdf(clamp_probs(_core.rand(shape, dtype=self.concentration1.dtype)))

    def log_prob(self, value):
        self._validate_sample(value)
        a, b = self.concentration1, self.concentration0
        return (a.log() + b.log() + _core.xlogy(a - 1, value)
                + _core.special_xlog1py(b - 1, -(value**a)))

    def cdf(self, value):
        self._validate_sample(value)
        a, b = self.concentration1, self.concentration0
        return -(b * (-(value**a)).log1p()).expm1()

    def icdf(self, value):
        a, b = self.concentration1, self.concentration0
        return (-((-value).log1p() / b).expm1()) ** (1 / a)

    def entropy(self):
        a, b = self.concentration1, self.concentration0
        return 1 - 1 / b + (1 - 1 / a) * ((b + 1).digamma() + EULER) - a.log() - b.log()


# Of log((e^n - 1) / n) = n / 2 + the sum over k of B_2k n^2k / (2k (2k)!), for Bernoulli's numbers.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
_SMALL = 0.3  # below, the series has the digits that the closed forms lose


class ContinuousBernoulli(_Odds):
    """ContinuousBernoulli(probs) or ContinuousBernoulli(logits=n): the density is
    probs^x (1 - probs)^(1 - x), made to integrate to 1: n e^(n x) / (e^n - 1)
    (Loaiza-Ganem and Cunningham 2019). Near probs of 1/2 series are used where they are needed,
    whatever `lims` says."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, probs=None, logits=None, lims=(0.499, 0.501), validate_args=None):
        shape, = self._set_odds("ContinuousBernoulli", probs, logits)
        self._lims = lims
        super().__init__(shape, (), validate_args)

    def _by_size(self, series, closed):
        """`series(n)` where n is small, else `closed(n)`; neither sees the other's numbers."""
        n = self.logits
        small = n.abs() < _SMALL
        return _core.where(small, series(_core.where(small, n, 0.0)),
                           closed(_core.where(small, 1.0, n)))

    def _log_normaliser(self):
        """log((e^n - 1) / n)."""
        return self._by_size(
            lambda n: n / 2 + sum(b * n ** (2 * k) / (2 * k * math.factorial(2 * k))
                                  for k, b in enumerate(_BERNOULLI, 1)),
            lambda n: _core.relu(n) + (-(-n.abs()).expm1()).log() - n.abs().log())

    @property
    def mean(self):
        return self._by_size(
            lambda n: 0.5 + sum(b * n ** (2 * k - 1) / math.factorial(2 * k)
                                for k, b in enumerate(_BERNOULLI, 1)),
            lambda n: -1 / (-n).expm1() - 1 / n)

    @property
    def variance(self):
        return self._by_size(
            lambda n: sum(b * (2 * k - 1) * n ** (2 * k - 2) / math.factorial(2 * k)
                          for k, b in enumerate(_BERNOULLI, 1)),
            lambda n: 1 / n.square() - (-n.abs()).exp() / (-n.abs()).expm1().square())

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        return self.icdf(_core.rand(shape, dtype=self.logits.dtype))

    def log_prob(self, value):
        self._validate_sample(value)
        return value * self.logits - self._log_normaliser()

    def _falling(self, value):
        """-|n|, and `value` as seen from the end at which the density is highest."""
        n, value = _core.broadcast_tensors([self.logits, value])
        tiny = n.abs() < 1e-6
        return (n, tiny, _core.where(tiny, -1.0, -n.abs()),
                _core.where(n > 0, 1 - value, value))

    def cdf(self, value):
        self._validate_sample(value)
        n, tiny, falling, x = self._falling(value)
        part = (falling * x).expm1() / falling.expm1()
        inside = _core.where(n > 0, 1 - part, part)
        return _core.where(tiny, value + n * value * (value - 1) / 2, inside)

    def icdf(self, value):
        n, tiny, falling, u = self._falling(value)
        x = (u * falling.expm1()).log1p() / falling
        return _core.where(tiny, value + n * value * (1 - value) / 2,
                           _core.where(n > 0, 1 - x, x))

    def entropy(self):
        return self._log_normaliser() - self.logits * self.mean


class VonMises(Distribution):
    """VonMises(loc, concentration k): angles; the density is e^(k cos(x - loc)) / (2 pi I0(k)).
    Samples, from -pi to pi, are Best and Fisher's (1979); `variance` is the circular one."""

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc, concentration, validate_args=None):
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, (), validate_args)

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        k = self.concentration
        return 1 - _core.special_i1e(k) / _core.special_i0e(k)

    def log_prob(self, value):
        self._validate_sample(value)
        k = self.concentration
        return (k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi)
                - _core.special_i0e(k).log())

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        with no_grad():
            k = self.concentration.double()
            tau = 1 + (1 + 4 * k.square()).sqrt()
            rho = (tau - (2 * tau).sqrt()) / (2 * k)
            # Of rho = 0 / 0 the limit: the proposals are then all but even.
            r = _core.where(k < 1e-5, 1 / k + k, (1 + rho.square()) / (2 * rho)).expand(shape)
            k, angles = k.expand(shape), _core.zeros(shape, dtype=_core.float64)
            missing = _core.ones(shape, dtype=_core.bool)
            while bool(missing.any()):
                u1, u2, u3 = _core.rand((3, *shape), dtype=_core.float64).unbind(0)
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                fits = (c * (2 - c) > u2) | ((c / u2).log() + 1 - c >= 0)
                turned = (u3 - 0.5).sign() * f.clamp(-1, 1).acos()
                angles = _core.where(missing & fits, turned, angles)
                missing = missing & ~fits
            angles = _core.remainder(angles + math.pi + self.loc.double(), 2 * math.pi) - math.pi
            return angles.to(self.loc.dtype)


class GeneralizedPareto(Distribution):
    """GeneralizedPareto(loc, scale, concentration k): what is beyond a high limit, `loc`. With
    z = (x - loc) / scale the distribution function is 1 - (1 + k z)^(-1/k), 1 - e^-z where k is
    0; where k is negative z ends at -1 / k."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive,
                       "concentration": constraints.real}
    has_rsample = True

    def __init__(self, loc, scale, concentration, validate_args=None):
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, (), validate_args)

    @constraints.dependent_property
    def support(self):
        k = self.concentration
        end = self.loc - self.scale / _core.where(k < 0, k, -1.0)
        return constraints.interval(self.loc, _core.where(k < 0, end, math.inf))

    def _by_concentration(self, at_zero, elsewhere):
        """`at_zero`, or `elsewhere(k)` where k isn't 0."""
        k = self.concentration
        return _core.where(k == 0, at_zero, elsewhere(_core.where(k == 0, 1.0, k)))

    def _standardised(self, value):
        self._validate_sample(value)
        return (value - self.loc) / self.scale

    @property
    def mean(self):
        k = self.concentration
        return _core.where(k < 1, self.loc + self.scale / (1 - k), math.inf)

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        k = self.concentration
        return _core.where(k < 0.5, (self.scale / (1 - k)).square() / (1 - 2 * k), math.inf)

    def rsample(self, sample_shape=()):
        return self.icdf(_core.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_survival_function(self, value):
        """log(1 - cdf(value))."""
        z = self._standardised(value)
        return self._by_concentration(-z, lambda k: -(k * z).log1p() / k)

    def log_prob(self, value):
        z = self._standardised(value)
        return self._by_concentration(-z, lambda k: -(1 + 1 / k) * (k * z).log1p()
                                      ) - self.scale.log()

    def cdf(self, value):
        return -self.log_survival_function(value).expm1()

    def log_cdf(self, value):
        """log(cdf(value))."""
        return self.cdf(value).log()

    def icdf(self, value):
        left = (-value).log1p()
        return self.loc + self.scale * self._by_concentration(
            -left, lambda k: (-k * left).expm1() / k)

    def entropy(self):
        return self.scale.log() + self.concentration + 1
