"""Optimizers whose steps depend on past gradients. `foreach` and `fused` choose nothing: each step
is one fused run. With `capturable`, the learning rate and what counts steps (state[p]["step"] and
the like) are read from tensors, which the step itself moves on: a pure compiled function may hold
it, and rates that are set between its calls hold for the next."""

from .. import _core
from .optimizer import FormulaOptimizer


class Adam(FormulaOptimizer):
    """Kingma and Ba 2014: m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
    p -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps). With `amsgrad`, of the largest v
    so far. Weight decay is added to the gradient, or, decoupled, shrinks the parameter."""

    _defaults_of_older_states = {"amsgrad": False, "maximize": False,
                                 "decoupled_weight_decay": False}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
                 amsgrad=False, *, foreach=None, maximize=False, capturable=False,
                 differentiable=False, fused=None, decoupled_weight_decay=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                                      amsgrad=amsgrad, maximize=maximize, foreach=foreach,
                                      capturable=capturable, differentiable=differentiable,
                                      fused=fused, decoupled_weight_decay=decoupled_weight_decay))

    def _formula(self, group):
        beta1, beta2 = group["betas"]
        return _core._optim.adam(beta1, beta2, group["eps"], group["weight_decay"],
                                 group["amsgrad"], group["maximize"],
                                 group["decoupled_weight_decay"],
                                 capturable=group["capturable"])


class AdamW(Adam):
    """Loshchilov and Hutter 2017: p *= 1 - lr * weight_decay, then Adam's update."""

    _defaults_of_older_states = {"amsgrad": False, "maximize": False,
                                 "decoupled_weight_decay": True}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2,
                 amsgrad=False, *, maximize=False, foreach=None, capturable=False,
                 differentiable=False, fused=None):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach,
                         maximize=maximize, capturable=capturable, differentiable=differentiable,
                         fused=fused, decoupled_weight_decay=True)


class RMSprop(FormulaOptimizer):
    """Hinton 2012: v = alpha v + (1 - alpha) g^2; p -= lr * g / (sqrt(v) + eps). Centered:
    sqrt(v - mean^2) with mean = alpha mean + (1 - alpha) g. With momentum:
    b = momentum * b + g / (...); p -= lr * b."""

    _defaults_of_older_states = {"momentum": 0, "centered": False, "maximize": False}

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0,
                 centered=False, capturable=False, foreach=None, maximize=False,
                 differentiable=False):
        super().__init__(params, dict(lr=lr, momentum=momentum, alpha=alpha, eps=eps,
                                      centered=centered, weight_decay=weight_decay,
                                      capturable=capturable, foreach=foreach, maximize=maximize,
                                      differentiable=differentiable))

    def _formula(self, group):
        return _core._optim.rmsprop(group["alpha"], group["eps"], group["weight_decay"],
                                    group["momentum"], group["centered"], group["maximize"],
                                    group["capturable"])


class Adagrad(FormulaOptimizer):
    """Duchi et al. 2011: s += g^2; p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)."""

    _defaults_of_older_states = {"maximize": False}

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0,
                 eps=1e-10, foreach=None, *, maximize=False, differentiable=False, fused=None,
                 capturable=False):
        super().__init__(params, dict(lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay,
                                      initial_accumulator_value=initial_accumulator_value,
                                      foreach=foreach, maximize=maximize,
                                      differentiable=differentiable, fused=fused,
                                      capturable=capturable))

    def _formula(self, group):
        return _core._optim.adagrad(group["lr_decay"], group["weight_decay"],
                                    group["initial_accumulator_value"], group["eps"],
                                    group["maximize"], group["capturable"])


class Adadelta(FormulaOptimizer):
    """Zeiler 2012: v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) * g;
    u = rho u + (1 - rho) d^2; p -= lr * d."""

    _defaults_of_older_states = {"maximize": False}

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *,
                 capturable=False, maximize=False, differentiable=False):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay,
                                      maximize=maximize, capturable=capturable, foreach=foreach,
                                      differentiable=differentiable))

    def _formula(self, group):
        return _core._optim.adadelta(group["rho"], group["eps"], group["weight_decay"],
                                     group["maximize"], group["capturable"])


class Adamax(FormulaOptimizer):
    """Kingma and Ba 2014, section 7: m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| + eps);
    p -= lr / (1 - beta1^t) * m / u."""

    _defaults_of_older_states = {"maximize": False}

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None,
                 *, maximize=False, differentiable=False, capturable=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                                      foreach=foreach, maximize=maximize,
                                      differentiable=differentiable, capturable=capturable))

    def _formula(self, group):
        beta1, beta2 = group["betas"]
        return _core._optim.adamax(beta1, beta2, group["eps"], group["weight_decay"],
                                   group["maximize"], group["capturable"])


class NAdam(FormulaOptimizer):
    """Adam with Nesterov's momentum (Dozat 2016), whose decay grows by the step:
    beta1 (1 - 0.96^(t * momentum_decay) / 2)."""

    _defaults_of_older_states = {"maximize": False, "decoupled_weight_decay": False}

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
                 momentum_decay=4e-3, decoupled_weight_decay=False, *, foreach=None,
                 maximize=False, capturable=False, differentiable=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                                      momentum_decay=momentum_decay,
                                      decoupled_weight_decay=decoupled_weight_decay,
                                      maximize=maximize, foreach=foreach, capturable=capturable,
                                      differentiable=differentiable))

    def _formula(self, group):
        beta1, beta2 = group["betas"]
        return _core._optim.nadam(beta1, beta2, group["eps"], group["weight_decay"],
                                  group["momentum_decay"], group["decoupled_weight_decay"],
                                  group["maximize"], group["capturable"])


class RAdam(FormulaOptimizer):
    """Adam whose first steps don't divide by a variance that isn't known yet (Liu et al. 2019)."""

    _defaults_of_older_states = {"maximize": False, "decoupled_weight_decay": False}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
                 decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False,
                 differentiable=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                                      maximize=maximize, foreach=foreach, capturable=capturable,
                                      decoupled_weight_decay=decoupled_weight_decay,
                                      differentiable=differentiable))

    def _formula(self, group):
        beta1, beta2 = group["betas"]
        return _core._optim.radam(beta1, beta2, group["eps"], group["weight_decay"],
                                  group["decoupled_weight_decay"], group["maximize"],
                                  group["capturable"])


class Rprop(FormulaOptimizer):
    """Resilient backpropagation (Riedmiller and Braun 1993): steps against the gradient's sign,
    whose sizes grow by etas[1] while the sign stays, and shrink by etas[0] when it changes."""

    _defaults_of_older_states = {"maximize": False}

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *,
                 capturable=False, foreach=None, maximize=False, differentiable=False):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach,
                                      maximize=maximize, differentiable=differentiable,
                                      capturable=capturable))

    def _formula(self, group):
        return _core._optim.rprop(*group["etas"], *group["step_sizes"], group["maximize"],
                                  group["capturable"])


class ASGD(FormulaOptimizer):
    """Averaged stochastic gradient descent (Polyak and Juditsky 1992); state[p]["ax"] is the mean
    of the parameter since step t0."""

    _defaults_of_older_states = {"maximize": False}

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0,
                 foreach=None, maximize=False, differentiable=False, capturable=False):
        super().__init__(params, dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0,
                                      weight_decay=weight_decay, foreach=foreach,
                                      maximize=maximize, differentiable=differentiable,
                                      capturable=capturable))

    def _formula(self, group):
        return _core._optim.asgd(group["lambd"], group["alpha"], group["t0"],
                                 group["weight_decay"], group["maximize"],
                                 group["capturable"])
