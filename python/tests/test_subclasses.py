"""Classes below Tensor."""

import copy
import pickle

import pytest
import tenon as torch


class Named(torch.Tensor):
    """Made of more than data."""

    def __init__(self, data, title):
        self.title = title


class Quantized(torch.nn.Parameter):
    def __new__(cls, data, scale):
        self = torch.Tensor._make_subclass(cls, data, True)
        self.scale = scale
        return self


def test_they_are_made_of_data_and_more():
    x = torch.tensor([1.0, 2.0])
    named = Named(x, "times")
    assert type(named) is Named and named.title == "times" and named.tolist() == [1, 2]
    assert named.data_ptr() == x.data_ptr() and (named + 1).tolist() == [2, 3]
    quantized = Quantized(x[None] * 2, scale=0.5)
    assert quantized.requires_grad and quantized.is_leaf and quantized.scale == 0.5
    layer = torch.nn.Linear(2, 1, bias=False)
    layer.weight = quantized
    assert list(layer.parameters()) == [quantized]
    (layer(x) * 3).sum().backward()
    assert quantized.grad.tolist() == [[3, 6]]


def test_as_subclass_keeps_the_history():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for start, factor in ((x, 1), (x * 2, 2)):
        made = start.as_subclass(Named)
        assert type(made) is Named and made.requires_grad and not made.is_leaf
        assert made.data_ptr() == start.data_ptr()
        grad, = torch.autograd.grad((made * 3).sum(), x)
        assert grad.tolist() == [3 * factor] * 2
    made = x.detach().as_subclass(Named)
    assert made.is_leaf and not made.requires_grad
    detached = torch.Tensor._make_subclass(Named, x * 2)
    assert detached.is_leaf and not detached.requires_grad and detached.tolist() == [2, 4]
    for mistake in int, 3, "Named":
        with pytest.raises(TypeError, match="takes a class below Tensor"):
            x.as_subclass(mistake)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_need_no_arguments(again):
    named = Named(torch.tensor([1.0, 2.0]), "times").requires_grad_()
    made = again(named)
    assert type(made) is Named and made.title == "times" and made.requires_grad
    assert made.tolist() == [1, 2] and made.data_ptr() != named.data_ptr()


class Logged(torch.Tensor):
    """Notes the names of what it is given to."""

    calls = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        assert all(issubclass(kind, Logged) for kind in types)
        cls.calls.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs)


def test_results_are_of_the_subclass():
    x = Named(torch.tensor([[1.0, 4.0], [9.0, 16.0]]), "squares")
    y = torch.ones(2)
    for made in (x.sqrt(), torch.sqrt(x), x + 1, 1 - x, y * x, x @ x, -x, abs(x), x == 4, x[0], x.T,
                 x[:, None], torch.cat([y[None], x]), x.view(4), x.view(torch.int32), x.data,
                 x.float().double(), torch.nn.functional.relu(x), torch.where(x > 4, x, y),
                 x.clone().add_(1), x.max(), x.detach(), 2 ** x, x.mT, y[(x[0] > 1).long()]):
        assert type(made) is Named
    values, places = x.max(dim=1)
    assert type(values) is type(places) is Named and values.tolist() == [4, 16]
    assert all(type(row) is Named for row in x) and type(x.split(1)) is tuple
    assert isinstance(x.sort(), type(torch.ones(2).sort()))
    assert x.tolist() == [[1, 4], [9, 16]] and x.shape == (2, 2) and x.sum().item() == 30
    assert (x == None) is False and (x != "text") is True  # noqa: E711
    with pytest.raises(TypeError, match="unsupported operand"):
        x + "text"
    with pytest.raises(ValueError, match=r"\[add\]"):
        x + torch.ones(3)
    y *= x[0]
    assert type(y) is Named  # as PyTorch's are


def test_gradients_pass_results_of_the_subclass():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    made = x.as_subclass(Named)
    (made * made).sum().backward()
    assert x.grad.tolist() == [2, 4] and type(x.grad) is torch.Tensor
    leaf = Named(torch.ones(2), "leaf").requires_grad_()
    (leaf * 3).sum().backward()
    assert leaf.grad.tolist() == [3, 3]


def test_parameters_and_buffers_compute_plain_tensors():
    layer = torch.nn.Linear(2, 2)
    for kept in layer.weight, torch.nn.Buffer(torch.ones(2)), Quantized(torch.ones(2), 0.5):
        assert type(kept * 2) is type(kept[0]) is type(kept.detach()) is torch.Tensor
    assert type(layer(Named(torch.ones(2), "input"))) is Named


def test_a_subclass_is_asked_for_all_that_ops_do():
    x, y = Logged(torch.tensor([1.0, 2.0])), torch.tensor([3.0, 4.0])
    index = torch.tensor([1]).as_subclass(Logged)
    Logged.calls.clear()
    made = [torch.add(x, y), x.add(y), y.add(x), x + y, y + x, 2 - x, torch.cat([y, x]),
            torch.stack((y, x), dim=0), x[0], y[index], x.T, -x, x < y,
            torch.nn.functional.softmax(y * x, dim=0)]
    assert Logged.calls == ["add", "add", "add", "add", "add", "__rsub__", "cat", "stack",
                            "__getitem__", "__getitem__", "__get__", "neg", "lt", "mul", "softmax"]
    assert all(type(one) is Logged for one in made)
    Logged.calls.clear()
    x[0] = 5
    y[0] = x[1]
    x += y
    y.mul_(x)
    assert Logged.calls == ["__setitem__", "__getitem__", "__setitem__", "add_", "mul_"]
    assert x.tolist() == [7, 6] and y.tolist() == [14, 24]
    Logged.calls.clear()
    with torch._C.DisableTorchFunctionSubclass():
        plain = x * 2 + x[0]
    assert type(plain) is torch.Tensor and Logged.calls == []
    assert torch.compile(lambda a: (a * 2).sum())(x).item() == 26 and Logged.calls == ["mul", "sum"]


def test_the_most_special_class_is_asked_first():
    class Below(Logged):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            order.append([kind.__name__ for kind in types])
            return NotImplemented

    class Apart(torch.Tensor):
        pass

    order, x = [], torch.ones(2)
    Logged.calls.clear()
    with pytest.raises(AssertionError):
        torch.cat([Apart(x), Logged(x)])
    with pytest.raises(TypeError, match="no implementation found for <op add> on types that"):
        Below(x) + Apart(x)
    assert order == [["Below", "Apart"]]
    with pytest.raises(TypeError, match="no implementation found for <op stack>"):
        torch.stack([Logged(x), Below(x), x])
    assert order[1:] == [["Below", "Logged"]] and Logged.calls[-1] == "stack"


def test_overrides_in_functions_of_a_user_s_own():
    from tenon.overrides import (handle_torch_function, has_torch_function,
                                 has_torch_function_unary, is_tensor_like)

    class Constant:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return func, types, args, kwargs

    def function(a, b=2):
        if has_torch_function((a,)):
            return handle_torch_function(function, (a,), a, b=b)
        return a * b

    constant = Constant()
    assert function(constant, b=3) == (function, (Constant,), (constant,), {"b": 3})
    assert function(4) == 8 and is_tensor_like(constant) and not is_tensor_like(4)
    assert not has_torch_function_unary(torch.ones(1))
    assert has_torch_function_unary(Named(torch.ones(1), "one"))
    assert not has_torch_function_unary(torch.nn.Parameter(torch.ones(1)))
