"""`x.data`: elements that gradients know nothing of, and other elements for a tensor."""

import gc
import weakref

import pytest
import tenon as torch


def test_writes_through_data_are_not_counted():
    x = torch.ones(3, requires_grad=True)
    y = (x * 1.5).exp()
    before = y.detach().clone()
    y.data.mul_(2)
    assert y._version == 0 and torch.equal(y.detach(), before * 2)
    y.sum().backward()  # of exp, which saved y: of what y holds now
    assert torch.equal(x.grad, before * 2 * 1.5)


def test_data_counts_its_own_writes():
    x = torch.ones(3)
    data = x.data
    x.add_(1).add_(1)
    assert (x._version, data._version, x.detach()._version) == (2, 0, 2)
    data.add_(1)
    data[0] = 7
    assert (x._version, data._version, data.detach()._version, data.data._version) == (2, 2, 2, 0)
    assert x.tolist() == [7, 4, 4]
    w = torch.ones(3, requires_grad=True)
    product = (w * data).sum()
    data.add_(1)
    with pytest.raises(RuntimeError, match="overwritten since by 'add'"):
        product.backward()
    product = (w * data).sum()
    x.add_(1)
    product.backward()


def test_a_tensor_with_other_data_stays_in_its_graph():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    made_by = y.grad_fn
    y.data = torch.full((3,), 7.0)
    assert y.grad_fn == made_by and not y.is_leaf and y.requires_grad and y._version == 0
    (y * y).sum().backward()
    assert x.grad.tolist() == [28, 28, 28]
    grad, seen = x.grad, []
    x.register_hook(lambda grad: seen.append(grad.tolist()))
    z = (x * torch.tensor([1.0, 2.0, 3.0])).sum()
    x.data = torch.zeros(3)
    assert x.is_leaf and x.requires_grad and x.grad is not None
    z.backward()
    assert x.grad.tolist() == [29, 30, 31] and grad.tolist() == [29, 30, 31]
    assert seen == [[1, 2, 3]]


def test_gradients_that_saved_the_tensor_find_its_other_data():
    x = torch.ones(3, requires_grad=True)
    y = (x * x).sum()
    x.data = torch.full((3,), 5.0)
    y.backward()
    assert x.grad.tolist() == [10, 10, 10]
    y = (x * x).sum()
    with torch.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match="overwritten since by 'add'"):
        y.backward()


def test_other_data_may_have_another_dtype_and_sizes():
    x = torch.ones(3, requires_grad=True)
    y = (x * 2).sum()
    x.data = torch.ones(3, dtype=torch.float16)
    y.backward()
    assert x.dtype == x.grad.dtype == torch.float16 and x.grad.tolist() == [2, 2, 2]
    x.grad = None
    x.data = torch.ones(2, 2).t()
    (x * 3).sum().backward()
    assert x.shape == (2, 2) and x.grad.tolist() == [[3, 3], [3, 3]]
    plain = torch.ones(3)
    plain.data = torch.ones(4, dtype=torch.int64)
    assert plain.dtype == torch.int64 and plain.shape == (4,)


def test_memory_is_shared_with_the_data():
    x, y = torch.ones(3), torch.zeros(3)
    x.data = y
    y[0] = 4
    x[1] = 5
    assert x.tolist() == y.tolist() == [4, 5, 0]
    assert (x.data_ptr() == y.data_ptr()) and x is not y


def test_views_made_before_keep_their_memory():
    base = torch.ones(4, requires_grad=True) * 1
    view = base[:2]
    base.data = torch.zeros(4)
    assert view.tolist() == [1, 1]
    view.mul_(3)
    assert view.tolist() == [3, 3] and base.tolist() == [0, 0, 0, 0]
    part = base[:2]
    part.data = torch.full((2,), 9.0)
    part.mul_(2)
    assert part.tolist() == [18, 18] and base.tolist() == [0, 0, 0, 0]


def test_views_of_what_was_written_and_replaced_say_so():
    x = torch.ones(4, requires_grad=True)
    base = x * 1
    view = base[:2]
    base.mul_(3)
    base.data = torch.zeros(4)
    with pytest.raises(RuntimeError, match="make the view anew"):
        view.sum().backward()


def test_bad_data():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="must be floating point or complex, this holds int64"):
        x.data = torch.ones(3, dtype=torch.int64)
    with pytest.raises(TypeError, match="data is a tensor, not int"):
        x.data = 3
    with pytest.raises(TypeError, match="can't be deleted"):
        del x.data
    x.data = x
    assert x.tolist() == [1, 1, 1]


def test_graphs_of_replaced_tensors_are_freed():
    class Mark(torch.Tensor):
        pass

    gc.disable()
    try:
        y = torch.ones(3, requires_grad=True) * 2
        z = y * y
        kept = Mark(torch.ones(3))
        seen = weakref.ref(kept)
        z.register_hook(lambda grad, kept=kept: None)
        y.data = torch.zeros(3)
        y.add_(z)
        del y, z, kept
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("is_compiled", [False, True])
def test_steps_that_write_data(is_compiled):
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.arange(6.0).view(2, 3) / 10)
        model.bias.zero_()
    x = torch.tensor([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])

    def step(x):
        model.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        for i, parameter in enumerate(model.parameters()):
            if i:
                parameter.data = parameter.data - 0.1 * parameter.grad.data
            else:
                parameter.data.sub_(0.1 * parameter.grad.data)
        return loss.detach()

    run = torch.compile(step) if is_compiled else step
    losses = [run(x).item() for _ in range(6)]
    assert losses == pytest.approx([2.013124942779541, 0.0626649558544159, 0.024363892152905464,
                                    0.01614299789071083, 0.010854944586753845,
                                    0.0073013524524867535], rel=1e-6)


def test_compiled_calls_see_writes_to_the_data_of_weights():
    """What they keep of weights that nobody writes, they make anew."""
    layer = torch.nn.Linear(64, 64).requires_grad_(False)
    x = torch.ones(16, 64, dtype=torch.bfloat16)

    @torch.compile
    def f(x):
        return x @ layer.weight.to(torch.bfloat16).t()

    for scale in range(8):
        first = f(x)
        for _ in range(4):
            assert torch.equal(f(x), first)
        assert torch.equal(first, x @ layer.weight.to(torch.bfloat16).t())
        if scale % 2:
            layer.weight.data.mul_(1.5)
        else:
            layer.weight.data = layer.weight * 0.5


def test_autocast_sees_them_too():
    weight = torch.nn.Parameter(torch.ones(2, 2))
    x = torch.ones(1, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (x @ weight).tolist() == [[2, 2]]
        weight.data.mul_(2)
        assert (x @ weight).tolist() == [[4, 4]]
        weight.data = torch.full((2, 2), 3.0)
        assert (x @ weight).tolist() == [[6, 6]]


def test_detach_in_place_leaves_the_graph():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    assert y.detach_() is y and y.is_leaf and not y.requires_grad and y.tolist() == [2, 2, 2]
