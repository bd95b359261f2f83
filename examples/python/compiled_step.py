"""y = 2x, learnt from four points: tensors, gradients and a compiled step from Python."""

import tenon as torch

x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
y = 2 * x
weight = torch.zeros(1, 1, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)


@torch.compile
def step(rate):
    loss = ((x @ weight + bias - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for parameter in (weight, bias):
            parameter -= rate * parameter.grad
            parameter.grad = None
    return loss


for epoch in range(1000):
    loss = step(0.01)
    if epoch % 200 == 0:
        print(f"epoch {epoch}: loss {loss.item():.6f}")
print(f"y = {weight.item():.3f} x + {bias.item():.3f}")
