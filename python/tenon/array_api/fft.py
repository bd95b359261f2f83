"""The standard's Fourier transforms extension."""

from .. import _core
from ._support import default_float, named

__all__ = ["fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft",
           "irfft", "irfftn", "rfft", "rfftfreq", "rfftn"]


def _along(name, what):
    op = getattr(_core, "fft_" + name)

    def function(x, /, *, n=None, axis=-1, norm="backward"):
        return op(x, n, axis, norm)

    return named(function, name, what)


def _over(name, what):
    op = getattr(_core, "fft_" + name)

    def function(x, /, *, s=None, axes=None, norm="backward"):
        return op(x, s or (), axes or (), norm)

    return named(function, name, what)


def _shift(name, what):
    op = getattr(_core, "fft_" + name)

    def function(x, /, *, axes=None):
        return op(x, () if axes is None else (axes,) if isinstance(axes, int) else tuple(axes))

    return named(function, name, what)


def _frequencies(name, what):
    op = getattr(_core, "fft_" + name)

    def function(n, /, *, d=1.0, dtype=None, device=None):
        return op(n, d, dtype or default_float(), "cpu" if device is None else device)

    return named(function, name, what)


fft = _along("fft", "The transform along an axis.")
ifft = _along("ifft", "Its inverse.")
rfft = _along("rfft", "The first half of the transform of real numbers.")
irfft = _along("irfft", "The inverse of `rfft`.")
hfft = _along("hfft", "The real transform of a signal that mirrors itself, from its first half.")
ihfft = _along("ihfft", "The inverse of `hfft`.")
fftn = _over("fftn", "The transform over several axes.")
ifftn = _over("ifftn", "Its inverse.")
rfftn = _over("rfftn", "The first half of the transform of real numbers over several axes.")
irfftn = _over("irfftn", "The inverse of `rfftn`.")
fftfreq = _frequencies("fftfreq", "The frequencies that belong to the results of `fft`.")
rfftfreq = _frequencies("rfftfreq", "The frequencies that belong to the results of `rfft`.")
fftshift = _shift("fftshift", "Results moved so that frequency 0 is in the middle.")
ifftshift = _shift("ifftshift", "The inverse of `fftshift`.")
