"""Results written where `out=` says."""

import pytest
import tenon as torch

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


def test_results_go_there():
    out = torch.zeros(2, 2)
    version = out._version
    place = out.data_ptr()
    assert torch.add(X, 1, out=out) is out and out.tolist() == [[2, 3], [4, 5]]
    assert torch.matmul(X, X, out=out) is out and out.tolist() == [[7, 10], [15, 22]]
    assert out.data_ptr() == place and out._version > version
    assert torch.cat([X, X], dim=1, out=torch.empty(0)).shape == (2, 4)
    view = torch.zeros(4, 2)
    torch.mul(X, 2, out=view[::2])
    assert view.tolist() == [[2, 4], [0, 0], [6, 8], [0, 0]]
    assert torch.add(X, X, alpha=2, out=out) is out and out.tolist() == (X * 3).tolist()
    assert torch.exp(X, out=None).tolist() == X.exp().tolist()
    torch.add(X, X, out=X.view(4)[:0])  # an empty one takes any sizes


def test_several_results_and_other_dtypes():
    values, indices = torch.zeros(2, 1), torch.zeros(2, 1, dtype=torch.int64)
    assert torch.topk(X, 1, out=(values, indices))[0] is values
    assert values.tolist() == [[2], [4]] and indices.tolist() == [[1], [1]]
    assert torch.add(X, 1, out=torch.zeros(2, 2, dtype=torch.float64)).dtype == torch.float64
    part = torch.empty(0, dtype=torch.float16)
    assert torch.sub(X, 1, out=part) is part and part.dtype == torch.float16
    assert part.tolist() == [[0, 1], [2, 3]]


def test_others_are_resized_with_a_warning():
    for sizes in (5,), (2, 3), (1,), (4, 1):
        out = torch.zeros(sizes)
        alias, place = out, out.data_ptr()
        with pytest.warns(UserWarning, match=r"out= was resized from \[.*\] to \[2, 2\]"):
            assert torch.add(X, 1, out=out) is alias
        assert out.tolist() == [[2, 3], [4, 5]] and (out.data_ptr() == place) == (sizes != (1,))
    memory = torch.zeros(6)
    part = memory[:2]
    with pytest.warns(UserWarning):
        torch.mul(X, 2, out=part)
    assert part.shape == (2, 2) and memory.tolist() == [2, 4, 6, 8, 0, 0]
    leaf = torch.ones(5, requires_grad=True)
    with torch.no_grad(), pytest.warns(UserWarning):
        torch.exp(torch.zeros(3), out=leaf)
    assert leaf.is_leaf and leaf.requires_grad and leaf.tolist() == [1, 1, 1]
    values, indices = torch.zeros(7), torch.zeros(9, dtype=torch.int64)
    with pytest.warns(UserWarning):
        torch.topk(X, 1, out=(values, indices))
    assert values.tolist() == [[2], [4]] and indices.tolist() == [[1], [1]]


def test_in_a_compiled_function():
    out = torch.zeros(2, 2)

    @torch.compile
    def f(x):
        torch.mul(x, 3, out=out)
        return out + 1

    for scale in 1, 2, 3:
        assert f(X * scale).tolist() == (X * scale * 3 + 1).tolist()
        assert out.tolist() == (X * scale * 3).tolist()


@pytest.mark.filterwarnings("ignore:.*was resized")
def test_resized_in_a_compiled_function():
    @torch.compile
    def f(x):
        out = torch.zeros(3)
        torch.mul(x, 3, out=out)
        return out + 1

    for scale in 1, 2, 3:
        assert f(X * scale).tolist() == (X * scale * 3 + 1).tolist()


@pytest.mark.parametrize("call, kind, message", [
    (lambda: torch.add(X, 1, out=torch.zeros(2, 2, dtype=torch.int64)), TypeError, "doesn't fit"),
    (lambda: torch.add(X, 1, out=[X]), TypeError,
     "'out' must be a tensor for each result, not list"),
    (lambda: torch.topk(X, 1, out=X), TypeError, "a tuple of 2 tensors"),
    (lambda: torch.topk(X, 1, out=(X,)), TypeError, "a tuple of 2 tensors, not of 1"),
    (lambda: torch.add(X.clone().requires_grad_(), 1, out=torch.zeros(2, 2)), RuntimeError,
     "doesn't record gradients"),
    (lambda: X.add(1, out=X), TypeError, "no argument 'out'"),
    (lambda: torch.split(X, 1, out=X), TypeError, "out"),
    (lambda: torch.add(X, "a", out=X), TypeError, "must be a tensor or a number"),
])
def test_mistakes(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_gradients_may_be_off():
    x = X.clone().requires_grad_()
    with torch.no_grad():
        assert torch.add(x, 1, out=torch.zeros(2, 2)).requires_grad is False


def test_what_python_composes():
    out, indices = torch.zeros(2), torch.zeros(2, dtype=torch.int64)
    found = torch.max(X, 1, out=(out, indices))
    assert found.values is out and out.tolist() == [2, 4] and indices.tolist() == [1, 1]
    assert torch.std(X, 1, out=out) is out and out.tolist() == pytest.approx([0.5**0.5] * 2)
    assert torch.norm(X, dim=0, out=out).tolist() == pytest.approx([10**0.5, 20**0.5])
    whole = torch.zeros(2, 2)
    assert torch.clamp(X, 2, 3, out=whole) is whole and whole.tolist() == [[2, 2], [3, 3]]
    assert torch.clamp(X, torch.tensor(2.0), out=whole).tolist() == [[2, 2], [3, 4]]
    assert torch.where(X > 2, X, 0.0, out=whole).tolist() == [[0, 0], [3, 4]]
    assert torch.tensordot(X, X, 1, out=whole) is whole and whole.tolist() == (X @ X).tolist()
    assert torch.median(X, 1, out=(out, indices)).values is out and out.tolist() == [1, 3]
    assert torch.zeros(2, 2, out=whole) is whole and whole.sum().item() == 0
    with pytest.raises(TypeError, match="a tuple of 2 tensors"):
        torch.min(X, 1, out=out)
    with pytest.warns(UserWarning, match="was resized"):
        assert torch.min(X, X, out=out).tolist() == out.tolist() == X.tolist()
