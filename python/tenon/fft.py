"""Fourier transforms: the ops whose names begin with `fft_`, under PyTorch's names."""

from . import _core

fft, ifft, rfft, irfft = _core.fft_fft, _core.fft_ifft, _core.fft_rfft, _core.fft_irfft
hfft, ihfft = _core.fft_hfft, _core.fft_ihfft
fftn, ifftn, rfftn, irfftn = _core.fft_fftn, _core.fft_ifftn, _core.fft_rfftn, _core.fft_irfftn
hfftn, ihfftn = _core.fft_hfftn, _core.fft_ihfftn
fftfreq, rfftfreq = _core.fft_fftfreq, _core.fft_rfftfreq
fftshift, ifftshift = _core.fft_fftshift, _core.fft_ifftshift


def fft2(input, s=None, dim=(-2, -1), norm=None):
    """`fftn` along two dims."""
    return fftn(input, s, dim, norm)


def ifft2(input, s=None, dim=(-2, -1), norm=None):
    """`ifftn` along two dims."""
    return ifftn(input, s, dim, norm)


def rfft2(input, s=None, dim=(-2, -1), norm=None):
    """`rfftn` along two dims."""
    return rfftn(input, s, dim, norm)


def irfft2(input, s=None, dim=(-2, -1), norm=None):
    """`irfftn` along two dims."""
    return irfftn(input, s, dim, norm)


def hfft2(input, s=None, dim=(-2, -1), norm=None):
    """`hfftn` along two dims."""
    return hfftn(input, s, dim, norm)


def ihfft2(input, s=None, dim=(-2, -1), norm=None):
    """`ihfftn` along two dims."""
    return ihfftn(input, s, dim, norm)
