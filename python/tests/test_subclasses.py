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
