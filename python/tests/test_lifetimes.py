"""Tensors and modules go with their last reference: nothing that computes keeps cycles."""

import gc
import weakref

import pytest
import tenon as torch
import tenon.nn as nn
from tenon.utils.checkpoint import checkpoint
from tenon.utils.data import DataLoader, TensorDataset


def gradients():
    x = torch.ones(3, requires_grad=True)
    y = (x * 2).exp()
    z = y.sum()
    z.backward()
    return x, y, z, x.grad


def a_graph_that_nobody_walks():
    x = torch.ones(3, requires_grad=True)
    return x, (x * 2).exp()


def gradients_of_gradients():
    x = torch.ones(3, requires_grad=True)
    grad, = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    grad.sum().backward()
    return x, grad


def hooks_of_tensors():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: grad * 2)
    y.retain_grad()
    y.sum().backward()
    return x, y, y.grad


def writes_through_views():
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    part = y[:2]
    part.mul_(3)
    y.sum().backward()
    return x, y, part


def modules():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
    x = torch.ones(5, 3)
    y = net(x)
    y.sum().backward()
    return net, net[0], net[0].weight, net[0].weight.grad, x, y


def recurrent_layers():
    lstm = nn.LSTM(3, 4, 2, bidirectional=True)
    y, (h, c) = lstm(torch.ones(5, 2, 3))
    y.sum().backward()
    return lstm, y, h, c


def steps_of_optimizers():
    layer = nn.Linear(3, 4)
    optimizer = torch.optim.Adam(layer.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(layer(torch.ones(2, 3)).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    scheduler.step()
    return layer, layer.weight, optimizer, scheduler, scaler


def compiled_functions():
    weight = torch.ones(3, 3, requires_grad=True)
    f = torch.compile(lambda x: (x @ weight).sum())
    for _ in range(4):
        y = f(torch.ones(3, 3))
        y.backward()
    return weight, y, f


def compiled_modules():
    compiled = torch.compile(nn.Linear(3, 4))
    for _ in range(3):
        y = compiled(torch.ones(2, 3))
        y.sum().backward()
    return compiled, compiled._orig_mod, compiled._orig_mod.weight, y


def checkpoints():
    layer, x = nn.Linear(3, 3), torch.ones(3, requires_grad=True)
    y = checkpoint(layer, x, use_reentrant=False)
    y.sum().backward()
    return layer, x, y


class Doubled(torch.autograd.Function):
    """In place; saves what it wrote, and a view of it."""

    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x, x[:1])
        return x

    @staticmethod
    def backward(ctx, grad):
        assert [tensor.shape for tensor in ctx.saved_tensors] == [(3,), (1,)]
        return grad * 2


def functions_that_write_what_they_save():
    x = torch.ones(3, requires_grad=True)
    y, z = x * 1, x * 1
    Doubled.apply(y)
    Doubled.apply(z).sum().backward()
    return x, y, z


def batches():
    loader = DataLoader(TensorDataset(torch.ones(10, 2)), batch_size=2)
    return loader, *(rows for rows, in loader)


def errors():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    with pytest.raises(ValueError):
        y + torch.ones(4)
    return x, y


def check(make):
    make()  # what is made once, and kept: caches
    gc.collect()
    gc.disable()
    try:
        left = [one() for one in [weakref.ref(value) for value in make()]]
    finally:
        gc.enable()
    assert left == [None] * len(left)


@pytest.mark.parametrize("make", [
    gradients, a_graph_that_nobody_walks, gradients_of_gradients, hooks_of_tensors,
    writes_through_views, modules, recurrent_layers, steps_of_optimizers, compiled_functions,
    compiled_modules, checkpoints, functions_that_write_what_they_save, batches, errors])
def test_everything_goes_with_its_last_reference(make):
    check(make)


@pytest.mark.parametrize("walked", [True, False])
def test_hooks_of_modules(walked):
    def hooks_of_modules():
        layer = nn.Linear(3, 4)
        layer.register_forward_hook(lambda module, args, output: output * 2)
        layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        layer.register_full_backward_pre_hook(lambda module, grad_output: None)
        x = torch.ones(5, 3, requires_grad=True)
        y = layer(x)
        if walked:
            y.sum().backward()
        return layer, x, y

    check(hooks_of_modules)
