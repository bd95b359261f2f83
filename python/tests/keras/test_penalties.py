"""Regularizers, constraints and activations, by values worked out by hand."""

import math

import pytest

import tenon
from tenon import keras
from tenon.keras import activations, constraints, regularizers

WEIGHTS = [[1.0, -2.0], [3.0, 0.0]]


@pytest.mark.parametrize("regularizer, expected", [
    (regularizers.L1(0.1), 0.6), (regularizers.L2(0.1), 1.4), (regularizers.L1L2(0.1, 0.01), 0.74),
    (regularizers.l1_l2(), 0.01 * 6 + 0.01 * 14),
    (regularizers.OrthogonalRegularizer(1.0), 3 / (math.sqrt(5) * 3))])
def test_penalties(regularizer, expected):
    assert abs(regularizer(WEIGHTS).item() - expected) < 1e-6
    again = type(regularizer).from_config(regularizer.get_config())
    assert again(WEIGHTS).item() == regularizer(WEIGHTS).item()


def test_factors_are_checked():
    with pytest.raises(ValueError, match="isn't negative"):
        regularizers.L2(-1.0)


@pytest.mark.parametrize("constraint, expected", [
    (constraints.MaxNorm(2.0, axis=0), [[2 / math.sqrt(10), -2.0], [6 / math.sqrt(10), 0.0]]),
    (constraints.NonNeg(), [[1.0, 0.0], [3.0, 0.0]]),
    (constraints.UnitNorm(axis=1), [[1 / math.sqrt(5), -2 / math.sqrt(5)], [1.0, 0.0]]),
    (constraints.MinMaxNorm(4.0, 5.0, rate=0.5, axis=1),
     [[(4 / math.sqrt(5) + 1) / 2, -(4 / math.sqrt(5) + 1)], [3.5, 0.0]])])
def test_constraints(constraint, expected):
    given = constraint(WEIGHTS)
    assert (given - tenon.tensor(expected)).abs().max().item() < 1e-5
    again = type(constraint).from_config(constraint.get_config())
    assert again(WEIGHTS).tolist() == given.tolist()


SIGMOID = [1 / (1 + math.exp(-x)) for x in (-2.0, 0.5, 4.0)]


@pytest.mark.parametrize("name, expected", [
    ("relu", [0, 0.5, 4]), ("leaky_relu", [-0.4, 0.5, 4]), ("relu6", [0, 0.5, 4]),
    ("sigmoid", SIGMOID), ("tanh", [math.tanh(x) for x in (-2.0, 0.5, 4.0)]),
    ("softplus", [math.log1p(math.exp(x)) for x in (-2.0, 0.5, 4.0)]),
    ("softsign", [-2 / 3, 1 / 3, 0.8]), ("elu", [math.expm1(-2), 0.5, 4]),
    ("selu", [1.0507009873554805 * 1.6732632423543772 * math.expm1(-2), 1.0507009873554805 * 0.5,
              1.0507009873554805 * 4]),
    ("celu", [math.expm1(-2), 0.5, 4]),
    ("silu", [-2 * SIGMOID[0], 0.5 * SIGMOID[1], 4 * SIGMOID[2]]),
    ("swish", [-2 * SIGMOID[0], 0.5 * SIGMOID[1], 4 * SIGMOID[2]]),
    ("hard_sigmoid", [1 / 6, 0.5 + 0.5 / 6, 1]), ("hard_silu", [-2 / 6, 0.5 * (0.5 + 0.5 / 6), 4]),
    ("hard_tanh", [-1, 0.5, 1]), ("hard_shrink", [-2, 0, 4]), ("soft_shrink", [-1.5, 0, 3.5]),
    ("tanh_shrink", [x - math.tanh(x) for x in (-2.0, 0.5, 4.0)]),
    ("exponential", [math.exp(x) for x in (-2.0, 0.5, 4.0)]),
    ("log_sigmoid", [math.log(x) for x in SIGMOID]), ("linear", [-2, 0.5, 4]),
    ("gelu", [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in (-2.0, 0.5, 4.0)]),
    ("mish", [x * math.tanh(math.log1p(math.exp(x))) for x in (-2.0, 0.5, 4.0)]),
    ("sparse_plus", [0, 2.25 / 4, 4]), ("sparse_sigmoid", [0, 0.75, 1]), ("sparsemax", [0, 0, 1]),
    ("squareplus", [(x + math.sqrt(x * x + 4)) / 2 for x in (-2.0, 0.5, 4.0)]),
    ("softmax", [math.exp(x) / sum(map(math.exp, (-2.0, 0.5, 4.0))) for x in (-2.0, 0.5, 4.0)])])
def test_activations(name, expected):
    y = activations.get(name)(tenon.tensor([-2.0, 0.5, 4.0]))
    assert (y - tenon.tensor(expected, dtype=tenon.float32)).abs().max().item() < 1e-5


def test_relu_with_all_its_arguments():
    y = activations.relu([-2.0, 0.5, 4.0], negative_slope=0.5, max_value=3.0, threshold=1.0)
    assert y.tolist() == [-1.5, -0.25, 3.0]


def test_softmax_over_several_axes():
    y = activations.softmax(tenon.arange(8.0).reshape(2, 2, 2), axis=(0, 2))
    assert (y.sum((0, 2)) - 1).abs().max().item() < 1e-6
    assert abs(y[1, 0, 1].item() - math.exp(5) / sum(map(math.exp, (0, 1, 4, 5)))) < 1e-6


def test_sparsemax_shares_among_near_ones():
    # Of 2 and 1.5, kept less the threshold (3.5 - 1) / 2; of 1 and 0, nothing.
    assert (activations.sparsemax([[1.0, 2.0, 0.0, 1.5]]) - tenon.tensor([[0.0, 0.75, 0.0, 0.25]])
            ).abs().max().item() < 1e-6
    assert (activations.sparsemax([[0.1, 0.3, -1.0]]) - tenon.tensor([[0.4, 0.6, 0.0]])
            ).abs().max().item() < 1e-6


def test_activations_of_symbolic_tensors_become_steps_of_models():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, activations.relu(inputs, max_value=2.0))
    assert model(tenon.tensor([[-1.0, 1.0, 5.0]])).tolist() == [[0.0, 1.0, 2.0]]
