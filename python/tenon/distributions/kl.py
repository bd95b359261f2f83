"""Kullback-Leibler divergences, found by the kinds of both distributions."""

import math

from .. import _core
from .bounded import ContinuousBernoulli
from .combined import Independent, LogNormal, TransformedDistribution
from .discrete import (Bernoulli, Binomial, Categorical, Geometric, OneHotCategorical, Poisson)
from .distribution import Distribution
from .gamma import Beta, Dirichlet, Gamma, InverseGamma
from .matrices import Wishart
from .multivariate import (LowRankMultivariateNormal, MultivariateNormal, _log_det, mahalanobis)
from .normal import EULER, Cauchy, Gumbel, Laplace, Normal, Uniform
from .positive import Exponential, HalfCauchy, HalfNormal, Pareto, Weibull
from .transforms import sum_rightmost

_registered = {}


def register_kl(type_p, type_q):
    """Stands before a function of (p, q) that gives KL(p || q) for these kinds and what is made of
    them."""
    for kind in type_p, type_q:
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected type_p and type_q to be Distribution subclasses but got "
                            f"{kind}")

    def decorate(function):
        _registered[type_p, type_q] = function
        return function

    return decorate


def _found(type_p, type_q):
    """That of the nearest kinds, first of p."""
    for kind_p in type_p.__mro__:
        for kind_q in type_q.__mro__:
            if (kind_p, kind_q) in _registered:
                return _registered[kind_p, kind_q]
    raise NotImplementedError(f"No KL(p || q) is implemented for p type {type_p.__name__} and q "
                              f"type {type_q.__name__}")


def kl_divergence(p, q):
    """KL(p || q), the expectation under p of log p - log q, for each of the batch."""
    return _found(type(p), type(q))(p, q)


@register_kl(Normal, Normal)
def _normal(p, q):
    ratio = (p.scale / q.scale).square()
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).square() - 1 - ratio.log())


@register_kl(LogNormal, LogNormal)
def _log_normal(p, q):
    return _normal(p.base_dist, q.base_dist)


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p, q):
    return _normal(p._base, q._base)


@register_kl(Laplace, Laplace)
def _laplace(p, q):
    ratio, apart = p.scale / q.scale, (p.loc - q.loc).abs()
    return apart / q.scale + ratio * (-apart / p.scale).exp() - ratio.log() - 1


@register_kl(HalfCauchy, HalfCauchy)
def _half_cauchy(p, q):
    return _cauchy(p._base, q._base)


@register_kl(Cauchy, Cauchy)
def _cauchy(p, q):
    both = (p.scale + q.scale).square() + (p.loc - q.loc).square()
    return both.log() - (4 * p.scale * q.scale).log()


@register_kl(Gumbel, Gumbel)
def _gumbel(p, q):
    ratio, apart = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return (-ratio.log() - 1 + EULER * (ratio - 1)
            + (-apart + (1 + ratio).lgamma()).exp() + apart)


@register_kl(Uniform, Uniform)
def _uniform(p, q):
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return _core.where((q.low > p.low) | (q.high < p.high), math.inf, result)


@register_kl(Uniform, Normal)
def _uniform_normal(p, q):
    width = p.high - p.low
    middle = (p.high + p.low) / 2 - q.loc
    return ((math.sqrt(2 * math.pi) * q.scale / width).log()
            + (width.square() / 12 + middle.square()) / (2 * q.scale.square()))


@register_kl(Exponential, Exponential)
def _exponential(p, q):
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Pareto, Pareto)
def _pareto(p, q):
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _core.where(p.scale < q.scale, math.inf, result)


@register_kl(Weibull, Weibull)
def _weibull(p, q):
    ratio = q.concentration / p.concentration
    apart = q.concentration * (p.scale / q.scale).log()
    return (apart + (ratio + 1).lgamma()).exp() - ratio.log() - apart + EULER * (ratio - 1) - 1


@register_kl(InverseGamma, InverseGamma)
@register_kl(Gamma, Gamma)
def _gamma(p, q):
    a, b = p.concentration, q.concentration
    return (b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma() + (a - b) * a.digamma()
            + (q.rate - p.rate) * (a / p.rate))


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p, q):
    a, b = p.concentration, q.concentration
    total = a.sum(-1, True)
    return (total.squeeze(-1).lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
            + ((a - b) * (a.digamma() - total.digamma())).sum(-1))


@register_kl(Beta, Beta)
def _beta(p, q):
    return _dirichlet(p._dirichlet(), q._dirichlet())


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p, q):
    if p.event_shape != q.event_shape:
        raise _core.ValueError("KL-divergence between two Multivariate Normals with different "
                               f"event shapes cannot be computed: {tuple(p.event_shape)} and "
                               f"{tuple(q.event_shape)}")
    pair = _core.broadcast_tensors([p.scale_tril, q.scale_tril])
    solved = _core.linalg_solve_triangular(pair[1], pair[0], False)
    between = solved.square().sum((-2, -1)) + mahalanobis(q.scale_tril, q.loc - p.loc)
    return _log_det(q.scale_tril) - _log_det(p.scale_tril) + 0.5 * (between - p.event_shape[0])


def _weighted(probs, log_ratio):
    """probs * log_ratio, which is 0 where probs is."""
    return _core.where(probs == 0, 0.0, probs * log_ratio)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p, q):
    success = _weighted(p.probs, _core.logsigmoid(p.logits) - _core.logsigmoid(q.logits))
    failure = _weighted(1 - p.probs, _core.logsigmoid(-p.logits) - _core.logsigmoid(-q.logits))
    impossible = ((q.probs == 0) & (p.probs > 0)) | ((q.probs == 1) & (p.probs < 1))
    return _core.where(impossible, math.inf, success + failure)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p, q):
    return p.mean * (p.logits - q.logits) - p._log_normaliser() + q._log_normaliser()


@register_kl(Wishart, Wishart)
def _wishart(p, q):
    size = p.event_shape[0]
    between = _log_det(q.scale_tril) - _log_det(p.scale_tril)
    solved = _core.linalg_solve_triangular(
        *_core.broadcast_tensors([q.scale_tril, p.scale_tril]), False)
    return (q.df * between + (q.df / 2).mvlgamma(size) - (p.df / 2).mvlgamma(size)
            + 0.5 * (p.df - q.df) * p._digammas()
            + 0.5 * p.df * (solved.square().sum((-2, -1)) - size))


@register_kl(Binomial, Binomial)
def _binomial(p, q):
    if bool((p.total_count > q.total_count).any()):
        return _core.full_like(p.probs, math.inf)
    if bool((q.total_count > p.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not "
                                  "implemented")
    return p.total_count * _bernoulli(p, q)


@register_kl(Geometric, Geometric)
def _geometric(p, q):
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p, q):
    return _weighted(p.rate, (p.rate / q.rate).log()) - (p.rate - q.rate)


@register_kl(Categorical, Categorical)
def _categorical(p, q):
    result = _weighted(p.probs, p.logits - q.logits)
    return _core.where((q.probs == 0) & (p.probs > 0), math.inf, result).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categorical(p, q):
    return _categorical(p._categorical, q._categorical)


@register_kl(Independent, Independent)
def _independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("KL between Independents of different numbers of dims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p, q):
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL between distributions transformed in different ways")
    return kl_divergence(p.base_dist, q.base_dist)
