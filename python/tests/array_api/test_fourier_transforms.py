"""The Fourier transforms extension, dtype by dtype."""

import numpy as np
import pytest
import tenon
import tenon.array_api as xp
from array_api_checks import COMPLEX, FLOATS, same, tame

NORMS = ["backward", "ortho", "forward"]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", COMPLEX)
def test_transforms_of_complex_numbers(dtype, norm):
    x = tame(dtype, (3, 6))
    for name in "fft.fft", "fft.ifft", "fft.irfft", "fft.hfft":
        for keywords in {}, {"axis": 0}, {"n": 4}, {"n": 9}:
            same(name, x, norm=norm, ulps=64, **keywords)
    for name in "fft.fftn", "fft.ifftn", "fft.irfftn":
        for keywords in {}, {"axes": (0, 1)}, {"s": (4, 5), "axes": (0, 1)}, {"axes": (1,)}:
            same(name, x, norm=norm, ulps=64, **keywords)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_transforms_of_real_numbers(dtype, norm):
    x = tame(dtype, (3, 6))
    for name in "fft.rfft", "fft.ihfft":
        for keywords in {}, {"axis": 0}, {"n": 4}, {"n": 9}:
            same(name, x, norm=norm, ulps=64, **keywords)
    for keywords in {}, {"axes": (0, 1)}, {"s": (4, 5), "axes": (0, 1)}:
        same("fft.rfftn", x, norm=norm, ulps=64, **keywords)


@pytest.mark.parametrize("dtype", FLOATS)
def test_frequencies(dtype):
    for n in 1, 5, 8:
        for d in 1.0, 0.25:
            same("fft.fftfreq", n, d=d, dtype=np.dtype(dtype), ulps=4)
            same("fft.rfftfreq", n, d=d, dtype=np.dtype(dtype), ulps=4)
    assert xp.fft.fftfreq(3).dtype == tenon.float32


@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
def test_shifts(dtype):
    x = tame(dtype, (3, 6))
    for name in "fft.fftshift", "fft.ifftshift":
        for axes in None, 0, (1,), (0, 1):
            same(name, x, axes=axes)
