"""Distributions over whole numbers and choices."""

import math

from .. import _core, _sampling
from .._modes import no_grad
from ..nn.functional import binary_cross_entropy_with_logits
from . import constraints
from .distribution import Distribution
from .utils import (broadcast_all, lazy_property, logits_to_probs, probs_to_logits)


def _one_of(name, probs, logits):
    if (probs is None) == (logits is None):
        raise _core.ValueError(f"{name}: Either `probs` or `logits` must be specified, but not "
                               "both.")


class _Odds(Distribution):
    """Of a probability of success, given as such or as log-odds."""

    def _set_odds(self, name, probs, logits, *others):
        _one_of(name, probs, logits)
        given = "logits" if probs is None else "probs"
        value, *others = broadcast_all(logits if probs is None else probs, *others)
        self.__dict__[given] = value
        return value.shape, *others

    @lazy_property
    def logits(self):
        """The log-odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self):
        """The sizes of the probabilities."""
        return self.__dict__.get("probs", self.__dict__.get("logits")).shape


class Bernoulli(_Odds):
    """Bernoulli(probs) or Bernoulli(logits=...): 1 with the probability `probs`, else 0."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        shape, = self._set_odds("Bernoulli", probs, logits)
        super().__init__(shape, (), validate_args)

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        mode = (self.probs >= 0.5).to(self.probs.dtype)
        return _core.where(self.probs == 0.5, math.nan, mode)

    @property
    def variance(self):
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        with no_grad():
            return _core.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value.to(logits.dtype), reduction="none")

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand=True):
        return _enumerated(self, 2, expand)


def _enumerated(distribution, count, expand):
    """0 to count - 1 along a first dim, for each of the batch where `expand`."""
    parameter = next(value for value in distribution.__dict__.values()
                     if isinstance(value, _core.Tensor))
    batch = distribution._batch_shape
    values = _core.arange(0, count, 1, dtype=parameter.dtype)
    values = values.view((-1, *(1 for _ in batch)))
    return values.expand((-1, *batch)) if expand else values


class Geometric(_Odds):
    """Geometric(probs) or Geometric(logits=...): the failures before the first success."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs=None, logits=None, validate_args=None):
        shape, = self._set_odds("Geometric", probs, logits)
        super().__init__(shape, (), validate_args)
        if self._validate_args and probs is not None and not bool((self.probs > 0).all()):
            raise _core.ValueError("Geometric: expected probs above 0, got\n" + str(self.probs))

    @property
    def mean(self):
        return 1 / self.probs - 1

    @property
    def mode(self):
        return _core.zeros_like(self.probs)

    @property
    def variance(self):
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape=()):
        with no_grad():
            shape = self._extended_shape(sample_shape)
            u = 1 - _core.rand(shape, dtype=self.probs.dtype)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value):
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        return _core.xlogy(value, _core.where((probs == 1) & (value == 0), 1.0, 1 - probs)) \
            + probs.log()

    def entropy(self):
        return (binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
                / self.probs)


class Binomial(_Odds):
    """Binomial(total_count, probs) or with logits: successes among so many trials."""

    arg_constraints = {"total_count": constraints.nonnegative_integer,
                       "probs": constraints.unit_interval, "logits": constraints.real}
    has_enumerate_support = True

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        shape, total = self._set_odds("Binomial", probs, logits, total_count)
        self.total_count = total.to(self.__dict__.get("probs", self.__dict__.get("logits")).dtype)
        super().__init__(shape, (), validate_args)

    @constraints.dependent_property(is_discrete=True)
    def support(self):
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self):
        return self.total_count * self.probs

    @property
    def mode(self):
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    @property
    def variance(self):
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        with no_grad():
            shape = self._extended_shape(sample_shape)
            return _sampling.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value):
        self._validate_sample(value)
        n, logits = self.total_count, self.logits
        ways = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        # n log(1 + exp(logits)) without overflow.
        return ways + value * logits - n * (logits.clamp(min=0) + (-logits.abs()).exp().log1p())

    def entropy(self):
        values = self.enumerate_support(False)
        log_prob = self.log_prob(values)
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand=True):
        count = int(self.total_count.max().item())
        if not bool((self.total_count == count).all()):
            raise NotImplementedError("Inhomogeneous total count not supported by "
                                      "`enumerate_support`.")
        return _enumerated(self, count + 1, expand)


class NegativeBinomial(_Odds):
    """NegativeBinomial(total_count, probs) or with logits: successes, each of the probability
    `probs`, before so many failures."""

    arg_constraints = {"total_count": constraints.nonnegative,
                       "probs": constraints.half_open_interval(0.0, 1.0),
                       "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, total_count, probs=None, logits=None, validate_args=None):
        shape, total = self._set_odds("NegativeBinomial", probs, logits, total_count)
        self.total_count = total.to(self.__dict__.get("probs", self.__dict__.get("logits")).dtype)
        super().__init__(shape, (), validate_args)

    @property
    def mean(self):
        return self.total_count * self.logits.exp()

    @property
    def mode(self):
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self):
        return self.mean / _core.sigmoid(-self.logits)

    def sample(self, sample_shape=()):
        with no_grad():
            shape = self._extended_shape(sample_shape)
            rate = _sampling.standard_gamma(self.total_count.expand(shape)) * self.logits.exp()
            return _sampling.poisson(rate)

    def log_prob(self, value):
        self._validate_sample(value)
        n, logits = self.total_count, self.logits
        plain = n * _core.logsigmoid(-logits) + value * _core.logsigmoid(logits)
        ways = (n + value).lgamma() - (1 + value).lgamma() - n.lgamma()
        return plain + _core.where(n + value == 0, 0.0, ways)


class Poisson(Distribution):
    """Poisson(rate): probabilities rate^k exp(-rate) / k!."""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate, validate_args=None):
        self.rate, = broadcast_all(rate)
        super().__init__(self.rate.shape, (), validate_args)

    @property
    def mean(self):
        return self.rate

    @property
    def mode(self):
        return self.rate.floor()

    @property
    def variance(self):
        return self.rate

    def sample(self, sample_shape=()):
        with no_grad():
            return _sampling.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._validate_sample(value)
        return _core.xlogy(value, self.rate) - self.rate - (value + 1).lgamma()


class Categorical(Distribution):
    """Categorical(probs) or Categorical(logits=...): the number of one of so many choices. `probs`
    need not sum to 1, nor the exponentials of `logits`."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        _one_of("Categorical", probs, logits)
        given = logits if probs is None else probs
        name = "logits" if probs is None else "probs"
        if given.dim() < 1:
            raise _core.ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is None:
            self.logits = logits - logits.logsumexp(-1, True)
        else:
            self.probs = probs / probs.sum(-1, True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], (), validate_args)

    @constraints.dependent_property(is_discrete=True)
    def support(self):
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self):
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self):
        """The sizes of the probabilities."""
        return self.__dict__.get("probs", self.__dict__.get("logits")).shape

    @property
    def mean(self):
        return _core.full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    @property
    def mode(self):
        return self.probs.argmax(-1)

    @property
    def variance(self):
        return self.mean

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        count = math.prod(sample_shape)
        flat = self.probs.detach().reshape(-1, self._num_events)
        return _core.multinomial(flat, count, True).T.reshape(shape)

    def log_prob(self, value):
        self._validate_sample(value)
        value = value.long().unsqueeze(-1)
        sizes = tuple(_core.broadcast_tensors([value, self.logits[..., :1]])[0].shape[:-1])
        logits = self.logits.expand((*sizes, self._num_events))
        return logits.gather(-1, value.expand((*sizes, 1))).squeeze(-1)

    def entropy(self):
        # What has the probability 0 adds none.
        floor = _core.full_like(self.logits, _least(self.logits))
        return -(self.logits.maximum(floor) * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        return _enumerated(self, self._num_events, expand).long()


def _least(tensor):
    from .._dtypes import finfo

    return finfo(tensor.dtype).min


class OneHotCategorical(Distribution):
    """As `Categorical`; samples are vectors with a 1 at the choice."""

    arg_constraints = Categorical.arg_constraints
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:],
                         validate_args)

    probs = property(lambda self: self._categorical.probs, doc="The probabilities.")
    logits = property(lambda self: self._categorical.logits, doc="Their logarithms.")
    param_shape = property(lambda self: self._categorical.param_shape)

    def expand(self, batch_shape, _instance=None):
        made = super().expand(batch_shape)
        made._categorical = self._categorical.expand(batch_shape)
        return made

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        return _core.one_hot(self.probs.argmax(-1), self.probs.shape[-1]).to(self.probs.dtype)

    @property
    def variance(self):
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        places = self._categorical.sample(sample_shape)
        return _core.one_hot(places, self._event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value):
        self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self):
        return self._categorical.entropy()

    def enumerate_support(self, expand=True):
        count = self._event_shape[0]
        values = _core.eye(count, dtype=self.probs.dtype)
        values = values.view((count, *(1 for _ in self._batch_shape), count))
        return values.expand((count, *self._batch_shape, count)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """Samples whose gradients are those of the probabilities (Bengio et al. 2013)."""

    has_rsample = True

    def rsample(self, sample_shape=()):
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(Distribution):
    """Multinomial(total_count, probs) or with logits: how often each choice is taken."""

    arg_constraints = Categorical.arg_constraints

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:],
                         validate_args)

    probs = property(lambda self: self._categorical.probs, doc="The probabilities.")
    logits = property(lambda self: self._categorical.logits, doc="Their logarithms.")
    param_shape = property(lambda self: self._categorical.param_shape)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self):
        return constraints.multinomial(self.total_count)

    def expand(self, batch_shape, _instance=None):
        made = super().expand(batch_shape)
        made._categorical = self._categorical.expand(batch_shape)
        return made

    @property
    def mean(self):
        return self.probs * self.total_count

    @property
    def variance(self):
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        places = self._categorical.sample((self.total_count, *sample_shape))
        return _core.one_hot(places, self._event_shape[0]).sum(0).to(self.probs.dtype)

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        never = (value == 0) & (logits == -math.inf)
        powers = (_core.where(never, 0.0, logits) * value).sum(-1)
        return (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1) + powers

    def entropy(self):
        n = self.total_count
        binomial = Binomial(n, probs=self.probs)
        support = binomial.enumerate_support(False)[1:]
        weights = binomial.log_prob(support).exp()
        several = (weights * (support + 1).lgamma()).sum((0, -1))
        return n * self._categorical.entropy() - math.lgamma(n + 1) + several
