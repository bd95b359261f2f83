"""Derivatives as functions of functions."""

import pytest
import tenon as torch
from tenon.func import (functional_call, grad, grad_and_value, hessian, jacfwd, jacrev, jvp,
                        linearize, vjp, vmap)


def test_grad_to_any_order():
    x = torch.tensor(2.0)
    cube = lambda x: x**3  # noqa: E731
    first, second, third = grad(cube), grad(grad(cube)), grad(grad(grad(cube)))
    assert [f(x).item() for f in (first, second, third)] == [12, 12, 6]
    assert not first(x).requires_grad and not second(x).requires_grad and x.grad is None
    with torch.no_grad():
        assert first(x).item() == 12
    gradient, (value, more) = grad_and_value(lambda a, b: (a * b.sum(), {"b": b * 2}), (0, 1),
                                             has_aux=True)(x, torch.ones(2))
    assert gradient[0].item() == 2 and gradient[1].tolist() == [2, 2] and value.item() == 4
    assert more["b"].tolist() == [2, 2] and not more["b"].requires_grad
    trees = grad(lambda p, x: (p["w"] * x + p["b"][0]).sum())
    made = trees({"w": torch.ones(2), "b": [torch.zeros(2)]}, torch.tensor([3.0, 4.0]))
    assert made["w"].tolist() == [3, 4] and made["b"][0].tolist() == [1, 1]


def test_gradients_flow_to_what_lies_outside():
    w = torch.tensor(3.0, requires_grad=True)
    g = grad(lambda x: w * x**2)(torch.tensor(2.0))
    assert g.item() == 12 and g.requires_grad
    g.backward()
    assert w.grad.item() == 4
    x = torch.tensor(2.0, requires_grad=True)
    grad(lambda x: x**3)(x).backward()
    assert x.grad.item() == 12


def test_products():
    f = lambda a, b: (a * b.sum(), b**2)  # noqa: E731
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    (y, z), pull = vjp(f, a, b)
    assert y.tolist() == [7, 14] and not y.requires_grad
    for _ in range(2):
        ga, gb = pull((torch.tensor([1.0, 1.0]), torch.tensor([1.0, 0.0])))
        assert ga.tolist() == [7, 7] and gb.tolist() == [9, 3] and not ga.requires_grad
    values, products = jvp(f, (a, b), (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])))
    assert values[1].tolist() == [9, 16]
    assert products[0].tolist() == [8, 2] and products[1].tolist() == [0, 8]
    second = jvp(grad(lambda x: (x**3).sum()), (a,), (b,))[1]
    assert second.tolist() == [18, 48] and not second.requires_grad
    with pytest.raises(RuntimeError, match="expected tangents of sizes"):
        jvp(lambda x: x, (a,), (torch.ones(3),))
    with pytest.raises(RuntimeError, match="vjp: expected tensors of sizes"):
        pull(torch.ones(2))


def test_linearize_runs_the_function_once_for_all_products():
    runs = []

    def f(a, b):
        runs.append(1)
        return {"y": a["x"] * b.sin().sum(), "z": [b**2]}

    a, b = {"x": torch.tensor([1.0, 2.0])}, torch.tensor([3.0, 4.0])
    value, product = linearize(f, a, b)
    assert not value["y"].requires_grad
    for along in ({"x": torch.tensor([1.0, 0.0])}, torch.tensor([0.0, 1.0])), (
            {"x": torch.tensor([0.5, 2.0])}, torch.tensor([2.0, 1.0])):
        expected_value, expected = jvp(lambda *args: f(*args), (a, b), along)
        made = product(*along)
        assert torch.equal(made["y"], expected["y"]) and torch.equal(made["z"][0], expected["z"][0])
        assert torch.equal(value["y"], expected_value["y"]) and not made["y"].requires_grad
    assert len(runs) == 3
    w = torch.tensor(3.0, requires_grad=True)
    linearize(lambda x: w * x**2, torch.tensor(2.0))[1](torch.tensor(1.0)).backward()
    assert w.grad.item() == 4
    x = torch.randn(3)
    rows = vmap(linearize(torch.sin, x)[1])(torch.eye(3))
    torch.testing.assert_close(rows, torch.diag(x.cos()))
    with pytest.raises(RuntimeError, match="linearize: expected tangents of sizes"):
        product(a, torch.ones(3))
    with pytest.raises(RuntimeError, match="at least one argument"):
        linearize(f)


@pytest.mark.parametrize("jacobian", [jacrev, jacfwd])
def test_jacobians(jacobian):
    x = torch.tensor([1.0, 2.0])
    assert jacobian(lambda x: x**2)(x).tolist() == [[2, 0], [0, 4]]
    both = jacobian(lambda a, b: a.sum() * b, argnums=(0, 1))(x, torch.tensor([5.0, 6.0, 7.0]))
    assert both[0].tolist() == [[5, 5], [6, 6], [7, 7]]
    assert both[1].tolist() == [[3, 0, 0], [0, 3, 0], [0, 0, 3]]
    made, aux = jacobian(lambda x: ({"y": x.sum()}, x * 2), has_aux=True)(x)
    assert made["y"].tolist() == [1, 1] and aux.tolist() == [2, 4]


def test_hessian():
    x = torch.tensor([1.0, 2.0])
    f = lambda x: (x**3).sum() + x[0] * x[1]  # noqa: E731
    for second in hessian(f), jacfwd(jacrev(f)), jacrev(jacfwd(f)):
        assert second(x).tolist() == [[6, 1], [1, 12]]


def test_functional_call():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    names = dict(model.named_parameters())
    before = {name: value.tolist() for name, value in names.items()}
    model.eval()
    x = torch.tensor([[1.0, 2.0]])
    other = {"0.weight": torch.eye(2) * 3, "0.bias": torch.zeros(2),
             "1.running_mean": torch.tensor([1.0, 1.0])}
    y = functional_call(model, other, x)
    assert y.tolist()[0] == pytest.approx([2, 5], abs=1e-3)
    assert {name: value.tolist() for name, value in model.named_parameters()} == before
    g = grad(lambda p: functional_call(model, (p,), (x,)).sum())({"0.bias": torch.zeros(2)})
    assert g["0.bias"].tolist() == pytest.approx([1, 1], abs=1e-3)
    with pytest.raises(KeyError, match="no parameter or buffer 'no'"):
        functional_call(model, {"no": x}, x)
    with pytest.raises(RuntimeError, match="missing"):
        functional_call(model, other, x, strict=True)
    tied = torch.nn.Module()
    tied.a = torch.nn.Linear(1, 1, bias=False)
    tied.b = tied.a
    tied.forward = lambda x: tied.b(tied.a(x))
    assert functional_call(tied, {"a.weight": torch.tensor([[3.0]])}, torch.ones(1, 1)).item() == 9


def test_vmap():
    a, b = torch.arange(6.0).reshape(3, 2), torch.arange(6.0).reshape(2, 3)
    assert vmap(torch.dot, in_dims=(0, 1))(a, b).tolist() == [3, 14, 33]
    assert vmap(lambda x, k: x * k, in_dims=(1, None), out_dims=1)(a, 2).tolist() == \
        (a * 2).tolist()
    x, y = torch.randn(5, 3), torch.randn(5)
    w = torch.randn(3)
    per_sample = vmap(grad(lambda w, x, y: (w @ x - y) ** 2), in_dims=(None, 0, 0))(w, x, y)
    expected = 2 * (x @ w - y).unsqueeze(1) * x
    assert (per_sample - expected).abs().max().item() < 1e-5
    nested = vmap(vmap(lambda p, q: {"s": p + q}), in_dims=(0, 0))(a, a)
    assert nested["s"].tolist() == (a * 2).tolist()
    with pytest.raises(ValueError, match="all of one size; got sizes .2, 3."):
        vmap(torch.dot)(a, b)
    noisy = lambda x: x + torch.rand(())  # noqa: E731
    with pytest.raises(RuntimeError, match="draws random numbers"):
        vmap(noisy)(torch.zeros(4))
    assert len(set(vmap(noisy, randomness="different")(torch.zeros(4)).tolist())) == 4
    assert len(set(vmap(noisy, randomness="same")(torch.zeros(4)).tolist())) == 1
    with pytest.raises(RuntimeError, match="0-d tensor, got one of sizes"):
        grad(lambda x: x)(torch.ones(2))
