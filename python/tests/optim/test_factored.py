"""Adafactor and Muon, by NumPy."""

import numpy as np
import pytest
import tenon as torch

RNG = np.random.default_rng(0)


def run(make, start, grads):
    p = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([p])
    for grad in grads:
        p.grad = torch.tensor(grad)
        optimizer.step()
    return p.numpy(force=True), optimizer


def test_adafactor():
    start, grads = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 4, 3))
    p, rows, columns = start.copy(), 0, 0
    for t, grad in enumerate(grads, 1):
        new = t**-0.8
        rate = min(0.5, t**-0.5) * max(1e-3, np.sqrt((p**2).mean()))
        p *= 1 - 0.5 * 0.1
        rows = rows * (1 - new) + new * (grad**2).mean(1, keepdims=True)
        columns = columns * (1 - new) + new * (grad**2).mean(0, keepdims=True)
        update = grad / np.sqrt(rows * columns / rows.mean())
        p -= rate * update / max(1, np.sqrt((update**2).mean()) / 1.5)
    made, optimizer = run(lambda ps: torch.optim.Adafactor(ps, lr=0.5, d=1.5, weight_decay=0.1),
                          start, grads)
    np.testing.assert_allclose(made, p, rtol=1e-9)
    assert set(optimizer.state_dict()["state"][0]) == {"step", "row_var", "col_var"}
    vector, optimizer = run(lambda ps: torch.optim.Adafactor(ps, maximize=True), start[0],
                            grads[:1, 0])
    length = max(1e-3, np.sqrt((start[0] ** 2).mean()))
    np.testing.assert_allclose(vector, start[0] + 0.01 * length * np.sign(grads[0, 0]), rtol=1e-9)
    with pytest.raises(ValueError, match="learning rate -1 is out of its range"):
        torch.optim.Adafactor([torch.ones(2)], lr=-1)


def orthogonal(x):
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(3, 5), (6, 2)])
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon(shape, nesterov):
    start, grads = RNG.normal(size=shape), RNG.normal(size=(2, *shape))
    p, buffer = start.copy(), 0
    for grad in grads:
        buffer = buffer * 0.9 + 0.1 * grad
        update = grad * 0.1 + buffer * 0.9 if nesterov else buffer
        update = orthogonal(update.T).T if shape[0] > shape[1] else orthogonal(update)
        p = p * (1 - 0.1 * 0.2) - 0.1 * max(1, shape[0] / shape[1]) ** 0.5 * update
    made, _ = run(lambda ps: torch.optim.Muon(ps, lr=0.1, weight_decay=0.2, momentum=0.9,
                                              nesterov=nesterov), start, grads)
    np.testing.assert_allclose(made, p, atol=0.02)  # the iteration runs in bfloat16
    assert np.abs(made - start).max() > 0.1
    with pytest.raises(ValueError, match="only supports 2D parameters"):
        torch.optim.Muon([torch.ones(2)])
