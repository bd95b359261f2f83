"""Signal processing; Fourier transforms are in `tenon.fft`."""

from . import windows

__all__ = ["windows"]
