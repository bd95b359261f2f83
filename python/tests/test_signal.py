"""Windows of signal processing, and Fourier transforms of several dims, against SciPy's."""

import numpy as np
import pytest
import scipy.fft
import scipy.signal.windows
import tenon as torch
from tenon.signal import windows

CASES = [("bartlett", {}), ("blackman", {}), ("cosine", {}), ("exponential", {"tau": 2.5}),
         ("gaussian", {"std": 1.5}), ("general_cosine", {"a": [0.5, 0.3, 0.2]}),
         ("general_hamming", {"alpha": 0.6}), ("hamming", {}), ("hann", {}), ("kaiser",
                                                                             {"beta": 8.0}),
         ("nuttall", {})]


@pytest.mark.parametrize("name, options", CASES, ids=[name for name, _ in CASES])
def test_windows(name, options):
    for length in 0, 1, 2, 7, 8:
        for sym in True, False:
            ours = getattr(windows, name)(length, sym=sym, dtype=torch.float64, **options)
            theirs = getattr(scipy.signal.windows, name)(length, sym=sym, **options)
            np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)
    single = getattr(windows, name)(9, requires_grad=True, **options)
    assert single.dtype is torch.float32 and single.requires_grad
    np.testing.assert_allclose(single.detach().numpy(),
                               getattr(scipy.signal.windows, name)(9, **options), atol=1e-6)


def test_windows_of_the_older_names():
    np.testing.assert_allclose(torch.kaiser_window(6, dtype=torch.float64).numpy(),
                               scipy.signal.windows.kaiser(6, 12.0, sym=False))
    assert torch.hann_window(4, requires_grad=True).requires_grad
    centred = windows.exponential(4, center=1.0, tau=2.0, sym=False)
    np.testing.assert_allclose(centred.numpy(), np.exp(-np.abs(np.arange(4) - 1) / 2), rtol=1e-6)
    with pytest.raises(ValueError, match="expected std above 0, got 0"):
        windows.gaussian(4, std=0.0)


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_transforms_of_mirrored_signals(norm):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(3, 4, 5)) + 1j * generator.normal(size=(3, 4, 5))
    t = torch.tensor(x)
    np.testing.assert_allclose(torch.fft.hfftn(t, norm=norm).numpy(), scipy.fft.hfftn(x, norm=norm))
    np.testing.assert_allclose(torch.fft.hfftn(t, (4, 6), (0, 2), norm).numpy(),
                               scipy.fft.hfftn(x, (4, 6), (0, 2), norm), atol=1e-12)
    np.testing.assert_allclose(torch.fft.hfft2(t, norm=norm).numpy(), scipy.fft.hfft2(x, norm=norm))
    real = torch.tensor(x.real)
    np.testing.assert_allclose(torch.fft.ihfftn(real, norm=norm).numpy(),
                               scipy.fft.ihfftn(x.real, norm=norm), atol=1e-12)
    np.testing.assert_allclose(torch.fft.ihfft2(real, (4, 3), norm=norm).numpy(),
                               scipy.fft.ihfft2(x.real, (4, 3), norm=norm), atol=1e-12)
    np.testing.assert_allclose(
        torch.fft.ihfftn(torch.fft.hfftn(t, s=(3, 4, 9), norm=norm), norm=norm).numpy(),
        scipy.fft.ihfftn(scipy.fft.hfftn(x, (3, 4, 9), norm=norm), norm=norm), atol=1e-12)
    with pytest.raises(ValueError, match="expected at least one dim"):
        torch.fft.hfftn(torch.tensor(1j))
