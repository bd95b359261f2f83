"""Averages of parameters."""

import copy

import numpy as np
import pytest
import tenon as torch
from tenon import nn, optim
from tenon.optim.swa_utils import (SWALR, AveragedModel, get_ema_avg_fn, get_ema_multi_avg_fn,
                                   update_bn)


def model_of(value):
    model = nn.Linear(2, 1)
    for parameter in model.parameters():
        parameter.data.fill_(value)
    model.register_buffer("seen", torch.tensor(float(value)))
    return model


@pytest.mark.parametrize("options, expected, buffer", [
    ({}, (1 + 4 + 7) / 3, 7),
    ({"avg_fn": get_ema_avg_fn(0.5)}, (1 + 4) / 4 + 7 / 2, 7),
    ({"multi_avg_fn": get_ema_multi_avg_fn(0.5), "use_buffers": True}, 4.75, 4.75),
    ({"avg_fn": lambda averaged, present, count: averaged + count * present}, 1 + 4 + 2 * 7, 7),
])
def test_averaged_model(options, expected, buffer):
    averaged = AveragedModel(model_of(0), **options)
    for value in 1, 4, 7:
        averaged.update_parameters(model_of(value))
    assert averaged.n_averaged == 3 and list(averaged.state_dict())[0] == "n_averaged"
    np.testing.assert_allclose(averaged.module.weight.tolist(), [[expected] * 2], rtol=1e-6)
    assert averaged.module.seen.item() == buffer
    x = torch.ones(1, 2)
    assert averaged(x).item() == averaged.module(x).item()
    assert copy.deepcopy(averaged.eval()).n_averaged == 3


def test_averaged_model_mistakes():
    with pytest.raises(ValueError, match="Only one of avg_fn and multi_avg_fn"):
        AveragedModel(model_of(0), avg_fn=get_ema_avg_fn(), multi_avg_fn=get_ema_multi_avg_fn())
    with pytest.raises(ValueError, match="Invalid decay value 1.5"):
        get_ema_avg_fn(1.5)


def test_update_bn():
    model = nn.Sequential(nn.BatchNorm1d(2, momentum=0.3), nn.Dropout(0.5)).eval()
    x = torch.arange(12.0).reshape(6, 2)
    update_bn([(x[:3], "target"), (x[3:], "target")], model)
    assert model[0].momentum == 0.3 and not model.training and not model[1].training
    assert model[0].num_batches_tracked == 2
    assert model[0].running_mean.tolist() == x.mean(0).tolist()
    halves = (x[:3].var(0) + x[3:].var(0)) / 2
    np.testing.assert_allclose(model[0].running_var.numpy(), halves.numpy(), rtol=1e-6)


@pytest.mark.parametrize("options, expected", [
    ({"anneal_epochs": 2, "anneal_strategy": "linear"}, [1, 0.75, 0.5, 0.5]),
    ({"anneal_epochs": 3}, [1, 0.875, 0.625, 0.5]),
    ({"anneal_epochs": 0}, [0.5, 0.5, 0.5, 0.5]),
])
def test_swalr(options, expected):
    optimizer = optim.SGD(model_of(1).parameters(), lr=1.0)
    schedule, rates = SWALR(optimizer, swa_lr=0.5, **options), []
    for _ in range(4):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    np.testing.assert_allclose(rates, expected)


def test_swalr_mistakes():
    optimizer = optim.SGD(model_of(1).parameters(), lr=1.0)
    with pytest.raises(ValueError, match="'cos' or 'linear', instead got none"):
        SWALR(optimizer, 0.1, anneal_strategy="none")
    with pytest.raises(ValueError, match="swa_lr has 2"):
        SWALR(optimizer, [0.1, 0.2])
    assert optim.swa_utils.SWALR is SWALR
