"""Probability distributions: samples, with gradients where there are any, and log_prob."""

import re
import sys

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

for _name in __all__:  # PyTorch has a module for each class, under its name
    _home = sys.modules.get(getattr(globals()[_name], "__module__", None))
    _module = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _name).lower()
    if isinstance(globals()[_name], type) and _module not in globals():
        globals()[_module] = sys.modules[f"{__name__}.{_module}"] = _home
