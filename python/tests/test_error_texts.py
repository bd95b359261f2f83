"""Errors name things as Python does, whatever the library calls them."""

import pytest
import tenon as torch
import tenon.nn.functional as F


def test_errors_name_things_as_python_does():
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="pass retain_graph=True to the earlier one"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"do it under no_grad\(\), or on a clone"):
        x.add_(1)
    with pytest.raises(RuntimeError, match=r"outside of no_grad\(\)"):
        torch.ones(()).backward()
    with pytest.raises(TypeError, match=r"convert with to\(int64\)"):
        F.cross_entropy(torch.ones(2, 3), torch.ones(2, 3).bool()[:, 0])
    with pytest.raises(TypeError, match=r"has no argument 'size_': .*dtype=None"):
        torch.zeros_like(x, size_=3)
    with pytest.raises(ValueError, match="give onesided=False"):
        torch.stft(torch.ones(16, dtype=torch.complex64), 8, onesided=True, return_complex=True)
