"""Gradients at bounds and ties, of steps, and of tensors that are written to after use, as PyTorch
2.15's: eager and compiled."""

import numpy as np
import pytest
import tenon as torch
from tenon.nn import functional as F

INF = float("inf")


def gradient(function, values, compiled=False):
    x = torch.tensor(values, requires_grad=True)

    def step():
        y = function(x)
        assert y.requires_grad
        return torch.autograd.grad(y.sum(), x)[0]

    return (torch.compile(step) if compiled else step)().tolist()


TIES = {
    "hardswish": (F.hardswish, [-3.0, 3.0], [0, 1]),
    "softshrink": (F.softshrink, [-0.5, 0.25, 0.5, 1.0], [0, 0, 0, 1]),
    "clamp_min": (lambda x: torch.clamp_min(x, 1.0), [0.0, 1.0, 2.0], [0, 0, 1]),
    "clamp_max": (lambda x: torch.clamp_max(x, 1.0), [0.0, 1.0, 2.0], [1, 0, 0]),
    "a tensor's lower bound": (lambda x: torch.clamp(x, min=torch.ones(3)), [0.0, 1.0, 2.0],
                               [0, 0.5, 1]),
    "a tensor's upper bound": (lambda x: torch.clamp(x, max=torch.ones(3)), [0.0, 1.0, 2.0],
                               [1, 0.5, 0]),
    "logit": (torch.logit, [0.0, 0.5, 1.0], [INF, 4, INF]),
    "limited logit": (lambda x: torch.logit(x, 0.25), [0.0, 0.5, 1.0], [0, 4, 0]),
    "renorm": (lambda x: torch.renorm(x.reshape(2, 1), 2, 0, INF), [3.0, 0.0], [1, 1]),
    "logsumexp": (lambda x: torch.logsumexp(x, 0), [0.0, -INF, 0.0], [0.5, 0, 0.5]),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", TIES)
def test_gradients_at_bounds_and_ties(name, compiled):
    function, values, expected = TIES[name]
    assert gradient(function, values, compiled) == expected


def test_sgn_of_complex_zero():
    x = torch.tensor([0, 3 + 4j], requires_grad=True)
    y = torch.sgn(x)
    (dx,) = torch.autograd.grad(y.real.sum(), x)
    assert y[0] == 0 and dx[0] == 0
    np.testing.assert_allclose(dx[1].item(), 0.128 - 0.096j, rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_factors_that_no_gradient_needs_may_be_written_to(compiled):
    x, w = torch.ones(2, 3, requires_grad=True), torch.full((3, 2), 2.0)

    def step():
        h = x * 1
        y = h @ w + F.linear(h, w.t())
        z = y / 4
        h.zero_()
        y.zero_()
        z += 1
        return torch.autograd.grad((z**2).sum(), x)[0]

    assert (torch.compile(step) if compiled else step)().tolist() == [[16.0] * 3] * 2


STEPS = {
    "round": torch.round,
    "round to decimals": lambda x: torch.round(x, decimals=1),
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": torch.trunc,
    "sign": torch.sign,
    "sgn": torch.sgn,
    "floor_divide": lambda x: x // 2,
    "floor of a quotient": lambda x: torch.div(3.0, x, rounding_mode="floor"),
    "trunc of a quotient": lambda x: torch.div(3.0, x, rounding_mode="trunc"),
    "copysign": lambda x: torch.copysign(torch.ones(4), x),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_steps_have_gradients_of_zero(name, compiled):
    assert gradient(STEPS[name], [-1.5, 0.0, 0.5, 3.0], compiled) == [0, 0, 0, 0]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "relu6", "hardtanh"])
def test_second_derivatives_of_straight_lines_are_zeros(name, compiled):
    x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)

    def step():
        y = getattr(F, name)(x)
        (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return torch.autograd.grad(first.sum(), x)[0]

    assert (torch.compile(step) if compiled else step)().tolist() == [0, 0, 0]


def test_truncated_quotients():
    a, b = torch.tensor([-0.5, 0.5, INF, -7.0]), torch.tensor([0.0, 0.0, 2.0, 2.0])
    assert torch.div(a, b, rounding_mode="trunc").tolist() == [-INF, INF, INF, -3]
    whole = torch.div(torch.tensor([-7, 7]), 2, rounding_mode="trunc")
    assert whole.tolist() == [-3, 3] and whole.dtype == torch.int64
