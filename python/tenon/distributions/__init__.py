"""Probability distributions: samples, with gradients where there are any, and log_prob."""

import re
import sys

from . import constraint_registry, constraints, kl, transforms, utils
from .bounded import ContinuousBernoulli, GeneralizedPareto, Kumaraswamy, VonMises
from .combined import (Independent, LogisticNormal, LogNormal, MixtureSameFamily, RelaxedBernoulli,
                       RelaxedOneHotCategorical, TransformedDistribution)
from .constraint_registry import biject_to, transform_to
from .discrete import (Bernoulli, Binomial, Categorical, Geometric, Multinomial, NegativeBinomial,
                       OneHotCategorical, OneHotCategoricalStraightThrough, Poisson)
from .distribution import Distribution
from .gamma import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, InverseGamma, StudentT
from .kl import kl_divergence, register_kl
from .matrices import LKJCholesky, Wishart
from .multivariate import LowRankMultivariateNormal, MultivariateNormal
from .normal import Cauchy, Gumbel, Laplace, Normal, Uniform
from .positive import Exponential, HalfCauchy, HalfNormal, Pareto, Weibull
from .transforms import *  # noqa: F403: every transform

__all__ = ["Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "ContinuousBernoulli",
           "Dirichlet", "Distribution", "Exponential", "FisherSnedecor", "Gamma",
           "GeneralizedPareto", "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent",
           "InverseGamma", "Kumaraswamy", "LKJCholesky", "Laplace", "LogNormal", "LogisticNormal",
           "LowRankMultivariateNormal", "MixtureSameFamily", "Multinomial", "MultivariateNormal",
           "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
           "Pareto", "Poisson", "RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT",
           "TransformedDistribution", "Uniform", "VonMises", "Weibull", "Wishart", "biject_to",
           "constraints", "kl_divergence", "register_kl", "transform_to", *transforms.__all__]

_MODULES = {"FisherSnedecor": "fishersnedecor", "LKJCholesky": "lkj_cholesky",
            "LowRankMultivariateNormal": "lowrank_multivariate_normal",
            "RelaxedOneHotCategorical": "relaxed_categorical", "StudentT": "studentT"}

for _name in __all__:  # PyTorch has a module for each class, mostly under its name
    _home = sys.modules.get(getattr(globals()[_name], "__module__", None))
    _module = _MODULES.get(_name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _name).lower()
    if isinstance(globals()[_name], type) and _module not in globals():
        globals()[_module] = sys.modules[f"{__name__}.{_module}"] = _home
