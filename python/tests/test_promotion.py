"""Which dtype two operands give: categories, and ranks within them, as PyTorch has it."""

import itertools

import numpy as np
import pytest
import tenon as torch

REAL = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
DTYPES = ["bool", *REAL, "bfloat16", "complex64", "complex128"]


def category(dtype):
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else int(dtype != torch.bool)


def expected(a, b):
    """Of a dtype that outranks another."""
    if category(a) >= category(b):
        return a
    if category(a) == 2:
        return torch.complex128 if a == torch.float64 else torch.complex64
    return torch.promote_types(a, b)


def test_of_one_rank_both_dtypes_count():
    for a, b in itertools.product(REAL, REAL):
        if ("float" in a) == ("float" in b):
            got = torch.promote_types(getattr(torch, a), getattr(torch, b))
            assert got == getattr(torch, np.promote_types(a, b).name), (a, b)
    assert torch.promote_types(torch.int64, torch.float16) == torch.float16
    assert torch.promote_types(torch.float16, torch.bfloat16) == torch.float32
    assert torch.promote_types(torch.float64, torch.complex64) == torch.complex128


@pytest.mark.parametrize("name", DTYPES)
def test_dims_outrank_0d_tensors_and_these_numbers(name):
    a = getattr(torch, name)
    product = torch.compile(lambda x, y: x * y)
    for b in (getattr(torch, other) for other in DTYPES):
        whole, single = torch.ones(2, dtype=a), torch.ones((), dtype=b)
        wanted = expected(a, b)
        for x, y in (whole, single), (single, whole):
            assert torch.result_type(x, y) == (x * y).dtype == wanted, (x, y)
            assert torch.where(whole.bool(), x, y).dtype == wanted
        assert product(whole, single).dtype == wanted
        assert (single.clone() * torch.ones((), dtype=a)).dtype == torch.promote_types(a, b)
        if torch.can_cast(wanted, a):
            assert whole.mul_(single).dtype == a
        else:
            with pytest.raises(TypeError, match="doesn't fit"):
                whole.mul_(single)
    for number in True, 3, 2.5, 1j:
        wanted = expected(a, torch.tensor(number).dtype)
        for x in torch.ones(2, dtype=a), torch.ones((), dtype=a):
            assert torch.result_type(x, number) == torch.result_type(number, x) == wanted
            assert (x * number).dtype == wanted, (x, number)


def test_values_are_those_of_the_dtype_that_comes_out():
    x = torch.tensor([1.0, 2.0], dtype=torch.float32)
    third = torch.tensor(1 / 3, dtype=torch.float64)
    assert (x * third).tolist() == (x * third.float()).tolist()
    compiled = torch.compile(lambda a, b: (a * b + b).sum())
    assert compiled(x, third).item() == (x * third + third).sum().item()
    few = torch.tensor([1, 200], dtype=torch.uint8)
    assert (few + torch.tensor(100)).tolist() == [101, 44]
    assert (few == torch.tensor(456)).tolist() == [False, False]
    assert torch.tensor([2**62 + 1], dtype=torch.uint64).add(torch.tensor(-1)).tolist() == [2**62]


def test_gradients_have_their_inputs_dtypes():
    x = torch.ones(3, requires_grad=True)
    factor = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    (x * factor).sum().backward()
    assert x.grad.dtype == torch.float32 and factor.grad.dtype == torch.float64
    assert factor.grad.item() == 3


def test_arguments():
    assert torch.can_cast(torch.float64, torch.float32) and torch.can_cast(torch.bool, torch.int8)
    assert not torch.can_cast(torch.float32, torch.int64)
    assert not torch.can_cast(torch.uint8, torch.bool)
    assert torch.result_type(torch.ones(2, dtype=torch.int8), 300) == torch.int8
    assert torch.result_type(1, 2.0) == torch.float32
    with pytest.raises(TypeError, match="'tensor2' is str"):
        torch.result_type(torch.ones(2), "a")
    with pytest.raises(TypeError):
        torch.can_cast(torch.float32, None)
