"""Hooks on leaves whose gradients were added up."""

import gc
import weakref

import pytest
import tenon as torch


def test_they_are_called_with_the_leaf_itself_once_per_pass():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda leaf: seen.append((leaf, leaf.grad[0])))
    (x * 3 + x * x).sum().backward()
    assert seen[0][0] is x and seen[0][1].item() == 5 and len(seen) == 1
    torch.autograd.grad((x * 3).sum(), x)
    assert len(seen) == 1
    torch.autograd.backward((x * 3).sum(), inputs=[x])
    assert len(seen) == 2 and x.grad.tolist() == [8, 10]
    handle.remove()
    (x * 3).sum().backward()
    assert len(seen) == 2
    with pytest.raises(RuntimeError, match="result of an op; use register_hook"):
        (x * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="requires no gradient"):
        torch.ones(2).register_post_accumulate_grad_hook(print)
    with x.register_post_accumulate_grad_hook(lambda leaf: 1 / 0), pytest.raises(ZeroDivisionError):
        x.sum().backward()


@pytest.mark.parametrize("compiled", [False, True])
def test_optimizers_step_in_backward(compiled):
    def train(in_hooks):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        kind = torch.optim.SGD
        everything = kind(net.parameters(), lr=0.1, momentum=0.9)
        own = {p: kind([p], lr=0.1, momentum=0.9) for p in net.parameters()}
        most_grads = 0

        def step_at_once(p):
            nonlocal most_grads
            most_grads = max(most_grads, sum(q.grad is not None for q in net.parameters()))
            own[p].step()
            own[p].zero_grad()

        def step(x):
            loss = (net(x) ** 2).sum()
            loss.backward()
            if not in_hooks:
                everything.step()
                everything.zero_grad()
            return loss.detach()

        if in_hooks:
            for p in net.parameters():
                p.register_post_accumulate_grad_hook(step_at_once)
        run = torch.compile(step) if compiled and in_hooks else step
        x = torch.linspace(-1, 1, 12).reshape(3, 4)
        losses = [run(x).item() for _ in range(6)]
        if in_hooks:
            assert most_grads < 4  # some were used before others were there
        return losses, [p.tolist() for p in net.parameters()]

    assert train(True) == train(False)


def test_hooks_that_hold_their_leaf_go_with_it():
    def held():
        layer = torch.nn.Linear(3, 4)
        optimizers = {p: torch.optim.Adam([p]) for p in layer.parameters()}
        for p in layer.parameters():
            p.register_post_accumulate_grad_hook(lambda p: optimizers[p].step())
            p.register_hook(lambda grad: grad * len(optimizers))
        layer(torch.ones(2, 3)).sum().backward()
        return weakref.ref(layer), weakref.ref(layer.weight), weakref.ref(optimizers[layer.bias])

    left = held()
    gc.collect()
    assert [one() for one in left] == [None] * 3


def test_hooks_outlive_the_object_they_were_registered_on():
    seen = []

    def make():
        x = torch.ones(2, requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
        return (x * 2).sum()

    y = make()
    gc.collect()
    y.backward()
    assert seen == [[2, 2]]


def test_hooks_stay_where_data_is_replaced():
    layer, seen = torch.nn.Linear(2, 1), []
    first = layer.weight.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.dtype))
    layer.weight.register_hook(lambda grad: grad * 2)
    layer.double()
    layer(torch.ones(1, 2).double()).sum().backward()
    assert seen == [torch.float64] and layer.weight.grad.tolist() == [[2, 2]]
    first.remove()
    layer(torch.ones(1, 2).double()).sum().backward()
    assert len(seen) == 1
