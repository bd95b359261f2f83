"""Losses, by values worked out by hand."""

import math

import numpy as np
import pytest

import tenon
from tenon.keras import losses

log = math.log


def near(tensor, expected, tolerance=1e-5):
    return (tensor - tenon.tensor(expected, dtype=tensor.dtype)).abs().max().item() < tolerance


TRUE, PRED = [[0.0, 1.0], [2.0, 3.0]], [[1.0, 1.0], [1.0, 5.0]]


@pytest.mark.parametrize("name, expected", [
    ("mse", [0.5, 2.5]), ("mean_absolute_error", [0.5, 1.5]),
    ("MAPE", [100 * 1 / 1e-7 / 2, 100 * (1 / 2 + 2 / 3) / 2]),
    ("msle", [log(2) ** 2 / 2, (log(2 / 3) ** 2 + log(6 / 4) ** 2) / 2]),
    ("huber", [0.25, (0.5 + 1.5) / 2]),
    ("log_cosh", [log(math.cosh(1)) / 2, (log(math.cosh(1)) + log(math.cosh(2))) / 2]),
    ("poisson", [(1 + 1 - 0) / 2, (1 - 0 + 5 - 3 * log(5)) / 2]),
    ("cosine_similarity", [-1 / math.sqrt(2), -17 / math.sqrt(13 * 26)]),
    ("kld", [1e-7 * log(1e-7), 0.0])])
def test_regression(name, expected):
    given = losses.get(name)(TRUE, PRED)
    assert near(given / (1e7 if name == "MAPE" else 1), [e / (1e7 if name == "MAPE" else 1)
                                                         for e in expected])


def test_hinges():
    labels, scores = [[0.0, 1.0], [1.0, 1.0]], [[0.5, 0.5], [-1.0, 2.0]]
    assert near(losses.hinge(labels, scores), [1.0, 1.0])
    assert near(losses.squared_hinge(labels, scores), [(2.25 + 0.25) / 2, 2.0])
    assert near(losses.categorical_hinge(labels, scores), [1.0, 0.0])


SHARES = [[0.1, 0.9, 0.0], [0.3, 0.2, 0.5]]


def test_cross_entropies_of_shares():
    assert near(losses.sparse_categorical_crossentropy([1, 0], SHARES), [-log(0.9), -log(0.3)])
    assert near(losses.sparse_categorical_crossentropy([[1], [0]], SHARES), [-log(0.9), -log(0.3)])
    one_hot = [[0, 1, 0], [1, 0, 0]]
    assert near(losses.categorical_crossentropy(one_hot, SHARES), [-log(0.9), -log(0.3)])
    smoothed = losses.CategoricalCrossentropy(label_smoothing=0.3)(one_hot[1:], SHARES[1:])
    assert near(smoothed, -0.8 * log(0.3) - 0.1 * log(0.2) - 0.1 * log(0.5))
    # A share of 0 counts as 1e-7.
    assert near(losses.sparse_categorical_crossentropy([2], SHARES[:1]), [-log(1e-7)], 1e-3)
    # Shares that don't sum to 1 are divided by their sum.
    assert near(losses.categorical_crossentropy([[1, 0]], [[1.0, 3.0]]), [-log(0.25)])


def test_cross_entropies_of_logits():
    logits = tenon.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    expected = [log(math.exp(1) + math.exp(2) + math.exp(3)) - 1, log(3)]
    assert near(losses.sparse_categorical_crossentropy([0, 2], logits, from_logits=True), expected)
    one_hot = [[1, 0, 0], [0, 0, 1]]
    assert near(losses.categorical_crossentropy(one_hot, logits, from_logits=True), expected)
    images = logits.reshape(1, 1, 2, 3).movedim(-1, 1)
    assert near(losses.sparse_categorical_crossentropy([[[0, 2]]], images, from_logits=True,
                                                       axis=1),
                [[expected]])
    with pytest.raises(IndexError, match="label 3"):
        losses.sparse_categorical_crossentropy([0, 3], logits, from_logits=True)


def test_results_of_softmax_and_sigmoid_are_taken_from_their_logits():
    logits = tenon.tensor([[200.0, 0.0]])
    shares = tenon.keras.activations.softmax(logits)
    assert near(losses.SparseCategoricalCrossentropy()([1], shares), 200.0)
    with pytest.warns(UserWarning, match="from_logits=True"):
        losses.SparseCategoricalCrossentropy(from_logits=True)([1], shares)
    share = tenon.keras.activations.sigmoid(tenon.tensor([[-50.0]]))
    assert near(losses.BinaryCrossentropy()([1], share), 50.0)


def test_binary_cross_entropies():
    assert near(losses.binary_crossentropy([[0, 1]], [[0.2, 0.6]]), [-(log(0.8) + log(0.6)) / 2])
    assert near(losses.binary_crossentropy([[0.0, 1.0]], [[-1.0, 2.0]], from_logits=True),
                [(math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 2])
    assert near(losses.binary_crossentropy([[1.0]], [[0.7]], label_smoothing=0.2),
                [-0.9 * log(0.7) - 0.1 * log(0.3)])
    focal = losses.BinaryFocalCrossentropy(apply_class_balancing=True)([[1.0]], [[0.6]])
    assert near(focal, 0.25 * 0.4 ** 2 * -log(0.6))
    focal = losses.CategoricalFocalCrossentropy()([[0, 1]], [[0.4, 0.6]])
    assert near(focal, 0.25 * 0.4 ** 2 * -log(0.6))


def test_overlaps():
    assert near(losses.Dice()([1.0, 1.0, 0.0], [1.0, 0.0, 1.0]), 0.5)
    assert near(losses.Tversky(alpha=0.3, beta=0.7)([1.0, 1.0, 0.0], [1.0, 0.0, 1.0]), 0.5)


def test_ctc():
    # Two steps, classes (blank, a): "a" is aa, -a or a-.
    steps = tenon.tensor([[[0.4, 0.6], [0.3, 0.7]]]).log()
    assert near(losses.CTC(reduction="none")([[1]], steps), [-log(1 - 0.4 * 0.3)])


def test_circle():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels = np.array([0, 1, 0, 1, 1, 0])
    expected = []
    for i in range(6):
        d = np.maximum(1 - x @ x[i], 0)
        near = (labels == labels[i]) & (np.arange(6) != i)
        p = np.exp(8 * (0.3 + d) * (d - 0.3))[near].sum()
        n = np.exp(8 * np.maximum(1.3 - d, 0) * (0.7 - d))[labels != labels[i]].sum()
        expected.append(np.log1p(p * n))
    loss = losses.Circle(gamma=8, margin=0.3, reduction="none")
    assert np.abs(loss(labels, x).numpy() - expected).max() < 1e-4
    assert losses.circle(labels, x, gamma=8, margin=0.3).shape == (6,)
    others = losses.circle(labels[:2], x[:2].astype("f"), labels[2:], x[2:].astype("f"))
    assert others.shape == (2,) and np.isfinite(others.numpy()).all()
    assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()
    with pytest.raises(ValueError, match=r"embeddings \(batch, size\) and a label of each"):
        losses.circle(labels[:3], x)


def test_generalized_cross_entropy():
    shares, labels = np.array([[0.25, 0.75], [0.9, 0.1]], "f"), np.array([0, 0])
    loss = losses.CategoricalGeneralizedCrossEntropy(0.5, reduction="none")
    assert np.abs(loss(labels, shares).numpy() - (1 - np.sqrt([0.25, 0.9])) / 0.5).max() < 1e-6
    assert loss(labels[:, None], shares).shape == (2,)
    with pytest.raises(ValueError, match="q is in"):
        losses.CategoricalGeneralizedCrossEntropy(1.5)


@pytest.mark.parametrize("reduction, weight, expected", [
    ("sum_over_batch_size", None, 1.5), ("sum", None, 3.0), ("none", None, [0.5, 2.5]),
    ("auto", None, 1.5), ("sum_over_batch_size", [1.0, 0.5], 0.875), ("sum", [1.0, 0.5], 1.75),
    ("mean_with_sample_weight", [1.0, 0.5], 1.75 / 1.5), ("none", [[1.0], [0.5]], [[0.5], [1.25]])])
def test_reductions_and_weights(reduction, weight, expected):
    assert near(losses.MeanSquaredError(reduction=reduction)(TRUE, PRED, weight), expected)


def test_masks_leave_steps_out_of_the_mean():
    prediction = tenon.tensor([[[1.0], [5.0]], [[2.0], [7.0]]])
    prediction._keras_mask = tenon.tensor([[True, False], [True, True]])
    zeros = tenon.zeros(2, 2, 1)
    assert near(losses.MeanSquaredError()(zeros, prediction), (1 + 4 + 49) / 3)
    assert near(losses.MeanSquaredError(reduction="sum")(zeros, prediction), 54.0)
    weighted = losses.MeanSquaredError()(zeros, prediction, [[2.0, 1.0], [1.0, 1.0]])
    assert near(weighted, (2 + 4 + 49) / 3)


def test_ignored_classes():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    assert near(loss([1, -1], SHARES), -log(0.9))


def test_own_losses():
    class Cubed(losses.Loss):
        def call(self, y_true, y_pred):
            assert y_true.dtype == tenon.float32
            return ((y_true - y_pred).abs() ** 3).mean(-1)

    assert near(Cubed()([[0, 1]], [[2.0, 2.0]]), 4.5)
    assert Cubed(name="mine", reduction="sum").get_config() == {"name": "mine", "reduction": "sum"}
    wrapped = losses.LossFunctionWrapper(lambda y_true, y_pred: (y_pred - y_true).sum(-1))
    assert near(wrapped([[1.0]], [[3.0]]), 2.0)


def test_gradients_reach_the_predictions():
    for name in "mse", "categorical_crossentropy", "binary_crossentropy", "kld", "huber", "hinge":
        prediction = tenon.tensor([[0.3, 0.7]], requires_grad=True)
        losses.get(name)([[0.0, 1.0]], prediction).sum().backward()
        assert prediction.grad.abs().sum().item() > 0.1


def test_configs():
    made = losses.Huber(delta=2.0, reduction="sum", name="h")
    assert made.get_config() == {"name": "h", "reduction": "sum", "delta": 2.0}
    again = losses.deserialize(losses.serialize(made))
    assert near(again(TRUE, PRED), made(TRUE, PRED).item())
    assert losses.serialize(losses.mean_squared_error) == "mean_squared_error"


def test_mistakes():
    with pytest.raises(ValueError, match="loss 'mean_square_error' isn't known; near are: "
                                         "mean_squared"):
        losses.get("mean_square_error")
    with pytest.raises(ValueError, match="reduction is one of"):
        losses.MeanSquaredError(reduction="average")
    with pytest.raises(ValueError, match=r"y_true \(1, 1\) and y_pred \(1, 2\)"):
        losses.binary_crossentropy([[1]], [[0.2, 0.6]])
    with pytest.raises(ValueError, match="the shape of y_pred without its classes"):
        losses.sparse_categorical_crossentropy([[1, 0]], SHARES)
