"""Tensors: making, looking at, indexing and converting them, against NumPy."""

import copy
import pickle
import weakref

import numpy as np
import pytest
import tenon as torch


def test_from_lists():
    assert torch.tensor([[1, 2], [3, 4]]).dtype is torch.int64
    assert torch.tensor([1, 2.5]).dtype is torch.float32
    assert torch.tensor([True, False]).dtype is torch.bool
    assert torch.tensor([1j]).dtype is torch.complex64
    assert torch.tensor([]).shape == (0,)
    assert torch.tensor([[], []]).shape == (2, 0)
    assert torch.tensor(2.5).shape == ()
    assert torch.tensor([2**62, 1]).tolist() == [2**62, 1]
    assert torch.tensor([[1, 2]], dtype=torch.float64).tolist() == [[1.0, 2.0]]
    assert torch.tensor([torch.tensor(3), 4]).tolist() == [3, 4]
    assert torch.tensor([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    assert torch.tensor([np.ones((2, 3))]).shape == (1, 2, 3)


def test_sizes_and_strides():
    x = torch.zeros(2, 3, 4)
    assert x.shape == x.size() == (2, 3, 4) and x.size(-1) == 4
    assert x.stride() == (12, 4, 1) and x.stride(0) == 12
    assert (x.ndim, x.dim(), x.numel(), x.nbytes, len(x)) == (3, 3, 24, 96, 2)
    assert x.T.shape == (4, 3, 2) and x.mT.shape == (2, 4, 3)
    assert not x.T.is_contiguous() and x.is_contiguous()
    assert torch.zeros((2, 3)).shape == torch.zeros(size=(2, 3)).shape == (2, 3)
    assert x.view(6, 4).shape == x.view((6, 4)).shape == x.reshape(-1, 4).shape == (6, 4)
    assert x.permute(2, 0, 1).shape == x.permute((2, 0, 1)).shape == (4, 2, 3)


def test_creation():
    np.testing.assert_array_equal(torch.arange(5).numpy(), np.arange(5))
    np.testing.assert_allclose(torch.arange(1, 2, 0.25).numpy(), np.arange(1, 2, 0.25))
    np.testing.assert_array_equal(torch.eye(3).numpy(), np.eye(3))
    np.testing.assert_allclose(torch.linspace(0, 1, 5).numpy(), np.linspace(0, 1, 5))
    assert torch.full((2,), 7).tolist() == [7, 7]
    assert torch.full(size=(2,), fill_value=0.5).tolist() == [0.5, 0.5]
    assert torch.ones(2, dtype=torch.int32, requires_grad=False).dtype is torch.int32
    assert torch.randint(3, (100,)).max() < 3 and torch.randint(5, 7, (100,)).min() >= 5
    assert torch.zeros_like(torch.ones(2, dtype=torch.float64)).dtype is torch.float64
    assert torch.ones(3).new_zeros(2).tolist() == [0, 0]
    assert abs(torch.normal(5.0, 0.1, (10000,)).mean().item() - 5) < 0.01


def test_seeds():
    torch.manual_seed(3)
    first, state = torch.randn(4), torch.get_rng_state()
    second = torch.randn(4)
    torch.manual_seed(3)
    assert torch.randn(4).tolist() == first.tolist()
    torch.set_rng_state(state)
    assert torch.randn(4).tolist() == second.tolist()


X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("index", [
    0, -1, (0, 1), (0, 1, 2), slice(None), slice(0, 1), (slice(None), 1), (Ellipsis, 2),
    (None, 0), (slice(None), slice(0, 3, 2)), (0, Ellipsis, None), ([0, 1, 1],), ([1, 0], [2, 0]),
    (slice(None), [0, 2]), np.array([1, 0]), [], (slice(None), []), np.int64(1),
    (Ellipsis, np.uint8(2)),
], ids=str)
def test_indexing_is_numpys(index):
    x = torch.tensor(X)
    np.testing.assert_array_equal(x[index].numpy(), X[index])
    y = X.copy()
    x[index] = -1
    y[index] = -1
    np.testing.assert_array_equal(x.numpy(), y)


def test_numbers_in_tensors_index_as_numbers():
    x = torch.zeros(3, 2)
    for i in np.arange(3):
        x[i].fill_(i)
    for i in torch.arange(3):
        x[i].add_(1)
    x[x[:, 0].argmax()][0] += 4
    assert x.tolist() == [[1, 1], [2, 2], [7, 3]]
    y = torch.arange(24).view(2, 3, 4)
    y[torch.tensor(1), :, [0, 2]] = torch.tensor([[1, 2], [3, 4], [5, 6]])
    assert y[np.int64(1), :, [0, 2]].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_lists_have_the_dtype_that_holds_their_elements():
    for data, dtype, values in [
            ([np.float64(0.1), 2], torch.float64, [0.1, 2]),
            ([np.float32(1), 2], torch.float32, [1, 2]),
            ([np.True_, np.False_], torch.bool, [True, False]),
            ([np.uint8(255), np.int8(-1)], torch.int16, [255, -1]),
            ([np.int8(1), 2], torch.int64, [1, 2]),
            ([np.complex64(1 + 2j), 1.0], torch.complex64, [1 + 2j, 1]),
            ([torch.tensor(0.1, dtype=torch.float64), 1], torch.float64, [0.1, 1]),
            ([[torch.tensor(1.0, dtype=torch.float16)], [True]], torch.float16, [[1], [1]])]:
        made = torch.tensor(data)
        assert made.dtype is dtype and made.tolist() == values


def test_elements_of_uint64():
    x = torch.tensor(np.array([2**63 + 5, 3], dtype=np.uint64))
    assert x.tolist() == [2**63 + 5, 3] and x[0].item() == int(x[0]) == 2**63 + 5
    assert range(2**64)[x[0]] == 2**63 + 5


def test_masks_and_assignments():
    x = torch.tensor(X)
    np.testing.assert_array_equal(x[x > 10].numpy(), X[X > 10])
    x[x > 10] = 0
    np.testing.assert_array_equal(x.numpy(), np.where(X > 10, 0, X))
    x[0] = torch.ones(4, dtype=torch.float64)
    x[1, 0] = [1, 2, 3, 4]
    assert x[1, 0].tolist() == [1, 2, 3, 4] and x[0].sum().item() == 12


OPERATORS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "//": lambda a, b: a // b, "%": lambda a, b: a % b,
    "**": lambda a, b: a**b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    op = OPERATORS[name]
    a, b = np.array([1.5, 2, 3]), np.array([2.0, 2, 0.5])
    x, y = torch.tensor(a), torch.tensor(b)
    np.testing.assert_allclose(op(x, y).numpy(), op(a, b))
    np.testing.assert_allclose(op(x, 2).numpy(), op(a, 2))
    np.testing.assert_allclose(op(2, x).numpy(), op(2, a))
    np.testing.assert_allclose(op(x, b).numpy(), op(a, b))
    np.testing.assert_allclose(op(a, y).numpy(), op(a, b))


def test_operators_on_integers_and_in_place():
    x = torch.tensor([6, 3])
    assert (x & 2).tolist() == [2, 2] and (x | 1).tolist() == [7, 3] and (x ^ 1).tolist() == [7, 2]
    assert (~x).tolist() == [-7, -4] and (~(x > 4)).tolist() == [False, True]
    assert (x << 1).tolist() == [12, 6] and (x >> 1).tolist() == [3, 1]
    assert (-x).tolist() == [-6, -3] and abs(-x).tolist() == [6, 3]
    same = x
    x += 1
    x *= torch.tensor([2, 1])
    assert same is x and x.tolist() == [14, 4]
    assert (torch.ones(2, 3) @ torch.ones(3, 2)).tolist() == [[3, 3], [3, 3]]
    assert torch.add(x, 1, alpha=3).tolist() == [17, 7] and x.sub_(2, alpha=2).tolist() == [10, 0]


def test_conversions():
    x = torch.tensor([1.5])
    assert float(x) == 1.5 and int(x) == 1 and bool(x) and x.item() == 1.5
    assert range(10)[torch.tensor(3)] == 3
    assert x.to(torch.int64).dtype is torch.int64
    assert x.to("cpu") is x and x.to(torch.float32) is x and x.to(torch.ones(1)) is x
    assert x.to("cpu", copy=True) is not x
    assert x.double().dtype is torch.float64 and x.half().dtype is torch.float16
    assert x.long().tolist() == [1] and x.type_as(torch.tensor(1)).dtype is torch.int64
    assert x.to(torch.ones(1, dtype=torch.float64)).dtype is torch.float64
    assert f"{torch.tensor(0.125):.2f} {torch.tensor(3)}" == "0.12 3" and "1.5" in f"{x}"
    assert torch.ones(2, device="meta").device.type == "meta"
    assert repr(torch.float32) == "tenon.float32" and torch.float32.itemsize == 4
    assert torch.device("cpu") == torch.ones(1).device


def test_reductions_in_pytorchs_forms():
    x = torch.tensor(X)
    values, indices = x.max(1)
    np.testing.assert_array_equal(values.numpy(), X.max(1))
    np.testing.assert_array_equal(indices.numpy(), X.argmax(1))
    assert x.max().item() == 23 and torch.min(x, dim=0, keepdim=True)[0].shape == (1, 3, 4)
    assert torch.max(torch.tensor([1, 5]), torch.tensor([3, 2])).tolist() == [3, 5]
    np.testing.assert_allclose(x.sum(dim=(0, 2)).numpy(), X.sum((0, 2)))
    np.testing.assert_allclose(x.mean(1, keepdim=True).numpy(), X.mean(1, keepdims=True))
    np.testing.assert_allclose(x.std(0).numpy(), X.std(0, ddof=1))
    np.testing.assert_allclose(x.var(0, unbiased=False).numpy(), X.var(0))
    assert [part.shape[0] for part in torch.arange(7).split(3)] == [3, 3, 1]
    assert [part.shape[0] for part in torch.arange(7).split([2, 5])] == [2, 5]
    assert ([place.tolist() for place in torch.where(torch.tensor([[0, 1], [1, 0]]) > 0)]
            == [[0, 1], [1, 0]])
    assert torch.where(torch.tensor([True, False]), 1.0, torch.zeros(2)).tolist() == [1, 0]


@pytest.mark.parametrize("threads", [1, 3])
def test_long_rows_are_sorted_in_pieces(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        values = np.random.default_rng(5).integers(0, 1000, (2, 300_001)).astype(np.float32)
        values[:, ::1000] = np.nan  # the largest of all
        keys = np.where(np.isnan(values), np.inf, values)
        for x, key in (values, keys), (values[0], keys[0]), (values[0][:65_537], keys[0][:65_537]):
            for descending in False, True:
                order = np.argsort(-key if descending else key, kind="stable")
                found = torch.tensor(x).sort(descending=descending)
                np.testing.assert_array_equal(found.indices.numpy(), order)
                np.testing.assert_array_equal(found.values.numpy(),
                                              np.take_along_axis(x, order, -1))
    finally:
        torch.set_num_threads(before)


def test_iteration_and_containers():
    assert [row.tolist() for row in torch.tensor([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    x, y = torch.ones(2), torch.ones(2)
    assert {x: 1}[x] == 1 and len({x, y}) == 2
    x.name = "weights"
    assert x.name == "weights"
    reference = weakref.ref(x)
    assert reference() is x
    del x
    assert reference() is None


def test_copies():
    for dtype in torch.float32, torch.bfloat16, torch.int8, torch.complex64, torch.bool:
        x = torch.tensor([[1, 0], [1, 1]]).to(dtype)
        x.note = ["kept"]
        for again in pickle.loads(pickle.dumps(x)), copy.deepcopy(x):
            assert again.dtype is dtype and again.tolist() == x.tolist()
            assert again.note == ["kept"] and again.note is not x.note
    w = torch.ones(2, requires_grad=True)
    (w * 2).sum().backward()
    other = copy.deepcopy(w)
    assert other.requires_grad and other.grad.tolist() == [2, 2] and other.grad is not w.grad
    with pytest.raises(RuntimeError, match="detach"):
        copy.deepcopy(w * 2)


class Parameter(torch.Tensor):
    pass


def test_subclasses():
    data = torch.ones(3)
    p = Parameter(data)
    assert isinstance(p, torch.Tensor) and type(p) is Parameter and type(p * 2) is Parameter
    p.data.zero_()
    assert data.tolist() == [0, 0, 0]
    assert type(pickle.loads(pickle.dumps(p))) is Parameter
    assert torch.Tensor([1, 2]).dtype is torch.float32 and torch.Tensor(2, 3).shape == (2, 3)


def test_ops_are_pickled_by_name():
    for op in torch._core.relu, torch._core.add:
        assert copy.deepcopy(op) is op and pickle.loads(pickle.dumps(op)) is op


def test_newaxis():
    x = torch.ones(2, 3)
    assert x[:, torch.newaxis].shape == (2, 1, 3) and x[..., torch.newaxis].shape == (2, 3, 1)


def test_ranges_are_lists():
    assert torch.tensor(range(2, 8, 2)).tolist() == torch.LongTensor(range(2, 8, 2)).tolist()
    assert torch.tensor([range(3), (4, 5, 6)]).tolist() == [[0, 1, 2], [4, 5, 6]]
    assert torch.as_tensor(range(3)).dtype is torch.int64
    x = torch.arange(12).view(3, 4)
    assert x[range(3), [3, 1, 0]].tolist() == [3, 5, 8] and x[range(1, 3)].shape == (2, 4)
    assert x[(0, 2), (1, 3)].tolist() == [1, 11]
    x[range(3), range(3)] = 0
    assert x.diagonal().tolist() == [0, 0, 0]
    with pytest.raises(TypeError, match="can't be made of NoneType"):
        torch.tensor(None)


def test_contains():
    x = torch.tensor([[1, 2], [3, 4]])
    assert 3 in x and 5 not in x and torch.tensor(4) in x and torch.tensor([5, 2]) in x
    assert np.int64(2) in x and 2.5 not in x
    with pytest.raises(TypeError, match="a number or a tensor, not str"):
        "a" in x


def test_text_says_what_has_a_gradient():
    x = torch.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<MulBackward0>)"
    assert repr(x.detach()) == "tensor([1., 1.])"


def test_forms_that_differ_from_the_ops():
    z = torch.tensor([1 + 2j, 3 - 1j])
    assert z.real.tolist() == [1.0, 3.0] and z.imag.tolist() == [2.0, -1.0]
    assert repr(torch.tensor([True, False])) == "tensor([ True, False])"
    x = torch.tensor([[1.0, 3.0], [5.0, 9.0]])
    assert torch.var(x, 0, correction=0).tolist() == [4.0, 9.0]
    assert torch.reshape(input=x, shape=(4,)).tolist() == [1.0, 3.0, 5.0, 9.0]
    assert torch.dot(input=x[0], tensor=x[1]) == 32
    assert torch.outer(input=x[0], vec2=x[1]).tolist() == [[5.0, 9.0], [15.0, 27.0]]
    assert torch.as_strided(x, size=(2,), stride=(3,)).tolist() == [1.0, 9.0]


def test_tensors_of_arrays_by_the_class():
    import numpy as np

    made = torch.Tensor(np.arange(6).reshape(2, 3))
    assert made.dtype is torch.float32 and made.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert torch.Tensor(np.array([True, False])).tolist() == [1, 0]
    assert torch.Tensor(np.int64(2), 3).shape == (2, 3)
