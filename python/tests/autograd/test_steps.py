"""Roundings, signs and their kin: their gradients are zeros, as PyTorch's, eager and compiled."""

import pytest
import tenon as torch

INF = float("inf")

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


def gradient(function, values, compiled=False):
    x = torch.tensor(values, requires_grad=True)

    def step():
        y = function(x)
        assert y.requires_grad
        return torch.autograd.grad(y.sum(), x)[0]

    return (torch.compile(step) if compiled else step)().tolist()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_steps_have_gradients_of_zero(name, compiled):
    assert gradient(STEPS[name], [-1.5, 0.0, 0.5, 3.0], compiled) == [0, 0, 0, 0]


def test_truncated_quotients():
    a, b = torch.tensor([-0.5, 0.5, INF, -7.0]), torch.tensor([0.0, 0.0, 2.0, 2.0])
    assert torch.div(a, b, rounding_mode="trunc").tolist() == [-INF, INF, INF, -3]
    whole = torch.div(torch.tensor([-7, 7]), 2, rounding_mode="trunc")
    assert whole.tolist() == [-3, 3] and whole.dtype == torch.int64
