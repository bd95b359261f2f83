"""Gradients that results retain, and tensors that become views of themselves."""

import pytest
import tenon as torch


def test_the_gradient_is_that_of_the_latest_value():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    assert not y.retains_grad and not x.retains_grad
    y.retain_grad()
    x.retain_grad()  # leaves keep theirs anyway
    assert y.retains_grad and not x.retains_grad
    y.mul_(3)
    y.retain_grad()
    assert y.retains_grad
    y.sum().backward()
    assert y.grad.tolist() == [1, 1, 1] and x.grad.tolist() == [6, 6, 6]
    assert not torch.ones(1).retains_grad


def test_of_bases_and_views_that_are_written():
    x = torch.ones(3, requires_grad=True)
    base = x * 2
    view = base[:2]
    view.retain_grad()
    base.retain_grad()
    view.mul_(3)
    (base.sum() * 5 + view.sum()).backward()
    assert base.grad.tolist() == [6, 6, 5] and view.grad.tolist() == [1, 1]
    base = x * 2
    view = base[:2]
    view.retain_grad()
    base.mul_(3)
    (view.sum() * 5).backward()
    assert view.grad.tolist() == [5, 5]


@pytest.mark.parametrize("is_compiled", [False, True])
def test_in_functions(is_compiled):
    def f(x):
        y = x * 2
        y.retain_grad()
        y.mul_(x)
        (y * y).sum().backward()
        return y.grad

    run = torch.compile(f) if is_compiled else f
    for scale in 1.0, 2.0, 3.0:
        x = torch.full((3,), scale, requires_grad=True)
        assert run(x).tolist() == [4 * scale**2] * 3 and x.grad.tolist() == [16 * scale**3] * 3


@pytest.mark.parametrize("change, sizes", [
    (lambda x: x.t_(), (3, 2)), (lambda x: x.transpose_(0, 1), (3, 2)),
    (lambda x: x.unsqueeze_(0), (1, 2, 3)), (lambda x: x.unsqueeze_(0).squeeze_(0), (2, 3)),
])
def test_leaves_keep_their_gradient_and_hooks(change, sizes):
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    (x * x).sum().backward()
    seen, grad, other = [], x.grad, x.detach()
    x.register_hook(lambda grad: seen.append(tuple(grad.shape)))
    with torch.no_grad():
        assert change(x) is x
    assert tuple(x.shape) == sizes and x.grad is not None and torch.equal(x.grad, grad)
    assert x.is_leaf and x.requires_grad and x._version > 0 and other.shape == (2, 3)
    x.grad = None
    (x * 2).sum().backward()
    assert seen == [sizes] and tuple(x.grad.shape) == sizes
    with pytest.raises(RuntimeError, match="a leaf that requires a gradient"):
        change(x)


def test_results_in_other_sizes():
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    y = x * 2
    view = y[0]
    y.retain_grad()
    y.t_()
    (y * torch.arange(6.0).view(3, 2)).sum().backward()
    assert y.grad.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert x.grad.tolist() == [[0, 4, 8], [2, 6, 10]]
    assert view.tolist() == [0, 2, 4]
    z = x * x
    with torch.no_grad():
        x.t_()
    with pytest.raises(RuntimeError, match="overwritten since"):
        z.sum().backward()


def test_resizing_what_requires_a_gradient():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="keeps its sizes"):
        x.resize_(2)
    plain = torch.arange(4.0)
    alias = plain
    assert plain.resize_(2, 2) is alias and alias.tolist() == [[0, 1], [2, 3]]
