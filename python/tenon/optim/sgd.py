"""Stochastic gradient descent."""

from .. import _core
from .optimizer import FormulaOptimizer


class SGD(FormulaOptimizer):
    """With g' = g + weight_decay * p and momentum m > 0: b = m * b + (1 - dampening) * g' (b = g'
    at first); p -= lr * b, or with Nesterov p -= lr * (g' + m * b). Without momentum: p -= lr * g'.
    `foreach` and `fused` choose nothing: each step is one fused run. `capturable`: as Adam's."""

    _defaults_of_older_states = {"nesterov": False, "maximize": False}

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *,
                 maximize=False, foreach=None, differentiable=False, fused=None, capturable=False):
        super().__init__(params, dict(lr=lr, momentum=momentum, dampening=dampening,
                                      weight_decay=weight_decay, nesterov=nesterov,
                                      maximize=maximize, foreach=foreach,
                                      differentiable=differentiable, fused=fused,
                                      capturable=capturable))

    def _formula(self, group):
        return _core._optim.sgd(group["momentum"], group["dampening"], group["weight_decay"],
                                group["nesterov"], group["maximize"], group["capturable"])
