"""Hooks of the calls of all modules."""

import pytest
import tenon as torch
from tenon.nn.modules.module import (register_module_forward_hook, register_module_forward_pre_hook,
                                     register_module_full_backward_hook,
                                     register_module_full_backward_pre_hook)


def test_forward_hooks_see_every_module_before_its_own():
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    x, seen = torch.ones(1, 2), []
    plain = net(x)
    net[0].register_forward_hook(lambda module, args, output: seen.append("own"))
    with register_module_forward_hook(lambda module, args, output: seen.append(module)):
        with register_module_forward_pre_hook(lambda module, args: seen.append((module, args[0]))):
            assert net(x).tolist() == plain.tolist()
    assert seen == [(net, x), (net[0], x), net[0], "own", (net[1], seen[4][1]), net[1], net]
    seen.clear()
    net(x)
    assert seen == ["own"]


def test_what_they_return_takes_the_place():
    layer, x = torch.nn.Identity(), torch.ones(2)
    with register_module_forward_pre_hook(lambda module, args: args[0] * 3), \
            register_module_forward_hook(lambda module, args, kwargs, output: output + len(kwargs),
                                         with_kwargs=True):
        assert layer(x).tolist() == [3, 3]
    assert layer(x) is x

    class Fails(torch.nn.Module):
        def forward(self, x):
            raise LookupError

    outputs = []
    hook = register_module_forward_hook(lambda module, args, output: outputs.append(output),
                                        always_call=True)
    with hook, pytest.raises(LookupError):
        Fails()(x)
    assert outputs == [None]


def test_backward_hooks():
    layer, seen = torch.nn.Linear(2, 1, bias=False), []
    x = torch.ones(1, 2, requires_grad=True)
    before = register_module_full_backward_pre_hook(
        lambda module, grad_output: (grad_output[0] * 2,))
    after = register_module_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((grad_input[0].clone(),
                                                             grad_output[0].tolist())))
    with before, after:
        layer(x).sum().backward()
    assert seen[0][1] == [[2]] and torch.equal(seen[0][0], 2 * layer.weight)
    assert torch.equal(x.grad, 2 * layer.weight)
    layer(x).sum().backward()
    assert len(seen) == 1
