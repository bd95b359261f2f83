"""Probability distributions: samples, with gradients where there are any, and log_prob."""

from . import constraints, kl, transforms, utils
from .combined import (Independent, LogNormal, MixtureSameFamily, RelaxedBernoulli,
                       RelaxedOneHotCategorical, TransformedDistribution)
from .discrete import (Bernoulli, Binomial, Categorical, Geometric, Multinomial, NegativeBinomial,
                       OneHotCategorical, OneHotCategoricalStraightThrough, Poisson)
from .distribution import Distribution
from .gamma import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, InverseGamma, StudentT
from .kl import kl_divergence, register_kl
from .multivariate import LowRankMultivariateNormal, MultivariateNormal
from .normal import Cauchy, Gumbel, Laplace, Normal, Uniform
from .positive import Exponential, HalfCauchy, HalfNormal, Pareto, Weibull
from .transforms import *  # noqa: F403: every transform

__all__ = ["Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "Dirichlet",
           "Distribution", "Exponential", "FisherSnedecor", "Gamma", "Geometric", "Gumbel",
           "HalfCauchy", "HalfNormal", "Independent", "InverseGamma", "Laplace", "LogNormal",
           "LowRankMultivariateNormal", "MixtureSameFamily", "Multinomial", "MultivariateNormal",
           "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
           "Pareto", "Poisson", "RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT",
           "TransformedDistribution", "Uniform", "Weibull", "constraints", "kl_divergence",
           "register_kl", *transforms.__all__]
