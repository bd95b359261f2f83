"""vmap calls its function once, and gives what a call for each index gives."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn.functional as F
from tenon.func import functional_call, grad, hessian, jacrev, jvp, vjp, vmap

R = lambda *sizes: torch.randn(*sizes, dtype=torch.float64)  # noqa: E731
I = lambda high, *sizes: torch.randint(0, high, sizes)  # noqa: E731, E741


def set_items(x, y):
    x = x.clone()
    x[0] = y
    x[1:] *= 2
    return x


CASES = {
    "arithmetic": (lambda x, y: x + y * 2 - 1, (R(4, 3), R(4, 3)), 0),
    "broadcast": (lambda x, y: x[:, None] * y, (R(4, 3), R(4, 5)), 0),
    "0-d": (lambda x, y: x * y, (R(4), R(4, 3)), 0),
    "matrix by vector": (lambda w, x: w @ x, (R(4, 3, 5), R(4, 5)), 0),
    "vector by matrix": (lambda w, x: x @ w, (R(4, 5, 3), R(4, 5)), 0),
    "matrices": (lambda w, x: w @ x, (R(4, 3, 5), R(4, 2, 5, 3)), 0),
    "one matrix": (lambda w, x: w @ x, (R(3, 5), R(4, 5, 2)), (None, 0)),
    "one vector": (lambda w, x: w @ x, (R(4, 3, 5), R(5)), (0, None)),
    "dot": (torch.dot, (R(4, 5), R(4, 5)), 0),
    "bmm": (torch.bmm, (R(4, 2, 3, 5), R(4, 2, 5, 3)), 0),
    "linear": (F.linear, (R(4, 5), R(3, 5), R(3)), (0, None, None)),
    "linear of each": (F.linear, (R(4, 2, 5), R(4, 3, 5), R(4, 3)), 0),
    "einsum": (lambda x, y: torch.einsum("ij,jk->ik", x, y), (R(4, 2, 3), R(3, 5)), (0, None)),
    "einsum without result": (lambda x, y: torch.einsum("i,i", x, y), (R(4, 3), R(4, 3)), 0),
    "outer": (lambda x, y: torch.addmm(torch.outer(x, y), torch.outer(x, x), torch.outer(x, y)),
              (R(4, 3), R(4, 3)), 0),
    "sums": (lambda x: (x.sum(), x.sum(0), x.sum(-1), x.mean((0, 1)), x.sum(1, keepdim=True)),
             (R(4, 2, 3),), 0),
    "extremes": (lambda x: (x.max(), x.max(0)[0], x.max(1)[1], x.argmax(0), x.argmax()),
                 (R(4, 2, 3),), 0),
    "moments": (lambda x: (x.var(), x.std(0), x.norm(), x.logsumexp(0), x.prod(1)),
                (R(4, 2, 3),), 0),
    "softmax": (lambda x: (x.softmax(0), F.log_softmax(x, -1), x.cumsum(0)), (R(4, 2, 3),), 0),
    "order": (lambda x: (x.sort(0)[0], x.topk(2)[0], x.sort(-1, descending=True)[1],
                         x.median(0).values), (R(4, 2, 3),), 0),
    "views": (lambda x: (x.view(6), x.reshape(3, 2), x.t(), x.T, x.mT, x.permute(1, 0),
                         x.flatten(), x.unsqueeze(-1), x[None].squeeze(0), x[None].squeeze()),
              (R(4, 2, 3),), 0),
    "more views": (lambda x: (x.expand(5, 2, 3), x.repeat(2, 1), torch.flip(x, [0]),
                              *x.chunk(2, 0), *x.split(1, 1), *x.unbind(0), x.movedim(0, 1)),
                   (R(4, 2, 3),), 0),
    "cat": (lambda x, y: (torch.cat([x, y]), torch.stack([y, x], 1)), (R(4, 2, 3), R(2, 3)),
            (0, None)),
    "index": (lambda x: (x[0], x[1, 2], x[:, 1:], x[..., 0], x[None], x[-1, ::2],
                         x[torch.tensor([1, 0])], x[:, torch.tensor([1, 0])]), (R(4, 2, 3),), 0),
    "index of each": (lambda x, i: (x[i], x[:, i], x[0, i]), (R(4, 3, 3), I(3, 4, 2)), 0),
    "index into one": (lambda x, i: (x[i], x[i, i]), (R(3, 3), I(3, 4, 2)), (None, 0)),
    "set": (set_items, (R(4, 3), R(4)), 0),
    "choices": (lambda x, y: (torch.where(x > 0, x, y), x.clamp(min=0), x.masked_fill(x > 0, 0.),
                              F.gelu(x), x**2, 2**x, 1 / x, -x, abs(x), ~(x > 0)),
                (R(4, 3), R(4, 3)), 0),
    "in place": (lambda x: (x.clone().mul_(2).add_(x), x.clone().fill_(3), x.clone().zero_()),
                 (R(4, 3),), 0),
    "losses": (lambda x, y: (F.mse_loss(x, y), F.l1_loss(x, y, reduction="sum"),
                             F.binary_cross_entropy_with_logits(x, y.sigmoid())),
               (R(4, 3), R(4, 3)), 0),
    "cross entropy": (F.cross_entropy, (R(4, 3), I(3, 4)), 0),
    "cross entropy of rows": (lambda x, y: (F.cross_entropy(x, y), F.cross_entropy(
        x, y, ignore_index=1), F.nll_loss(F.log_softmax(x, 1), y, reduction="sum")),
        (R(4, 5, 3), I(3, 4, 5)), 0),
    "places": (lambda x, i: (x.gather(1, i), torch.zeros(2, 3, dtype=torch.float64).scatter_add(
        1, i, x)), (R(4, 2, 3), I(2, 4, 2, 3)), 0),
    "embedding": (lambda w, i: F.embedding(i, w), (R(7, 3), I(7, 4, 5)), (None, 0)),
    "embedding of each": (lambda w, i: F.embedding(i, w), (R(4, 7, 3), I(7, 4, 5)), 0),
    "convolution": (lambda x, w: (F.conv2d(x, w, padding=1), F.max_pool2d(x, 2),
                                  F.avg_pool2d(x, 2)), (R(4, 2, 3, 6, 6), R(5, 3, 3, 3)),
                    (0, None)),
    "convolution of each": (lambda x, w, b: F.conv2d(x, w, b, stride=2, groups=2),
                            (R(4, 2, 4, 6, 6), R(4, 6, 2, 3, 3), R(4, 6)), 0),
    "layer norm": (lambda x, w, b: F.layer_norm(x, (3,), w, b), (R(4, 2, 3), R(4, 3), R(4, 3)), 0),
    "group norm": (lambda x, w, b: F.group_norm(x, 2, w, b),
                   (R(4, 2, 6, 3), R(4, 6), R(4, 6)), 0),
    "batch norm": (lambda x, m, v, w: F.batch_norm(x, m, v.exp(), w),
                   (R(4, 2, 3), R(3), R(3), R(4, 3)), (0, None, None, 0)),
    "attention": (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
                  (R(4, 2, 5, 3), R(4, 2, 5, 3), R(2, 5, 3)), (0, 0, None)),
    "without a rule": (lambda x: (x.tril(), torch.linalg.det(x), torch.trace(x), x.roll(1, 0)),
                       (R(4, 3, 3),), 0),
    "other dims": (lambda x, y: x + y, (R(3, 4), R(4, 3)), (1, 0)),
    "constants": (lambda x: (x, torch.ones(2)), (R(4, 3),), 0),
    "keywords": (lambda x: (torch.sum(input=x, dim=0), torch.softmax(x, dim=1),
                            x.mean(axis=0, keepdim=True)), (R(4, 2, 3),), 0),
}


def parts(dims, args, i):
    dims = dims if isinstance(dims, tuple) else (dims,) * len(args)
    return [x if dim is None else x.select(dim, i) for x, dim in zip(args, dims)]


@pytest.mark.parametrize("name", CASES)
def test_one_call_is_a_call_for_each(name):
    function, args, dims = CASES[name]
    calls = []

    def counted(*args):
        calls.append(1)
        return function(*args)

    made = vmap(counted, in_dims=dims)(*args)
    assert len(calls) == 1
    made = made if isinstance(made, tuple) else (made,)
    for i in range(4):
        expected = function(*parts(dims, args, i))
        expected = expected if isinstance(expected, tuple) else (expected,)
        assert len(made) == len(expected)
        for whole, part in zip(made, expected):
            assert whole.dtype == part.dtype and whole[i].shape == part.shape
            torch.testing.assert_close(whole[i], part, rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("function", [
    lambda x: x * 2 if x.sum() > 0 else x, lambda x: x * x.sum().item(),
    lambda x: torch.tensor(x.tolist()), lambda x: torch.zeros(3, dtype=x.dtype).copy_(x)],
    ids=["branch", "item", "tolist", "copy_"])
def test_elements_are_had_by_calls_for_each(function):
    x, calls = R(4, 3), []

    def counted(x):
        calls.append(1)
        return function(x)

    made = vmap(counted)(x)
    assert len(calls) > 4
    for i in range(4):
        torch.testing.assert_close(made[i], function(x[i]))


def test_mistakes_are_the_function_s():
    with pytest.raises(torch.ShapeError, match="matmul"):
        vmap(lambda x: x @ torch.ones(2))(torch.ones(4, 3))
    with pytest.raises(ArithmeticError, match="mine"):
        vmap(lambda x: (_ for _ in ()).throw(ArithmeticError("mine")))(torch.ones(4, 3))
    with pytest.raises(IndexError):
        vmap(lambda x: x.sum(1))(torch.ones(4, 3))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.group = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.GroupNorm(2, 4)
        self.hidden, self.norm = torch.nn.Linear(16, 8), torch.nn.LayerNorm(8)
        self.drop, self.out = torch.nn.Dropout(0.0), torch.nn.Linear(8, 3)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.group(self.conv(x))), 2)
        return self.out(self.drop(F.gelu(self.norm(self.hidden(torch.flatten(x, 1))))))


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = torch.nn.Embedding(11, 8)
        self.places = torch.nn.Parameter(torch.randn(5, 8))
        self.block = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
        self.out = torch.nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.block(self.tokens(x) + self.places).mean(1))


class Cells(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.out = torch.nn.LSTMCell(4, 6), torch.nn.Linear(6, 3)

    def forward(self, x):
        h = c = torch.zeros(x.shape[0], 6, dtype=x.dtype)
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], (h, c))
        return self.out(h)


@pytest.mark.parametrize("kind, make", [(Net, lambda: R(6, 1, 4, 4)),
                                        (Encoder, lambda: I(11, 6, 5)),
                                        (Cells, lambda: R(6, 3, 4))])
def test_gradients_by_sample(kind, make):
    torch.manual_seed(0)
    model, x, y = kind().double(), make(), I(3, 6)
    calls = []

    def loss(weights, x, y):
        calls.append(1)
        return F.cross_entropy(functional_call(model, weights, x.unsqueeze(0)), y.unsqueeze(0))

    weights = {name: value.detach() for name, value in model.named_parameters()}
    made = vmap(grad(loss), in_dims=(None, 0, 0))(weights, x, y)
    assert len(calls) == 1
    for i in range(6):
        model.zero_grad()
        F.cross_entropy(model(x[i:i + 1]), y[i:i + 1]).backward()
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(made[name][i], parameter.grad, rtol=1e-7, atol=1e-9)


def test_transforms_within_each_other():
    x, y = R(3, 4), R(5, 4)
    pairs = vmap(vmap(lambda x, y: (x - y).pow(2).sum(), (None, 0)), (0, None))(x, y)
    torch.testing.assert_close(pairs, torch.cdist(x, y) ** 2)
    slopes = vmap(vmap(grad(lambda x, y: ((x - y) ** 3).sum()), (None, 0)), (0, None))(x, y)
    torch.testing.assert_close(slopes, 3 * (x[:, None] - y) ** 2)
    f = lambda x: x.sin() * x.sum()  # noqa: E731
    g = lambda x: (x**3).sum() * x[0]  # noqa: E731
    for transform in (jacrev(f), hessian(g), lambda x: jvp(f, (x,), (x,))[1],
                      lambda x: vjp(f, x)[1](torch.ones(4, dtype=x.dtype))[0],
                      grad(lambda x: grad(g)(x).sum())):
        made = vmap(transform)(x)
        for i in range(3):
            torch.testing.assert_close(made[i], transform(x[i]), rtol=1e-9, atol=1e-9)
    outer = grad(lambda w: vmap(lambda x: (w * x).tanh().sum())(x).sum())(y[0])
    expected = grad(lambda w: (w * x).tanh().sum())(y[0])
    torch.testing.assert_close(outer, expected)
    w = y[0].clone().requires_grad_()
    vmap(lambda x: (w * x).sum())(x).sum().backward()
    torch.testing.assert_close(w.grad, x.sum(0))


def test_chunks():
    sizes = []

    def function(x):
        sizes.append(1)
        return x * 2, x.sum()

    x = R(5, 3)
    doubled, sums = vmap(function, chunk_size=2)(x)
    assert len(sizes) == 3
    torch.testing.assert_close(doubled, x * 2)
    torch.testing.assert_close(sums, x.sum(1))
    with pytest.raises(ValueError, match="chunk_size is a number from 1 on"):
        vmap(function, chunk_size=0)
    assert vmap(lambda x: x, in_dims=1, out_dims=-1)(x).shape == (5, 3)
    tree = {"a": x, "b": [np.pi]}
    made = vmap(lambda t: t["a"] * t["b"][0], in_dims=({"a": 0, "b": None},))(tree)
    torch.testing.assert_close(made, x * np.pi)


def test_several_models_at_once():
    models = [torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
              for _ in range(5)]
    weights, buffers = torch.func.stack_module_state(models)
    assert weights["0.weight"].shape == (5, 4, 3) and weights["0.weight"].requires_grad
    x = torch.randn(7, 3)
    made = vmap(lambda w, b, x: functional_call(models[0], (w, b), (x,)),
                in_dims=(0, 0, None))(weights, buffers, x)
    for model, one in zip(models, made):
        torch.testing.assert_close(one, model(x))
    with pytest.raises(RuntimeError, match="of the same class"):
        torch.func.stack_module_state([models[0], models[0][0]])
