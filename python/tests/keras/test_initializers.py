"""Initial values: formulas, fans and seeds."""

import math

import pytest

import tenon
from tenon.keras import initializers


def test_constants():
    assert initializers.Zeros()((2, 2)).tolist() == [[0, 0], [0, 0]]
    assert initializers.Ones()((2,), dtype="int32").tolist() == [1, 1]
    assert initializers.Constant(2.5)((2,)).tolist() == [2.5, 2.5]
    assert initializers.Constant([1.0, 2.0])((2, 2)).tolist() == [[1, 2], [1, 2]]
    assert initializers.Identity(2.0)((2, 3)).tolist() == [[2, 0, 0], [0, 2, 0]]


def test_fans():
    assert initializers.compute_fans(()) == (1, 1)
    assert initializers.compute_fans((5,)) == (5, 5)
    assert initializers.compute_fans((5, 7)) == (5, 7)
    assert initializers.compute_fans((3, 3, 5, 7)) == (45, 63)


# The range or deviation of a 40 x 60 matrix: fans of 40 and 60.
@pytest.mark.parametrize("name, limit", [
    ("glorot_uniform", math.sqrt(6 / 100)), ("he_uniform", math.sqrt(6 / 40)),
    ("lecun_uniform", math.sqrt(3 / 40)), ("uniform", 0.05)])
def test_uniform_ones_fill_their_range(name, limit):
    values = initializers.get(name)((40, 60))
    assert values.abs().max().item() <= limit
    assert values.max().item() > 0.98 * limit and values.min().item() < -0.98 * limit
    assert abs(values.std().item() - limit / math.sqrt(3)) < 0.03 * limit


@pytest.mark.parametrize("name, deviation", [
    ("glorot_normal", math.sqrt(2 / 100)), ("he_normal", math.sqrt(2 / 40)),
    ("lecun_normal", math.sqrt(1 / 40)), ("random_normal", 0.05)])
def test_normal_ones_have_their_deviation(name, deviation):
    values = initializers.get(name)((40, 60))
    assert abs(values.std().item() - deviation) < 0.06 * deviation
    assert abs(values.mean().item()) < 0.1 * deviation


def test_truncated_normal_stays_within_two_deviations():
    values = initializers.TruncatedNormal(1.0, 0.5, seed=1)((100, 100))
    assert values.min().item() >= 0.0 and values.max().item() <= 2.0
    assert abs(values.std().item() - 0.5 * 0.8796) < 0.01


def test_seeds():
    first, second = initializers.RandomNormal(seed=1), initializers.RandomNormal(seed=1)
    values = first((4,)).tolist()
    assert values == second((4,)).tolist() == first((4,)).tolist()
    assert values != initializers.RandomNormal(seed=2)((4,)).tolist()
    tenon.manual_seed(5)
    drawn = (initializers.GlorotUniform()((4, 4)).tolist(),
             initializers.GlorotUniform()((4, 4)).tolist())
    tenon.manual_seed(5)
    assert drawn[0] == initializers.GlorotUniform()((4, 4)).tolist()
    assert drawn[0] != drawn[1]
    going_on = initializers.RandomNormal(seed=tenon.Generator())
    assert going_on((4,)).tolist() != going_on((4,)).tolist()
    with pytest.raises(ValueError, match="seed is an integer"):
        initializers.RandomNormal(seed="one")


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 2, 3)])
def test_orthogonal(shape):
    matrix = initializers.Orthogonal(2.0)(shape).reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix.t() @ matrix if rows >= columns else matrix @ matrix.t()
    assert (product - 4 * tenon.eye(min(rows, columns))).abs().max().item() < 1e-5


def test_mistakes():
    with pytest.raises(ValueError, match="scale is positive"):
        initializers.VarianceScaling(0)
    with pytest.raises(ValueError, match="mode is"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="makes matrices"):
        initializers.Identity()((2, 2, 2))
