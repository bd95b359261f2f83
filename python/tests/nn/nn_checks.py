"""What the tests of nn share."""

import copy

import numpy as np
import tenon as torch


def check_gradients(module, *inputs, eps=1e-6, tolerance=1e-6):
    """Holds backward() through a module of float64 parameters against central differences, for its
    inputs and its parameters."""
    module = module.double()
    inputs = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    leaves = [x.requires_grad_() for x in inputs if x.is_floating_point()]
    leaves += list(module.parameters())
    module(*inputs)  # lazy modules and buffers take their sizes
    buffers = copy.deepcopy(dict(module.named_buffers()))
    weights = None

    def loss():
        nonlocal weights
        with torch.no_grad():
            for name, buffer in module.named_buffers():
                buffer.copy_(buffers[name])
        result = module(*inputs)
        result = result[0] if isinstance(result, tuple) else result
        if weights is None:
            numbers = np.cos(np.arange(result.numel())).reshape(result.shape)
            weights = torch.tensor(numbers)
        return (result * weights).sum()

    for leaf in leaves:
        leaf.grad = None
    loss().backward()
    for leaf in leaves:
        flat = leaf.data.view(-1)
        expected = np.zeros(leaf.numel())
        for i in range(leaf.numel()):
            kept = flat[i].item()
            flat[i] = kept + eps
            above = loss().item()
            flat[i] = kept - eps
            below = loss().item()
            flat[i] = kept
            expected[i] = (above - below) / (2 * eps)
        grad = np.zeros(leaf.numel()) if leaf.grad is None else leaf.grad.numpy().reshape(-1)
        np.testing.assert_allclose(grad, expected, rtol=1e-4, atol=tolerance)


def check_round_trip(module, *inputs):
    """A module rebuilt from its state dict, and a deep copy, compute the same."""
    other = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    assert other.load_state_dict(module.state_dict()).missing_keys == []
    assert list(other.state_dict()) == list(module.state_dict())
    module.eval(), other.eval()
    first, second = module(*inputs), other(*inputs)
    first, second = (x[0] if isinstance(x, tuple) else x for x in (first, second))
    np.testing.assert_array_equal(first.detach().numpy(), second.detach().numpy())


def losses(model, inputs, target, compiled, steps=4):
    """Those of plain gradient descent, eager or compiled."""

    def step():
        loss = ((model(*inputs) - target) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.05 * parameter.grad
        model.zero_grad()
        return loss

    step = torch.compile(step) if compiled else step
    return [step().item() for _ in range(steps)]
