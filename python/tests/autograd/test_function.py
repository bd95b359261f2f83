"""Functions with gradients of their own."""

import gc
import weakref

import pytest
import tenon as torch
from tenon.autograd import Function, gradcheck, gradgradcheck
from tenon.autograd.function import once_differentiable


class Cube(Function):
    @staticmethod
    def forward(ctx, x, factor=1.0):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x**3 * factor

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * 3 * x**2 * ctx.factor, None


class ExpByResult(Function):
    """In PyTorch's other style, with the result saved."""

    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad):
        y, = ctx.saved_tensors
        return grad * y


class SumAndProduct(Function):
    """Two results, one of which may be left without gradient."""

    materialize, seen = True, []

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, None, y)
        ctx.set_materialize_grads(SumAndProduct.materialize)
        return x + y, x * y, "text"

    @staticmethod
    def backward(ctx, of_sum, of_product, of_text):
        x, nothing, y = ctx.saved_tensors
        assert nothing is None and of_text is None
        SumAndProduct.seen.append((ctx.needs_input_grad, of_product))
        if of_product is None:
            return of_sum, of_sum
        return of_sum + of_product * y, of_sum + of_product * x


def test_gradients():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x, 2.0)
    assert y.tolist() == [2, 16] and "CubeBackward" in y.grad_fn.name()
    first, = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert first.tolist() == [6, 24]
    first.sum().backward()
    assert x.grad.tolist() == [12, 24]
    assert not Cube.apply(x.detach()).requires_grad
    with torch.no_grad():
        assert not Cube.apply(x).requires_grad


@pytest.mark.parametrize("function", [Cube.apply, ExpByResult.apply,
                                      lambda x: SumAndProduct.apply(x, x.exp())[:2]])
def test_by_finite_differences(function):
    x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(function, (x,)) and gradgradcheck(function, (x,))


def test_wrong_gradients_are_found():
    class Wrong(Cube):
        @staticmethod
        def backward(ctx, grad):
            return grad * 2, None

    x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    with pytest.raises(torch.autograd.GradcheckError, match="the gradient is 2, finite differences "
                                                            "give 0.75"):
        gradcheck(Wrong.apply, (x,))
    assert gradcheck(Wrong.apply, x, raise_exception=False) is False
    assert gradcheck(lambda a, k, b: a * k * b, (x, 3, torch.ones(1, dtype=torch.float64)))
    assert gradgradcheck(lambda a: a**3, (x,), (torch.ones(1, dtype=torch.float64),))


def test_results_without_gradient():
    x, y = torch.tensor([2.0], requires_grad=True), torch.tensor([3.0])
    SumAndProduct.seen.clear()
    total, product, text = SumAndProduct.apply(x, y)
    assert text == "text"
    total.backward()
    (needs, grad), = SumAndProduct.seen
    assert x.grad.item() == 1 and needs == (True, False) and grad.tolist() == [0]
    SumAndProduct.materialize = False
    try:
        SumAndProduct.apply(x, y)[0].backward()
    finally:
        SumAndProduct.materialize = True
    assert SumAndProduct.seen[1][1] is None and x.grad.item() == 2


def test_results_that_are_not_differentiable():
    class Sorted(Function):
        @staticmethod
        def forward(ctx, x):
            values, places = x.sort()
            rank = places.float()
            ctx.mark_non_differentiable(places, rank)
            ctx.save_for_backward(places)
            return values, places, rank

        @staticmethod
        def backward(ctx, grad, *_):
            places, = ctx.saved_tensors
            return torch.zeros_like(grad).scatter(0, places, grad)

    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, places, rank = Sorted.apply(x)
    assert places.tolist() == [1, 2, 0] and not places.requires_grad and not rank.requires_grad
    (values * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100, 1, 10]


class Double_(Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


def test_inputs_that_are_written_in_place():
    leaf = torch.ones(4, requires_grad=True)
    x = leaf * 3
    y = Double_.apply(x)
    assert y is x and x.tolist() == [6, 6, 6, 6]
    (x * x).sum().backward()
    assert leaf.grad.tolist() == [72] * 4  # 2 * 6 * 2 * 3
    base = leaf * 1
    Double_.apply(base[1:3])  # what is written through a view is seen in its base
    leaf.grad = None
    base.sum().backward()
    assert base.tolist() == [1, 2, 2, 1] and leaf.grad.tolist() == [1, 2, 2, 1]
    with pytest.raises(torch.AutogradError, match="a leaf that requires a gradient"):
        Double_.apply(leaf)


def test_inputs_that_are_handed_through():
    class Reversed(Function):
        """As in domain-adversarial training: the gradient's sign changes."""

        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return -grad

    x = torch.ones(2, requires_grad=True)
    y = Reversed.apply(x)
    assert y is not x and y.tolist() == [1, 1]
    (y * 3).sum().backward()
    assert x.grad.tolist() == [-3, -3]


def test_once_differentiable():
    class Once(Cube):
        @staticmethod
        @once_differentiable
        def backward(ctx, grad):
            x, = ctx.saved_tensors
            return grad * torch.tensor(3 * x.detach().numpy() ** 2), None

    x = torch.tensor([2.0], requires_grad=True)
    Once.apply(x).backward()
    assert x.grad.item() == 12
    first, = torch.autograd.grad(Once.apply(x), x, create_graph=True)
    assert first.item() == 12 and first.requires_grad
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.backward()


def test_no_cycles_are_kept():
    """Everything goes when the last name does, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        for function in Cube, ExpByResult:
            x = torch.ones(3, requires_grad=True)
            y = function.apply(x)
            weak = [weakref.ref(value) for value in (x, y)]
            del x, y
            assert [one() for one in weak] == [None, None]
        contexts = []

        class Kept(Cube):
            @staticmethod
            def forward(ctx, x):
                contexts.append(weakref.ref(ctx))
                y = x * 2
                ctx.save_for_backward(x, y)
                return y

        x = torch.ones(3, requires_grad=True)
        y = Kept.apply(x)
        assert contexts[0]() is not None
        del y
        assert contexts[0]() is None
        grads, _ = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True), None
        weak = weakref.ref(grads[0])
        del grads
        assert weak() is None
    finally:
        gc.enable()


def test_mistakes():
    class Few(Cube):
        @staticmethod
        def backward(ctx, grad):
            return grad

    class Constant(Cube):
        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    class NoTensor(Cube):
        @staticmethod
        def backward(ctx, grad):
            return 3, None

    class Many(Cube):
        @staticmethod
        def backward(ctx, grad):
            return grad, None, None, None

    class Failing(Cube):
        @staticmethod
        def backward(ctx, grad):
            raise LookupError("mine")

    class Nothing(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = torch.ones(2, requires_grad=True)
    Many.apply(x, 2.0).sum().backward()
    assert x.grad.tolist() == [1, 1]
    for function, kind, message in [
            (Few, RuntimeError, r"incorrect number of gradients \(expected 2, got 1\)"),
            (Constant, RuntimeError, "different from None at position 2"),
            (NoTensor, TypeError, "expected a tensor or None, got int"),
            (Failing, LookupError, "mine")]:
        with pytest.raises(kind, match=message):
            function.apply(x, 2.0).sum().backward()
    with pytest.raises(NotImplementedError, match="backward or vjp"):
        Nothing.apply(x).sum().backward()
    with pytest.raises(NotImplementedError, match="implement the forward"):
        Function.apply(x)
    with pytest.raises(RuntimeError, match=r"Cube.apply\(...\)"):
        Cube()
    y = Cube.apply(x)
    y.sum().backward()
    with pytest.raises(torch.AutogradError, match="freed by an earlier backward"):
        y.sum().backward()
    y = Cube.apply(x * 1)
    z = x * 1
    y = Cube.apply(z)
    z.add_(1)
    with pytest.raises(torch.AutogradError, match="overwritten in place"):
        y.sum().backward()


def test_in_compiled_functions():
    def step(x):
        y = Cube.apply(x, 0.5).sum()
        grad, = torch.autograd.grad(y, x)
        return y + grad.sum()

    compiled = torch.compile(step)
    for i in range(4):
        x = torch.arange(3.0).add(i).requires_grad_()
        assert compiled(x).item() == step(x).item()
