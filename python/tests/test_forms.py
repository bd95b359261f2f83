"""Ops in the ways in which PyTorch calls them; numbers are PyTorch's or follow from the
definition."""

import math

import numpy as np
import pytest
import tenon as torch

A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V = torch.tensor([1.0, 2.0, 3.0])


def lists(results):
    return [result.tolist() for result in results]


def test_products():
    assert torch.einsum("ij,kj->ik", A, A).tolist() == [[14, 32], [32, 77]]
    assert torch.einsum("ij,j", [A, V]).tolist() == [14, 32]
    assert torch.mm(input=A, mat2=A.T).tolist() == A.mm(A.T).tolist() == [[14, 32], [32, 77]]
    assert torch.addmm(torch.ones(2), A, A.T, beta=2, alpha=0.5).tolist() == [[9, 18], [18, 40.5]]
    assert torch.tensordot(A, A, dims=2).item() == 91
    assert torch.tensordot(A, A, dims=([0], [0])).shape == (3, 3)
    assert torch.vdot(V, V).item() == torch.ger(V, V).trace().item() == 14
    made = torch.zeros(2, 2)
    assert made.addmm_(A, A.T) is made and made.tolist() == [[14, 32], [32, 77]]



def test_ravel_copies_what_is_not_row_major():
    x = torch.arange(6.0).reshape(2, 3)
    rows, column = x.ravel(), x[:, 1].ravel()
    x.zero_()
    assert rows.tolist() == [0] * 6 and column.tolist() == [1, 4]
    assert torch.ravel(torch.ones(2, 3).t()).shape == (6,)


def test_gradients_flow_through_compositions_written_in_place():
    x = torch.ones(2, 2, requires_grad=True)
    a = A.clone().requires_grad_()
    y = x * 2
    y.addmm_(a, A.T, beta=3, alpha=0.5)
    (y * y).sum().backward()
    assert torch.allclose(x.grad, 6 * 2 * (6 + 0.5 * A.detach().mm(A.T)))
    assert a.grad.shape == (2, 3)
    with pytest.raises(torch.AutogradError):
        x.tril_()


def test_tensors_without_dims_as_numbers():
    assert torch.zeros(2).fill_(torch.tensor(3)).tolist() == [3, 3]
    assert torch.add(V, V, alpha=torch.tensor(2.0)).tolist() == [3, 6, 9]
    for value in torch.tensor([3.0]), torch.tensor(3.0, requires_grad=True):
        with pytest.raises(TypeError, match="must be a number, not tenon.Tensor"):
            torch.addcmul(V, V, V, value=value)


def test_order_and_counts():
    assert A.median().item() == 3 and lists(A.median(dim=1)) == [[2, 5], [1, 1]]
    assert lists(A.kthvalue(3)) == [[3, 6], [2, 2]]
    assert lists(torch.tensor([[1, 2, 2], [3, 3, 1]]).mode()) == [[2, 3], [2, 1]]
    assert torch.quantile(A, 0.5).item() == 3.5
    assert torch.quantile(A, torch.tensor([0.0, 1.0]), dim=1).tolist() == [[1, 4], [3, 6]]
    with pytest.raises(torch.ValueError, match="from 0 to 1"):
        torch.quantile(A, 1.5)
    assert torch.bincount(torch.tensor([1, 1, 3]), minlength=5).tolist() == [0, 2, 0, 1, 0]
    assert torch.histc(V, bins=2, min=0, max=4).tolist() == [1, 2]
    x = torch.tensor([2, 1, 2, 2])
    assert torch.unique(x).tolist() == [1, 2]
    assert (lists(x.unique(return_inverse=True, return_counts=True))
            == [[1, 2], [1, 0, 1, 1], [1, 3]])
    assert torch.unique(torch.stack([x, x]), dim=0).tolist() == [[2, 1, 2, 2]]
    assert lists(torch.unique_consecutive(x, return_counts=True)) == [[2, 1, 2], [1, 1, 2]]
    assert torch.searchsorted(V, torch.tensor([0.5, 2.0]), right=True).tolist() == [0, 2]
    assert torch.bucketize(2.0, boundaries=V).item() == 1
    assert torch.isin(x, torch.tensor([2])).tolist() == [True, False, True, True]


def test_whether():
    assert torch.equal(A, A) is True and A.equal(V) is False
    assert torch.allclose(A, A + 1e-9) is True and A.allclose(A + 1) is False
    assert torch.count_nonzero(A > 2).item() == 4
    assert lists(torch.nonzero(A > 4, as_tuple=True)) == [[1, 1], [1, 2]]


def test_shapes():
    assert lists(torch.meshgrid(V, V[:2], indexing="xy")) == [[[1, 2, 3]] * 2, [[1] * 3, [2] * 3]]
    assert torch.repeat_interleave(torch.tensor([2, 0, 1])).tolist() == [0, 0, 2]
    assert V.repeat_interleave(torch.tensor([2, 0, 1]), dim=0).tolist() == [1, 1, 3]
    assert torch.broadcast_shapes((3, 1), (4,)) == (3, 4)
    assert [part.shape[0] for part in torch.tensor_split(torch.zeros(7), 3)] == [3, 2, 2]
    assert torch.movedim(torch.zeros(2, 3, 4), (0, 1), (2, 0)).shape == (3, 4, 2)
    assert torch.atleast_2d(V).shape == (1, 3)
    assert [x.shape for x in torch.atleast_2d(V, A)] == [(1, 3), (2, 3)]
    assert V.unfold(0, 2, 1).tolist() == [[1, 2], [2, 3]]
    assert torch.diagonal(torch.zeros(2, 3, 4), dim1=-2, dim2=-1).shape == (2, 3)
    x = A.clone().requires_grad_()
    y = x * 1
    assert y.unsqueeze_(0) is y and y.shape == (1, 2, 3)
    y.sum().backward()
    assert x.grad.tolist() == [[1] * 3] * 2
    z = torch.arange(6)
    assert z.resize_(2, 2).tolist() == [[0, 1], [2, 3]] and z.t_().tolist() == [[0, 2], [1, 3]]


def test_elements():
    assert torch.clamp(A, torch.tensor([2.0, 2, 2]), 4).tolist() == [[2, 2, 3], [4, 4, 4]]
    assert torch.div(torch.tensor([-7.0, 7]), 2, rounding_mode="floor").tolist() == [-4, 3]
    assert torch.div(torch.tensor([-7, 7]), 2, rounding_mode="trunc").tolist() == [-3, 3]
    assert torch.div(torch.tensor([0.5, 1, -1.5, 3, math.inf]), torch.tensor([0.1, 0.1, 0.4, 0, 2]),
                     rounding_mode="trunc").tolist() == [5, 10, -3, math.inf, math.inf]
    assert torch.div(7, torch.tensor([2.5, -2.5]), rounding_mode="trunc").tolist() == [2, -2]
    assert torch.div(torch.tensor([7, -7]), 2.5, rounding_mode="trunc").tolist() == [2, -2]
    assert torch.tensor([0.5]).div_(0.1, rounding_mode="trunc").tolist() == [5]
    assert torch.round(torch.tensor([1.25, 2.35]), decimals=1).tolist() == pytest.approx([1.2, 2.4])
    assert A.norm(p=float("inf")).item() == 6 and V.norm("fro").item() == pytest.approx(14**0.5)
    assert A.softmax(dim=1, dtype=torch.float64).dtype is torch.float64
    assert V.cumsum(0, dtype=torch.float64).tolist() == [1, 3, 6]
    small = torch.tensor([3, 200, -7]).cumprod(0, dtype=torch.int8)
    assert small.dtype is torch.int8 and small.tolist() == [3, 88, -104]
    some = (2.7 * V).prod(dtype=torch.bool)
    assert some.dtype is torch.bool and some.item() is True
    assert (1.5 * V).prod(0, dtype=torch.int32).dtype is V.cumsum(0, dtype=torch.int32).dtype \
        is torch.int32
    assert torch.atan2(torch.tensor(-0.0), torch.tensor(-1.0)).item() == pytest.approx(-math.pi)
    x = torch.zeros(2, 3)
    x.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), V[:2], accumulate=True)
    assert x.tolist() == [[0, 3, 0], [0, 0, 0]]
    assert x.scatter_(1, torch.tensor([[2], [0]]), value=9).tolist() == [[0, 3, 9], [9, 0, 0]]
    assert x.fill_diagonal_(1).tolist() == [[1, 3, 9], [9, 1, 0]]
    total = torch.zeros(2).scatter_reduce(0, torch.tensor([0, 0, 1]), V, reduce="amax")
    assert total.tolist() == [2, 3]
    z = torch.view_as_complex(A[:, :2].contiguous())
    assert z.real.tolist() == [1, 4] and z.imag.tolist() == [2, 5]


def test_draws():
    torch.manual_seed(1)
    drawn = torch.multinomial(torch.tensor([[0.0, 3, 1, 0]]), 2000, replacement=True)
    assert set(drawn.view(-1).tolist()) == {1, 2}
    assert (drawn == 1).double().mean().item() == pytest.approx(0.75, abs=0.05)
    assert sorted(torch.multinomial(V, 3).tolist()) == [0, 1, 2]
    assert (torch.empty(4000).exponential_(2).mean().item()) == pytest.approx(0.5, abs=0.05)
    assert torch.empty(4000).bernoulli_(0.25).mean().item() == pytest.approx(0.25, abs=0.05)


def test_compiled_functions_give_the_same():
    def step(x):
        y = torch.einsum("ij,kj->ik", x, x).tril_()
        return torch.quantile(y, 0.25, dim=1) + torch.cdist(x, x).amax(dim=1)

    compiled = torch.compile(step)
    for _ in range(3):
        np.testing.assert_allclose(compiled(A).numpy(), step(A).numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", ["arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh",
                                  "fix", "negative"])
def test_other_names_that_write_into_the_tensor(name):
    start = torch.tensor([0.25, 0.5, 1.0] if name != "arccosh" else [1.0, 2.5, 3.0])
    expected = getattr(torch, name)(start).tolist()
    for change in getattr(torch, f"{name}_"), getattr(torch.Tensor, f"{name}_"):
        x = start.clone()
        assert change(x) is x and x.tolist() == expected
    assert start[:, torch.newaxis].shape == (3, 1)


def test_filling_in_a_tensor():
    value = torch.tensor(3.0, requires_grad=True)
    y = torch.zeros(3)
    assert y.fill_(value) is y and y.tolist() == [3, 3, 3]
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert value.grad.tolist() == 6
    (torch.fill(torch.zeros(2), value) * 2).sum().backward()
    assert value.grad.tolist() == 10
    w = torch.ones(3, requires_grad=True)
    y = w * 2
    y[:2].fill_(value)
    y.sum().backward()
    assert w.grad.tolist() == [0, 0, 2] and value.grad.tolist() == 12
    assert torch.zeros(2, dtype=torch.int64).fill_(torch.tensor(3.7)).tolist() == [3, 3]
    assert torch.fill(torch.zeros(2), 4).tolist() == torch.zeros(2).fill_(4).tolist() == [4, 4]
    for fill in torch.fill, torch.Tensor.fill_:
        with pytest.raises(RuntimeError, match="only a 0-dimension value tensor .* 1 dimensions"):
            fill(torch.zeros(3), torch.ones(1))


def test_diagonals_that_wrap_are_filled_whatever_the_strides():
    for tall in torch.zeros(7, 3), torch.zeros(3, 7).t(), torch.zeros(7, 6)[:, ::2]:
        tall.fill_diagonal_(1, wrap=True)
        assert tall.nonzero().tolist() == [[0, 0], [1, 1], [2, 2], [4, 0], [5, 1], [6, 2]]
    for wide in torch.zeros(3, 7), torch.zeros(7, 3).t():
        assert wide.fill_diagonal_(1, wrap=True).nonzero().tolist() == [[0, 0], [1, 1], [2, 2]]


def test_medians_of_nothing():
    for dtype in torch.float16, torch.float32, torch.float64:
        nothing = torch.empty(0, 3, dtype=dtype, requires_grad=True)
        for median in torch.median, torch.nanmedian, torch.compile(torch.median):
            result = median(nothing)
            assert result.dtype == dtype and result.isnan().item() and result.shape == ()
        torch.median(nothing).backward()
        assert nothing.grad.shape == (0, 3)
    with pytest.raises(ValueError, match="median.* no element"):
        torch.median(torch.empty(0, dtype=torch.int64))
    with pytest.raises(ValueError, match="median.* no element"):
        torch.median(torch.empty(0, 3), 0)


def test_means_without_nan_in_another_dtype():
    x = torch.tensor([60000, float("nan"), 60000], dtype=torch.float16)
    for mean in torch.nanmean, torch.Tensor.nanmean:
        assert mean(x, dtype=torch.float64).item() == 60000
        assert mean(x, 0, True, dtype=torch.float32).tolist() == [60000]
        with pytest.raises(TypeError, match="nanmean.* floating or complex dtype"):
            mean(x, dtype=torch.int64)


def test_what_has_nothing_to_do_gives_the_object():
    x = torch.ones(2, 3)
    for same in (x.contiguous(), x.contiguous(memory_format=torch.contiguous_format), x.to("cpu"),
                 x.to(torch.float32), x.to(x), x.float(), x.cpu(), x.type_as(x), +x,
                 x.resolve_conj(), x.positive(), torch.atleast_2d(x), torch.as_tensor(x),
                 torch.nn.functional.dropout(x, 0.5, False), torch.nn.Identity()(x),
                 x.requires_grad_(False)):
        assert same is x
    image = torch.ones(1, 2, 2, 2).to(memory_format=torch.channels_last)
    assert image.contiguous(memory_format=torch.channels_last) is image
    assert image.contiguous() is not image and x.t().contiguous() is not x
    parameter = torch.nn.Parameter(x)
    assert parameter.contiguous() is parameter


@pytest.mark.parametrize("view", [
    lambda x: x.reshape(2, 3), lambda x: x.view(2, 3), lambda x: x.expand(2, 3), lambda x: x[:],
    lambda x: x[...], lambda x: x.squeeze(), lambda x: x.permute(0, 1), lambda x: x.detach(),
    lambda x: x.narrow(0, 0, 2), lambda x: x.chunk(1)[0], lambda x: torch.broadcast_to(x, (2, 3)),
    lambda x: x.expand_as(x), lambda x: x.unflatten(1, (3,)), lambda x: x.movedim(0, 0),
    lambda x: x.split(2)[0], lambda x: torch.cat([x]), lambda x: torch.nn.functional.pad(x, (0, 0)),
    lambda x: x.clone(), lambda x: x.reshape_as(x), lambda x: x.view_as(x), lambda x: x.data,
])
def test_other_objects_are_other_tensors(view):
    x = torch.ones(2, 3)
    y = view(x)
    y.requires_grad_()
    y.data = torch.zeros(4)
    assert y is not x and not x.requires_grad and x.shape == (2, 3)


def test_integers_to_negative_powers():
    x = torch.tensor([1, 2, 3])
    calls = [lambda: x**-1, lambda: torch.pow(x, -2), lambda: x.clone().pow_(-1), lambda: x.pow(-1),
             lambda: x.clone().__ipow__(-1), lambda: x.bool()**-1, lambda: x.to(torch.uint8)**-1,
             lambda: torch.pow(x, exponent=-1), torch.compile(lambda: x**-1), lambda: x[:0]**-1]
    for call in calls:
        with pytest.raises(RuntimeError, match="Integers to negative integer powers are not allow"):
            call()
    power = torch.compile(lambda x, exponent: x**exponent)
    assert power(x, 2).tolist() == [1, 4, 9] and power(x, 3).tolist() == [1, 8, 27]
    with pytest.raises(RuntimeError, match="Integers to negative integer powers are not allow"):
        power(x, -2)
    # As PyTorch has it, for exponents that are tensors.
    assert (x**torch.tensor(-1)).tolist() == [1, 0, 0]
    assert (2**torch.tensor([-1, 2])).tolist() == [0, 4]
    assert (x**-1.0).tolist() == (x.double()**-1).float().tolist()
    assert (x**False).tolist() == [1, 1, 1]


def test_other_names_of_two_operands_that_write_into_the_tensor():
    x = torch.tensor([2.0, 3.0])
    assert x.subtract_(1) is x and x.tolist() == [1, 2]
    assert x.arctan2_(torch.ones(2)).tolist() == torch.tensor([1.0, 2.0]).atan().tolist()


MISTAKES = [
    (lambda: torch.einsum("ij,jk->iz", A, A.T), torch.ValueError, "no operand has"),
    (lambda: torch.einsum("ij", A, A), torch.ValueError, "1 terms for 2 tensors"),
    (lambda: torch.einsum("ijk->i", A), torch.ShapeError, "doesn't fit"),
    (lambda: torch.mm(A, V), torch.ShapeError, r"\[mm\] expected tensors of rank 2 and 2"),
    (lambda: torch.div(A, A, rounding_mode="up"), torch.ValueError, "rounding_mode"),
    (lambda: V.mean(dtype=torch.int32), torch.DTypeError, "floating or complex"),
    (lambda: torch.softmax(V, 0, dtype=torch.bool), torch.DTypeError, "softmax"),
    (lambda: A.kthvalue(4), torch.ValueError, "from 1 to 3"),
    (lambda: torch.bincount(torch.tensor([-1])), torch.ValueError, "at least 0, got -1"),
    (lambda: torch.take(A, torch.tensor([6])), torch.IndexError, "out of range"),
    (lambda: torch.multinomial(V, 4), torch.ValueError, "can't draw 4 of 3"),
    (lambda: A.scatter_reduce(0, torch.tensor([[0]]), A, "max"), torch.ValueError,
     "unknown reduce"),
    (lambda: torch.hann_window(-1), torch.ValueError, "at least 0, got -1"),
    (lambda: V.unfold(0, 4, 1), torch.ValueError, "a size from 0 to 3"),
]


@pytest.mark.parametrize("call, error, message", MISTAKES)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()
