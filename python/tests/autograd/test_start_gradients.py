"""Gradients that backward is given to start from."""

import pytest
import tenon as torch


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "bool"])
def test_gradients_to_start_from_are_converted(dtype):
    w = torch.ones(3, requires_grad=True)
    start = torch.ones(3, dtype=getattr(torch, dtype))
    (w * 2).backward(start)
    assert w.grad.dtype == torch.float32 and w.grad.tolist() == [2, 2, 2]
    assert torch.autograd.grad(w * 3, w, start)[0].tolist() == [3, 3, 3]


def test_gradients_to_start_from_are_checked():
    w = torch.ones(3, requires_grad=True)
    with pytest.raises(TypeError, match="expected a gradient of dtype float32, got complex64"):
        (w * 2).backward(torch.ones(3, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"expected a gradient of sizes \[3\], got \[1, 3\]"):
        (w * 2).backward(torch.ones(1, 3, dtype=torch.float64))
