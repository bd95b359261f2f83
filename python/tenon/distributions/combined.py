"""Distributions made of others."""

import math

from .. import _core
from .._modes import no_grad
from . import constraints
from .discrete import Bernoulli, Categorical, OneHotCategorical
from .distribution import Distribution
from .normal import Normal
from .transforms import (ComposeTransform, ExpTransform, SigmoidTransform, StickBreakingTransform,
                         Transform, sum_rightmost)
from .utils import broadcast_all, clamp_probs


class Independent(Distribution):
    """Another distribution, of which the last `reinterpreted_batch_ndims` batch dims are part of
    the event: their log_probs are summed."""

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        batch = base_distribution.batch_shape
        if reinterpreted_batch_ndims > len(batch):
            raise _core.ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(batch)}")
        cut = len(batch) - reinterpreted_batch_ndims
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        super().__init__(batch[:cut], (*batch[cut:], *base_distribution.event_shape), validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)
    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)

    @property
    def has_enumerate_support(self):
        return self.reinterpreted_batch_ndims == 0 and self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self):
        base = self.base_dist.support
        count = self.reinterpreted_batch_ndims
        return constraints.independent(base, count) if count else base

    def expand(self, batch_shape, _instance=None):
        own = self._event_shape[:self.reinterpreted_batch_ndims]
        return Independent(self.base_dist.expand((*batch_shape, *own)),
                           self.reinterpreted_batch_ndims, False)

    def sample(self, sample_shape=()):
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=()):
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self):
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand=True):
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError("Enumeration over cartesian product is not implemented")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self):
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    """What samples of `base_distribution` are after one transform or several."""

    def __init__(self, base_distribution, transforms, validate_args=None):
        transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        if not all(isinstance(one, Transform) for one in transforms):
            raise _core.ValueError("transforms must be a Transform or a list of Transforms")
        whole = ComposeTransform(transforms)
        batch, event = base_distribution.batch_shape, base_distribution.event_shape
        dims = len(event) + max(whole.domain.event_dim - len(event), 0)
        inner = dims - len(event)
        self.base_dist = Independent(base_distribution, inner) if inner else base_distribution
        self.transforms = transforms
        shape = whole.forward_shape((*batch, *event))
        dims += whole.codomain.event_dim - whole.domain.event_dim
        cut = len(shape) - dims
        super().__init__(shape[:cut], shape[cut:], validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)

    @constraints.dependent_property
    def support(self):
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1].codomain
        more = len(self._event_shape) - last.event_dim
        return constraints.independent(last, more) if more > 0 else last

    def expand(self, batch_shape, _instance=None):
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        shape = (*batch_shape, *self._event_shape)
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        cut = len(shape) - len(self.base_dist.event_shape)
        made.base_dist = self.base_dist.expand(shape[:cut])
        made._batch_shape = type(self._batch_shape)(batch_shape)
        return made

    def _transformed(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape=()):
        with no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape=()):
        return self._transformed(self.base_dist.rsample(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        total, dims, y = 0.0, len(self._event_shape), value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            dims += transform.domain.event_dim - transform.codomain.event_dim
            total = total - sum_rightmost(transform.log_abs_det_jacobian(x, y),
                                          dims - transform.domain.event_dim)
            y = x
        return total + sum_rightmost(self.base_dist.log_prob(y),
                                     dims - len(self.base_dist.event_shape))

    def _monotone(self, value):
        sign = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return value if isinstance(sign, (int, float)) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value):
        y = value
        for transform in reversed(self.transforms):
            y = transform.inv(y)
        self._validate_sample(value)
        return self._monotone(self.base_dist.cdf(y))

    def icdf(self, value):
        return self._transformed(self.base_dist.icdf(self._monotone(value)))


class LogNormal(TransformedDistribution):
    """LogNormal(loc, scale): exp(x) of a Normal(loc, scale)."""

    arg_constraints = Normal.arg_constraints
    support = constraints.positive

    def __init__(self, loc, scale, validate_args=None):
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    loc = property(lambda self: self.base_dist.loc)
    scale = property(lambda self: self.base_dist.scale)

    @property
    def mean(self):
        return (self.loc + self.scale.square() / 2).exp()

    @property
    def mode(self):
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self):
        squared = self.scale.square()
        return squared.expm1() * (2 * self.loc + squared).exp()

    def entropy(self):
        return self.base_dist.entropy() + self.loc


class LogisticNormal(TransformedDistribution):
    """LogisticNormal(loc, scale): on the simplex of n + 1, what StickBreakingTransform makes of n
    samples of Normal(loc, scale)."""

    arg_constraints = Normal.arg_constraints
    support = constraints.simplex

    def __init__(self, loc, scale, validate_args=None):
        base = Normal(loc, scale, validate_args)
        if not base.batch_shape:
            raise _core.ValueError("LogisticNormal: expected loc or scale of one dim at least")
        super().__init__(base, StickBreakingTransform(), validate_args)

    loc = property(lambda self: self.base_dist.base_dist.loc)
    scale = property(lambda self: self.base_dist.base_dist.scale)


class MixtureSameFamily(Distribution):
    """One of several distributions, the last batch dim of `component_distribution`, each with its
    probability in `mixture_distribution`, a Categorical."""

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        if not isinstance(mixture_distribution, Categorical):
            raise _core.ValueError("The Mixture distribution needs to be an instance of "
                                   "tenon.distributions.Categorical")
        batch = component_distribution.batch_shape
        if mixture_distribution.param_shape[-1:] != batch[-1:]:
            raise _core.ValueError(
                f"`mixture_distribution` has {mixture_distribution.param_shape[-1]} components, "
                f"`component_distribution`'s last batch dim {tuple(batch[-1:])}")
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape, _instance=None):
        count = self.component_distribution.batch_shape[-1]
        return MixtureSameFamily(self.mixture_distribution.expand(batch_shape),
                                 self.component_distribution.expand((*batch_shape, count)), False)

    @constraints.dependent_property
    def support(self):
        return self.component_distribution.support

    def _weights(self):
        probs = self.mixture_distribution.probs
        return probs.view((*probs.shape, *(1 for _ in self._event_shape)))

    def _dim(self):
        return -1 - len(self._event_shape)

    @property
    def mean(self):
        return (self._weights() * self.component_distribution.mean).sum(self._dim())

    @property
    def variance(self):
        dim, weights = self._dim(), self._weights()
        within = (weights * self.component_distribution.variance).sum(dim)
        away = self.component_distribution.mean - self.mean.unsqueeze(dim)
        return within + (weights * away.square()).sum(dim)

    def cdf(self, value):
        probs = self.mixture_distribution.probs
        return (self.component_distribution.cdf(value.unsqueeze(-1)) * probs).sum(-1)

    def log_prob(self, value):
        self._validate_sample(value)
        each = self.component_distribution.log_prob(value.unsqueeze(self._dim()))
        return (each + _core.log_softmax(self.mixture_distribution.logits, -1)).logsumexp(-1)

    def sample(self, sample_shape=()):
        with no_grad():
            chosen = self.mixture_distribution.sample(sample_shape)
            values = self.component_distribution.sample(sample_shape)
            chosen = chosen.view((*chosen.shape, 1, *(1 for _ in self._event_shape)))
            sizes = list(values.shape)
            sizes[len(sizes) + self._dim()] = 1
            return values.gather(self._dim(), chosen.expand(sizes)).squeeze(self._dim())

    def __repr__(self):
        return f"MixtureSameFamily({self.mixture_distribution}, {self.component_distribution})"


class _LogitRelaxedBernoulli(Distribution):
    """The log-odds of a RelaxedBernoulli."""

    arg_constraints = Bernoulli.arg_constraints
    support = constraints.real
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature, = broadcast_all(temperature)
        self._bernoulli = Bernoulli(probs, logits, validate_args)
        super().__init__(self._bernoulli.batch_shape, (), validate_args)

    probs = property(lambda self: self._bernoulli.probs)
    logits = property(lambda self: self._bernoulli.logits)

    def expand(self, batch_shape, _instance=None):
        return _LogitRelaxedBernoulli(self.temperature,
                                      logits=self.logits.expand(batch_shape), validate_args=False)

    def rsample(self, sample_shape=()):
        u = clamp_probs(_core.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        return (u.log() - (-u).log1p() + self.logits) / self.temperature

    def log_prob(self, value):
        self._validate_sample(value)
        difference = self.logits - value * self.temperature
        return self.temperature.log() + difference - 2 * _core.softplus(difference)


class RelaxedBernoulli(TransformedDistribution):
    """Bernoulli made differentiable (Maddison et al. 2017); at temperature 0 it is Bernoulli."""

    arg_constraints = Bernoulli.arg_constraints
    support = constraints.unit_interval

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        base = _LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args)

    temperature = property(lambda self: self.base_dist.temperature)
    probs = property(lambda self: self.base_dist.probs)
    logits = property(lambda self: self.base_dist.logits)


class _ExpRelaxedCategorical(Distribution):
    """The logarithms of a RelaxedOneHotCategorical."""

    arg_constraints = Categorical.arg_constraints
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature, = broadcast_all(temperature)
        self._categorical = OneHotCategorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.event_shape,
                         validate_args)

    probs = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)

    def expand(self, batch_shape, _instance=None):
        logits = self.logits.expand((*batch_shape, *self._event_shape))
        return _ExpRelaxedCategorical(self.temperature, logits=logits, validate_args=False)

    def rsample(self, sample_shape=()):
        u = clamp_probs(_core.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, True)

    def log_prob(self, value):
        self._validate_sample(value)
        count = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        scale = math.lgamma(count) - self.temperature.log() * (1 - count)
        score = logits - value * self.temperature
        return (score - score.logsumexp(-1, True)).sum(-1) + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """A differentiable stand-in for OneHotCategorical (Jang et al. 2017, Maddison et al. 2017)."""

    arg_constraints = Categorical.arg_constraints
    support = constraints.simplex

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        base = _ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    temperature = property(lambda self: self.base_dist.temperature)
    probs = property(lambda self: self.base_dist.probs)
    logits = property(lambda self: self.base_dist.logits)
