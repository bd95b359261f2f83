"""Losses against NumPy and differences."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
from nn_checks import check_gradients

RANDOM = np.random.default_rng(3)
A, B = RANDOM.standard_normal((4, 3)), RANDOM.standard_normal((4, 3))
P, Q = RANDOM.random((4, 3)) * 0.9 + 0.05, RANDOM.random((4, 3)) * 0.9 + 0.05
CLASSES = np.array([0, 2, 1, 2])
WEIGHT = np.array([0.5, 1.0, 2.0])
D = np.abs(A - B)
LOG_P = A - np.log(np.exp(A).sum(1, keepdims=True))
PICKED = -LOG_P[np.arange(4), CLASSES]
LOGITS_LOSS = np.log1p(np.exp(A)) - A * P

CASES = [
    (nn.MSELoss, {}, (A, B), D**2),
    (nn.L1Loss, {}, (A, B), D),
    (nn.SmoothL1Loss, {"beta": 0.5}, (A, B), np.where(D < 0.5, D**2, D - 0.25)),
    (nn.HuberLoss, {"delta": 0.5}, (A, B), np.where(D < 0.5, D**2 / 2, 0.5 * (D - 0.25))),
    (nn.CrossEntropyLoss, {}, (A, CLASSES), PICKED),
    (nn.CrossEntropyLoss, {}, (A, P), -(P * LOG_P).sum(1)),
    (nn.CrossEntropyLoss, {"label_smoothing": 0.3}, (A, CLASSES), 0.7 * PICKED - 0.1 *
     LOG_P.sum(1)),
    (nn.NLLLoss, {}, (LOG_P, CLASSES), PICKED),
    (nn.BCELoss, {}, (P, Q), -(Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    (nn.BCEWithLogitsLoss, {}, (A, P), LOGITS_LOSS),
    (nn.KLDivLoss, {}, (LOG_P, Q), Q * (np.log(Q) - LOG_P)),
    (nn.KLDivLoss, {"log_target": True}, (LOG_P, B), np.exp(B) * (B - LOG_P)),
]


@pytest.mark.parametrize("kind, options, inputs, expected", CASES,
                         ids=lambda value: str(value)[:30])
def test_losses(kind, options, inputs, expected):
    tensors = [torch.tensor(x) for x in inputs]
    for reduction, whole in ("none", expected), ("mean", expected.mean()), ("sum", expected.sum()):
        result = kind(**options, reduction=reduction)(*tensors)
        np.testing.assert_allclose(result.numpy(), whole, rtol=1e-9, atol=1e-12)
    check_gradients(kind(**options), inputs[0], tensors[1])


def test_weights():
    a, b, classes, weight = (torch.tensor(x) for x in (A, B, CLASSES, WEIGHT))
    each = PICKED * WEIGHT[CLASSES]
    loss = nn.CrossEntropyLoss(weight=weight)
    np.testing.assert_allclose(loss(a, classes).item(), each.sum() / WEIGHT[CLASSES].sum())
    assert list(loss.state_dict()) == ["weight"]
    np.testing.assert_allclose(F.mse_loss(a, b, weight=weight).item(), (D**2 * WEIGHT).sum() /
                               (4 * WEIGHT.sum()))
    np.testing.assert_allclose(F.l1_loss(a, b, weight=weight, reduction="sum").item(),
                               (D * WEIGHT).sum())
    huber = np.where(D < 1, D**2 / 2, D - 0.5) * WEIGHT
    np.testing.assert_allclose(F.huber_loss(a, b, weight=weight, reduction="none").numpy(), huber)
    positive = nn.BCEWithLogitsLoss(pos_weight=weight)(a, torch.ones(4, 3, dtype=torch.float64))
    np.testing.assert_allclose(positive.item(), (np.log1p(np.exp(-A)) * WEIGHT).mean())
    ignoring = nn.CrossEntropyLoss(ignore_index=2)(a, classes)
    np.testing.assert_allclose(ignoring.item(), PICKED[[0, 2]].mean())


def test_older_arguments_and_batchmean():
    a, b = torch.tensor(A), torch.tensor(B)
    assert (nn.MSELoss(size_average=False).reduction == "sum"
            and nn.MSELoss(reduce=False).reduction == "none")
    assert F.mse_loss(a, b, size_average=False).item() == F.mse_loss(a, b, reduction="sum").item()
    assert nn.MSELoss(size_average=True, reduce=True).reduction == "mean"
    whole = (Q * (np.log(Q) - LOG_P)).sum()
    result = F.kl_div(torch.tensor(LOG_P), torch.tensor(Q), reduction="batchmean")
    np.testing.assert_allclose(result.item(), whole / 4)


def test_mistakes():
    with pytest.warns(UserWarning, match=r"\[4, 1\]\)\) that is different to the input size"):
        F.mse_loss(torch.ones(4), torch.ones(4, 1))
    with pytest.raises(ValueError, match="Please ensure they have the same size"):
        F.binary_cross_entropy(torch.ones(4), torch.ones(3))
    with pytest.raises(ValueError, match="must be the same as input size"):
        F.binary_cross_entropy_with_logits(torch.ones(4), torch.ones(3))
    with pytest.raises(ValueError, match="reduction"):
        F.mse_loss(torch.ones(4), torch.ones(4), reduction="average")
    with pytest.raises(IndexError, match="label 3"):
        F.cross_entropy(torch.ones(1, 3), torch.tensor([3]))


def log_softmax(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def test_adaptive_log_softmax():
    loss = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=True).double()
    assert list(loss.state_dict()) == ["head.weight", "head.bias", "tail.0.0.weight",
                                       "tail.0.1.weight", "tail.1.0.weight", "tail.1.1.weight"]
    weights = [weight.numpy() for weight in loss.state_dict().values()]
    assert [weight.shape for weight in weights] == [(5, 8), (5,), (4, 8), (4, 4), (2, 8), (5, 2)]
    x, classes = RANDOM.standard_normal((6, 8)), np.array([0, 2, 3, 6, 11, 7])
    head = log_softmax(x @ weights[0].T + weights[1])
    tails = [log_softmax(x @ weights[i].T @ weights[i + 1].T) + head[:, place, None]
             for i, place in ((2, 3), (4, 4))]
    every = np.concatenate([head[:, :3], *tails], 1)
    np.testing.assert_allclose(np.exp(every).sum(1), 1)
    output, mean = loss(torch.tensor(x), torch.tensor(classes))
    np.testing.assert_allclose(output.detach().numpy(), every[np.arange(6), classes])
    np.testing.assert_allclose(mean.item(), -every[np.arange(6), classes].mean())
    np.testing.assert_allclose(loss.log_prob(torch.tensor(x)).detach().numpy(), every)
    assert loss.predict(torch.tensor(x)).tolist() == every.argmax(1).tolist()
    one = loss(torch.tensor(x[4]), torch.tensor(11))
    np.testing.assert_allclose([one.output.item(), one.loss.item()], [every[4, 11], -every[4, 11]])
    assert torch.autograd.gradcheck(lambda x: loss(x, torch.tensor(classes)).loss,
                                    torch.tensor(x, requires_grad=True))
    mean.backward()
    assert all(weight.grad.abs().sum() > 0 for weight in loss.parameters())


def test_mistakes_with_adaptive_log_softmax():
    for cutoffs in [], [0, 3], [4, 2], [2, 2], [2, 12], [1.5, 3]:
        with pytest.raises(ValueError, match="cutoffs should be"):
            nn.AdaptiveLogSoftmaxWithLoss(8, 12, cutoffs)
    loss = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0)
    x = torch.ones(2, 8)
    for classes, kind, message in (([0, 12], IndexError, "from 0 to 11, got 0 to 12"),
                                   ([0], ValueError, "got 2 and 1"),
                                   ([[0, 1]], ValueError, r"got \(2, 8\) and \(1, 2\)")):
        with pytest.raises(kind, match=message):
            loss(x, torch.tensor(classes))
