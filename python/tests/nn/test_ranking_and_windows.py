"""Losses that rank and tell apart, and modules over windows, against NumPy formulas."""

import itertools
import math

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F

RANDOM = np.random.default_rng(3)


def normal(*sizes):
    return RANDOM.normal(size=sizes)


A, B, C = normal(4, 5), normal(4, 5), normal(4, 5)
SIGNS = np.where(normal(4, 5) > 0, 1.0, -1.0)
CLASSES = np.array([0, 3, 4, 1])


def length(x):
    return np.sqrt(((np.abs(x) + 0) ** 2).sum(-1))


@pytest.mark.parametrize("loss, inputs, elements", [
    (nn.MarginRankingLoss(0.3, reduction="none"), (A, B, SIGNS),
     np.maximum(0, -SIGNS * (A - B) + 0.3)),
    (nn.HingeEmbeddingLoss(reduction="none"), (A, SIGNS),
     np.where(SIGNS > 0, A, np.maximum(0, 1 - A))),
    (nn.SoftMarginLoss(reduction="none"), (A, SIGNS), np.log1p(np.exp(-SIGNS * A))),
    (nn.PoissonNLLLoss(reduction="none"), (A, B**2), np.exp(A) - B**2 * A),
    (nn.GaussianNLLLoss(reduction="none"), (A, B, C**2 + 0.1),
     0.5 * (np.log(C**2 + 0.1) + (A - B) ** 2 / (C**2 + 0.1))),
    (nn.MultiLabelSoftMarginLoss(reduction="none"), (A, (SIGNS > 0) * 1.0),
     np.log1p(np.exp(-SIGNS * A)).mean(1)),
    (nn.CosineEmbeddingLoss(reduction="none"), (A, B, np.ones(4)),
     1 - (A * B).sum(1) / length(A) / length(B)),
    (nn.TripletMarginLoss(reduction="none", eps=0.0), (A, B, C),
     np.maximum(0, length(A - B) - length(A - C) + 1)),
    (nn.MultiMarginLoss(reduction="none"), (A, CLASSES),
     [sum(max(0, 1 - row[c] + row[i]) for i in range(5) if i != c) / 5
      for row, c in zip(A, CLASSES)]),
])
def test_losses(loss, inputs, elements):
    given = [torch.tensor(x) for x in inputs]
    np.testing.assert_allclose(loss(*given).numpy(), elements, rtol=1e-6, atol=1e-9)
    loss.reduction = "mean"
    assert math.isclose(loss(*given).item(), np.mean(elements), rel_tol=1e-6)
    loss.reduction = "sum"
    assert math.isclose(loss(*given).item(), np.sum(elements), rel_tol=1e-6)
    x = given[0].requires_grad_()
    loss(x, *given[1:]).backward()
    assert x.grad.abs().sum().item() > 0


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_by_a_distance_of_ones_own(swap):
    def manhattan(a, b):
        return (a - b).abs().sum(-1)

    near, far = np.abs(A - B).sum(1), np.abs(A - C).sum(1)
    far = np.minimum(far, np.abs(B - C).sum(1)) if swap else far
    loss = nn.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=2.0, swap=swap,
                                            reduction="none")
    given = [torch.tensor(x) for x in (A, B, C)]
    np.testing.assert_allclose(loss(*given).numpy(), np.maximum(0, near - far + 2))
    plain = nn.TripletMarginWithDistanceLoss(swap=swap)(*given).item()
    assert math.isclose(plain, nn.TripletMarginLoss(swap=swap)(*given).item(), rel_tol=1e-9)
    with pytest.raises(ValueError, match="greater than 0"):
        nn.TripletMarginWithDistanceLoss(margin=0)
    with pytest.raises(ValueError, match="have 2, 1 and 2 dims"):
        loss(given[0], given[1][0], given[2])


def test_older_ways_to_say_the_reduction():
    x, signs = torch.tensor(A), torch.tensor(SIGNS)
    whole = F.soft_margin_loss(x, signs, reduction="none")
    assert F.soft_margin_loss(x, signs, size_average=False).item() == whole.sum().item()
    assert F.soft_margin_loss(x, signs, reduce=False).shape == (4, 5)
    with pytest.raises(ValueError, match="greater than 0"):
        nn.TripletMarginLoss(margin=0)
    with pytest.raises(ValueError, match="p == 1 and p == 2"):
        nn.MultiMarginLoss(p=3)


def test_ctc_of_one_path():
    """A text of one sign over one step has one path: its probability."""
    log_probs = torch.log_softmax(torch.tensor(normal(1, 1, 4)), 2)
    loss = nn.CTCLoss(reduction="sum")(log_probs, torch.tensor([[2]]), [1], [1])
    assert math.isclose(loss.item(), -log_probs[0, 0, 2].item(), rel_tol=1e-9)


def test_windows_there_and_back():
    x = torch.tensor(normal(2, 3, 6, 6))
    columns = nn.Unfold(2, stride=2)(x)
    assert columns.shape == (2, 12, 9)
    np.testing.assert_array_equal(columns[0, :4, 0].numpy(), x[0, 0, :2, :2].reshape(4).numpy())
    assert (nn.Fold((6, 6), 2, stride=2)(columns) == x).all()
    largest, places = nn.MaxPool2d(2, return_indices=True)(x)
    back = nn.MaxUnpool2d(2)(largest, places)
    assert back.shape == x.shape and (back != 0).sum().item() == largest.numel()
    assert (nn.MaxPool2d(2)(back).clamp(min=0) == largest.clamp(min=0)).all()
    assert "kernel_size=(2, 2), stride=(2, 2), padding=(0, 0)" in repr(nn.MaxUnpool2d(2))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_places_of_the_largest_and_the_way_back(dims):
    pool = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[dims - 1]
    unpool = (nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d)[dims - 1]
    x = torch.tensor(RANDOM.integers(0, 4, (2, 3, *[7] * dims)), dtype=torch.float32)  # with ties
    for arguments in (2,), (3, 2, 1), (2, 1, 0, 2), (3, 2, 0, 1, False, True):
        options = dict(zip(("padding", "dilation", "return_indices", "ceil_mode"), arguments[2:]))
        layer = pool(*arguments[:2], **{**options, "return_indices": True})
        for given in x, x[0]:
            largest, places = layer(given)
            assert (largest == pool(*arguments[:2],
                                    **{**options, "return_indices": False})(given)).all()
            flat = given.flatten(-dims)
            assert (flat.gather(-1, places.flatten(-dims)) == largest.flatten(-dims)).all()
    grid = torch.arange(4.0**dims).reshape(1, 1, *[4] * dims)
    largest, places = pool(2, return_indices=True)(grid)
    back = unpool(2)(largest, places)
    assert back.flatten()[places.flatten()].tolist() == largest.flatten().tolist()
    assert back.shape == (1, 1, *[4] * dims) and back.sum().item() == largest.sum().item()
    assert unpool(2)(largest, places, (5,) * dims).shape == (1, 1, *[5] * dims)
    with pytest.raises(ValueError, match="expected an output_size"):
        unpool(2)(largest, places, (6,) * dims)
    assert f"kernel_size={(2,) * dims}, stride={(2,) * dims}" in repr(unpool(2))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_places_of_the_largest_of_adaptive_bins(dims):
    pool = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)[dims - 1]
    x = torch.tensor(RANDOM.integers(0, 4, (2, 3, *[7] * dims)), dtype=torch.float32)  # with ties
    for size in 1, 3, 7:
        for given in x, x[0]:
            largest, places = pool(size, return_indices=True)(given)
            assert (largest == pool(size)(given)).all() and places.dtype == torch.int64
            flat = given.flatten(-dims)
            assert (flat.gather(-1, places.flatten(-dims)) == largest.flatten(-dims)).all()
    # Of equal ones the first: that of the lowest number among all of the bin.
    same = torch.zeros(1, 1, *[4] * dims, requires_grad=True)
    largest, places = pool(2, return_indices=True)(same)
    assert places.flatten().tolist() == [
        sum(2 * digit * 4**i for i, digit in enumerate(reversed(corner)))
        for corner in itertools.product((0, 1), repeat=dims)]
    largest.sum().backward()
    assert same.grad.flatten().nonzero().flatten().tolist() == places.flatten().tolist()
    assert pool((None,) * dims)(x).shape == x.shape


def test_pooling_of_volumes():
    x = torch.tensor(normal(1, 2, 4, 4, 4))
    parts = x.numpy().reshape(1, 2, 2, 2, 2, 2, 2, 2)
    np.testing.assert_allclose(nn.AvgPool3d(2)(x).numpy(), parts.mean((3, 5, 7)), rtol=1e-9)
    np.testing.assert_array_equal(nn.MaxPool3d(2)(x).numpy(), parts.max((3, 5, 7)))
    np.testing.assert_allclose(nn.AdaptiveAvgPool3d(2)(x).numpy(), parts.mean((3, 5, 7)),
                               rtol=1e-9)
    flat = x[:, :, 0]
    np.testing.assert_array_equal(nn.AdaptiveMaxPool2d(2)(flat).numpy(),
                                  flat.numpy().reshape(1, 2, 2, 2, 2, 2).max((3, 5)))
    row = flat[:, :, 0].abs()
    np.testing.assert_allclose(nn.LPPool1d(2, 2)(row).numpy(),
                               np.sqrt((row.numpy().reshape(1, 2, 2, 2) ** 2).sum(3)), rtol=1e-9)
