"""Gradients from Python."""

import gc
import threading
import weakref

import pytest
import tenon as torch


def test_backward():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert x.is_leaf and x.requires_grad and x.grad is None
    y = (x * x).sum()
    y.backward()
    assert x.grad.tolist() == [2, 4]
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5, 7]
    x.grad = None
    (x * 2).backward(torch.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 20]
    x.grad.zero_()
    assert x.grad.tolist() == [0, 0]


def test_grad_of_grad():
    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(x**3, x, create_graph=True, only_inputs=True)
    (second,) = torch.autograd.grad(first, x)
    assert first.item() == 12 and second.item() == 12 and x.grad is None
    weights = {"a": torch.ones(2, requires_grad=True), "b": torch.ones(1, requires_grad=True)}
    loss = (weights["a"] * 3).sum() + (weights["b"] * 5).sum()
    grads = torch.autograd.grad(loss, weights.values())  # any iterable
    assert [grad.tolist() for grad in grads] == [[3, 3], [5]]
    unused = torch.ones(1, requires_grad=True)
    assert torch.autograd.grad(x * 2, [x, unused], allow_unused=True)[1] is None
    with pytest.raises(torch.AutogradError):
        torch.autograd.grad(x * 2, [unused])


def test_a_gradient_is_one_object_while_somebody_holds_it():
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    held = x.grad
    assert x.grad is held
    x.sum().backward()
    assert x.grad is held and held.tolist() == [2, 2]
    x.grad = other = torch.zeros(2)
    assert x.grad is other and held.tolist() == [2, 2]
    x.grad = None
    assert x.grad is None
    x.sum().backward()
    assert x.grad is not other and x.grad.tolist() == [1, 1]
    reference = weakref.ref(x.grad)
    assert reference() is None and x.grad.tolist() == [1, 1]  # nobody held it


def test_modes():
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad and not torch.is_grad_enabled()
        with torch.enable_grad():
            assert (x * 2).requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()

    @torch.no_grad()
    def count(n):
        assert not torch.is_grad_enabled()
        return 0 if n == 0 else 1 + count(n - 1)

    @torch.inference_mode
    def double(x):
        return x * 2

    assert count(3) == 3 and torch.is_grad_enabled()
    assert not double(x).requires_grad
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        1 / 0
    assert torch.is_grad_enabled()
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.bfloat16


def test_data_and_detach():
    x = torch.ones(2, requires_grad=True)
    x.data.mul_(3)
    assert x.tolist() == [3, 3] and not x.data.requires_grad and not x.detach().requires_grad
    x.data = torch.zeros(3)
    assert x.shape == (3,) and x.requires_grad and x.is_leaf
    y = torch.ones(2, requires_grad=True) * 2
    assert y.detach_() is y and not y.requires_grad


def test_hooks():
    x = torch.ones(2, requires_grad=True)
    seen = []
    handle = x.register_hook(lambda grad: seen.append(grad.tolist()) or grad * 2)
    (x * 3).sum().backward()
    assert seen == [[3, 3]] and x.grad.tolist() == [6, 6]
    handle.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1
    x.register_hook(lambda grad: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (x * 3).sum().backward()


def test_graphs_are_freed_without_the_collector():
    gc.disable()
    try:
        x = torch.ones(4, requires_grad=True)
        y = (x * 2).exp()
        reference = weakref.ref(y)
        y.sum().backward()
        del y
        assert reference() is None
    finally:
        gc.enable()


def test_threads():
    x = torch.randn(300, 300)
    want = (x @ x).relu().sum().item()
    results = []

    def work():
        w = x.clone().requires_grad_()
        for _ in range(10):
            (w @ w).relu().sum().backward()
        results.append((x @ x).relu().sum().item())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [want] * 4


def test_products_without_rows_have_gradients():
    x, weight = torch.ones(2, 3, 0, requires_grad=True), torch.ones(4, 0, requires_grad=True)
    torch.nn.functional.linear(x, weight).sum().backward()
    assert x.grad.shape == (2, 3, 0) and weight.grad.shape == (4, 0)
    x, weight = torch.ones(0, 2, 3, requires_grad=True), torch.ones(3, 4, requires_grad=True)
    (x @ weight).sum().backward()
    assert x.grad.shape == (0, 2, 3)
    assert weight.grad.tolist() == [[0.0] * 4] * 3


def test_leaves_changed_in_place():
    x = torch.nn.Parameter(torch.ones(1, 2))
    with pytest.raises(RuntimeError, match="squeeze_: a leaf"):
        x.squeeze_()
    with torch.no_grad():
        x.squeeze_()
    assert x.shape == (2,) and x.requires_grad and x.is_leaf
    x.detach_()
    assert not x.requires_grad
    assert torch.zeros(2, 2, 2).fill_diagonal_(1).nonzero().tolist() == [[0, 0, 0], [1, 1, 1]]
    with pytest.raises(RuntimeError, match="fill_diagonal_: .* as long in each"):
        torch.zeros(2, 2, 3).fill_diagonal_(1)


def test_backward_into_chosen_leaves():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    (a * b).sum().backward(inputs=[a])
    assert a.grad.tolist() == [1, 1] and b.grad is None


def test_gradients_at_bounds_and_of_what_isnt_chosen():
    F = torch.nn.functional
    x = torch.tensor([0.0, 6.0, 3.0], requires_grad=True)
    for function, expected in [(F.relu6, [0, 0, 1]), (lambda x: x.clamp(0, 6), [0, 0, 1]),
                               (lambda x: F.hardtanh(x, 3, 8), [0, 1, 0])]:
        assert torch.autograd.grad(function(x).sum(), x)[0].tolist() == expected
    y = torch.tensor([-1.0, 4.0], requires_grad=True)
    torch.maximum(y, torch.zeros(2)).sqrt().sum().backward()  # infinite for the zero alone
    assert y.grad.tolist() == [0, 0.25]
