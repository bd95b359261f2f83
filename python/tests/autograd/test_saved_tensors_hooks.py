"""tenon.autograd.graph: hooks on what ops save for their gradients."""

import gc
import threading
import weakref

import pytest
import tenon as torch
from tenon.autograd.graph import (disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks)
from tenon.utils.checkpoint import checkpoint


def test_ops_keep_what_pack_makes_and_ask_unpack():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed = []

    def pack(tensor):
        assert not tensor.requires_grad
        packed.append(tensor.tolist())
        return len(packed) - 1

    with saved_tensors_hooks(pack, lambda number: torch.tensor(packed[number]) * 10):
        y = (x * x).exp()
    assert len(packed) == 3  # both factors, and the exponential
    torch.autograd.backward(y.sum())
    expected = 10 * torch.tensor([1.0, 4.0]).exp() * torch.tensor([20.0, 40.0])
    assert torch.allclose(x.grad, expected)
    y = x * x
    assert len(packed) == 3


def test_files_hold_what_ops_save(tmp_path):
    def pack(tensor):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors"
        torch.save({"x": tensor}, path)
        return path

    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.GELU(), torch.nn.Linear(5, 1))
    x = torch.linspace(0, 1, 6).reshape(2, 3)
    net(x).sum().backward()
    grads = [p.grad.tolist() for p in net.parameters()]
    net.zero_grad()
    with saved_tensors_hooks(pack, lambda path: torch.load(path)["x"]):
        y = net(x)
    assert len(list(tmp_path.iterdir())) > 2
    y.sum().backward()
    assert [p.grad.tolist() for p in net.parameters()] == grads


@pytest.mark.parametrize("context", [save_on_cpu, lambda: save_on_cpu(pin_memory=True)])
def test_save_on_cpu(context):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with context():
        y = (x ** 3).sum()
    first, = torch.autograd.grad(y, x, create_graph=True)
    second, = torch.autograd.grad(first.sum(), x)
    assert first.tolist() == [3, 12] and second.tolist() == [6, 12]


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x, None)
        return x ** 3

    @staticmethod
    def backward(ctx, grad):
        x, nothing = ctx.saved_tensors
        assert nothing is None
        return grad * 3 * x ** 2


def test_functions_and_checkpoints_save_through_them():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed = []
    for cube in Cube.apply, lambda x: checkpoint(lambda y: y ** 3, x, use_reentrant=True):
        with saved_tensors_hooks(lambda t: packed.append(t.shape) or t.clone(), lambda t: t):
            y = cube(x)
        first, = torch.autograd.grad(y.sum(), x, create_graph=True)
        assert first.tolist() == [3, 12]
        assert torch.autograd.grad(first.sum(), x)[0].tolist() == [6, 12]
    assert packed == [(2,), (2,)]


def test_mistakes():
    x = torch.ones(2, requires_grad=True)
    with saved_tensors_hooks(lambda t: t, lambda t: t.tolist()):
        y = x * x
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor but got .* list"):
        y.sum().backward()
    with saved_tensors_hooks(lambda t: 1 / 0, lambda t: t), pytest.raises(ZeroDivisionError):
        x * x
    with saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t):
        with pytest.raises(RuntimeError, match="wrote the tensor that it was given in place"):
            x * x
    with saved_tensors_hooks(lambda t: t, lambda t: t[:1]):
        y = x * x
    with pytest.raises(RuntimeError, match=r"must give float32 of sizes \[2\] on 'cpu' back"):
        y.sum().backward()
    with disable_saved_tensors_hooks("none of these here"):
        with pytest.raises(RuntimeError, match="none of these here"):
            with saved_tensors_hooks(lambda t: t, lambda t: t):
                pass
        assert (x * x).requires_grad
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        with pytest.raises(RuntimeError, match="too late"), disable_saved_tensors_hooks("too late"):
            pass


def test_hooks_are_the_thread_s_own():
    x, packed = torch.ones(2, requires_grad=True), []
    with saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        thread = threading.Thread(target=lambda: x.exp())
        thread.start()
        thread.join()
    assert packed == []


def test_what_was_packed_goes_with_the_graph():
    class Kept:
        def __init__(self, tensor):
            self.tensor = tensor

    def kept(walked):
        x, all_kept = torch.ones(2, requires_grad=True), []

        def pack(tensor):
            made = Kept(tensor)
            all_kept.append(weakref.ref(made))
            return made

        with saved_tensors_hooks(pack, lambda made: made.tensor):
            y = x.exp() * x
        if walked:
            y.sum().backward()
            return y, all_kept
        return None, all_kept

    gc.disable()
    try:
        for walked in False, True:
            y, all_kept = kept(walked)
            assert len(all_kept) == 3 and [one() for one in all_kept] == [None] * 3
    finally:
        gc.enable()


def test_compiled_functions_call_them():
    calls = []

    def run(x):
        with saved_tensors_hooks(lambda t: calls.append(0) or t.bfloat16(), lambda t: t.float()):
            return (x.tanh() * x).sum()

    def gradients(function):
        x, grads = torch.linspace(-2, 2, 9, requires_grad=True), []
        for _ in range(4):
            x.grad = None
            function(x).backward()
            grads.append(x.grad.tolist())
        return grads

    expected = gradients(run)
    count = len(calls)
    assert gradients(torch.compile(run)) == expected and len(calls) == 2 * count
