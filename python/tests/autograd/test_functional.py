"""autograd.grad in its forms, and autograd.functional."""

import pytest
import tenon as torch
from tenon.autograd import functional


def test_grad_options():
    x, y = torch.tensor([2.0], requires_grad=True), torch.tensor([3.0], requires_grad=True)
    z = x * x
    with pytest.raises(torch.AutogradError):
        torch.autograd.grad(z, (x, y), retain_graph=True)
    assert torch.autograd.grad(z, (x, y), retain_graph=True, allow_unused=True)[1] is None
    grads = torch.autograd.grad(z, (x, y), retain_graph=True, materialize_grads=True)
    assert [grad.item() for grad in grads] == [4, 0]
    many = torch.autograd.grad(z, x, torch.tensor([[1.0], [10.0]]), is_grads_batched=True)
    assert many[0].tolist() == [[4], [40]]
    torch.autograd.backward(x * y, inputs=x)
    assert x.grad.item() == 3 and y.grad is None
    assert torch.autograd.Variable(torch.ones(2), requires_grad=True).requires_grad


def test_anomaly_mode():
    x = torch.tensor([0.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        assert torch.is_anomaly_enabled()
        with pytest.raises(torch.AutogradError, match="sqrt"):
            (x.sqrt() * 0).backward()
    assert not torch.is_anomaly_enabled()
    torch.autograd.set_detect_anomaly(True)
    assert torch.is_anomaly_enabled()
    with torch.autograd.set_detect_anomaly(False):
        assert not torch.is_anomaly_enabled()
    assert torch.is_anomaly_enabled()
    torch.autograd.set_detect_anomaly(False)


def function(a, b):
    return (a * b.sum()), (a**2).sum() * b


def test_jacobian():
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0])
    (aa, ab), (ba, bb) = functional.jacobian(function, (a, b))
    assert aa.tolist() == [[12, 0], [0, 12]] and ab.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert ba.tolist() == [[6, 12], [8, 16], [10, 20]]
    assert bb.tolist() == [[5, 0, 0], [0, 5, 0], [0, 0, 5]]
    square = functional.jacobian(lambda x: x**2, torch.tensor([[1.0, 2.0]]))
    assert square.shape == (1, 2, 1, 2) and square.reshape(2, 2).tolist() == [[2, 0], [0, 4]]
    assert not square.requires_grad
    x = torch.tensor([3.0], requires_grad=True)
    functional.jacobian(lambda x: x**3, x, create_graph=True).sum().backward()
    assert x.grad.item() == 18
    constant = functional.jacobian(lambda x: torch.ones(2), torch.zeros(3))
    assert constant.tolist() == [[0, 0, 0], [0, 0, 0]]
    with pytest.raises(RuntimeError, match="strict mode"):
        functional.jacobian(lambda x: torch.ones(2), torch.zeros(3), strict=True)
    assert functional.jacobian(lambda x: x[:0], torch.zeros(3)).shape == (0, 3)


def test_hessian():
    x = torch.tensor([1.0, 2.0])
    assert functional.hessian(lambda x: (x**3).sum() + x[0] * x[1], x).tolist() == [[6, 1], [1, 12]]
    (aa, ab), (ba, bb) = functional.hessian(lambda a, b: a * a * b,
                                            (torch.tensor(2.0), torch.tensor(3.0)))
    assert [one.item() for one in (aa, ab, ba, bb)] == [6, 4, 4, 0]
    with pytest.raises(RuntimeError, match="one tensor of one element"):
        functional.hessian(lambda x: x, x)


def test_products():
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0])
    va, vb = torch.tensor([1.0, -1.0]), torch.tensor([1.0, 0.0, 2.0])
    outputs, (ga, gb) = functional.vjp(function, (a, b), (va, vb))
    assert outputs[0].tolist() == [12, 24]
    assert ga.tolist() == [12 + 26, -12 + 52] and gb.tolist() == [-1 + 5, -1, -1 + 10]
    _, (pa, pb) = functional.jvp(function, (a, b), (va, vb))
    assert pa.tolist() == [12 + 3, -12 + 6]
    assert pb.tolist() == [-2 * 3 + 5, -2 * 4, -2 * 5 + 10]
    value, product = functional.hvp(lambda x: (x**3).sum(), a, va)
    assert value.item() == 9 and product.tolist() == [6, -12]
    assert functional.vhp(lambda x: (x**3).sum(), a, va)[1].tolist() == [6, -12]
    assert functional.vjp(lambda x: x.sum(), a)[1].tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="v can only be left out"):
        functional.vjp(lambda x: x, a)
    with pytest.raises(TypeError, match="must be a Tensor"):
        functional.jacobian(lambda x: x, 3)
