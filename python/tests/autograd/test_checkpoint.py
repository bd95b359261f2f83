"""Checkpoints: the same gradients, made again."""

import gc
import weakref

import pytest
import tenon as torch
from tenon.utils.checkpoint import checkpoint, checkpoint_sequential


def test_same_results_and_gradients():
    calls = []

    def block(x, factor, *, w):
        calls.append(torch.is_grad_enabled())
        h = (x @ w).tanh() * factor
        return h * torch.rand(3), {"plain": 1}, h.sum()

    grads = []
    for run in block, checkpoint:
        torch.manual_seed(3)
        x = torch.linspace(-1, 1, 6).reshape(2, 3).requires_grad_()
        w = torch.eye(3).requires_grad_()
        made = run(block, x, 2.0, w=w, use_reentrant=False) if run is checkpoint else run(x, 2.0,
                                                                                         w=w)
        assert isinstance(made, tuple) and made[1] == {"plain": 1}
        (made[0].sum() + made[2] * 3).backward()
        grads.append((made[0].tolist(), x.grad.tolist(), w.grad.tolist()))
    assert grads[0] == grads[1] and calls == [True, False, True]


def test_sequential():
    layers = [torch.tanh, lambda x: x * 2, torch.exp, lambda x: x + 1, torch.sin]
    x = torch.tensor([0.1, 0.2], requires_grad=True)
    y = x
    for layer in layers:
        y = layer(y)
    expected, = torch.autograd.grad(y.sum(), x)
    for segments in 1, 2, 3, 5:
        got, = torch.autograd.grad(checkpoint_sequential(layers, segments, x).sum(), x)
        assert got.tolist() == expected.tolist()


def test_nothing_of_the_first_run_is_kept():
    kept = []

    def block(x):
        h = x * 2
        kept.append(weakref.ref(h))
        return h.exp()

    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        y = checkpoint(block, x)
        assert kept[0]() is None
        y.sum().backward()
        assert x.grad.tolist() == pytest.approx([14.7781] * 3) and kept[1]() is None
    finally:
        gc.enable()
