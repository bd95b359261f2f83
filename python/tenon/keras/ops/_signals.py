"""Fourier transforms. Complex numbers come and go as pairs (real, imaginary)."""

from ... import _core
from ._base import floats, names_of, op, promoted, tensor


def _complex(x, call):
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{call}(): Input `x` should be a tuple of two tensors - real and "
                         f"imaginary. Received: x={x}")
    real, imaginary = map(floats, promoted(x))
    if real.shape != imaginary.shape:
        raise ValueError("Input `x` should be a tuple of two tensors - real and imaginary. Both "
                         "the real and imaginary parts should have the same shape. Received: "
                         f"{tuple(real.shape)} and {tuple(imaginary.shape)}")
    return _core.complex(real, imaginary) if hasattr(_core, "complex") else _core.view_as_complex(
        _core.stack([real, imaginary], -1))


def _parts(y):
    return _core.real(y), _core.imag(y)


@op
def fft(x):
    """The transform along the last axis."""
    return _parts(_core.fft_fft(_complex(x, "fft")))


@op
def fft2(x):
    """The transform along the last two axes."""
    return _parts(_core.fft_fftn(_complex(x, "fft2"), dim=(-2, -1)))


@op
def ifft2(x):
    """The inverse of `fft2`."""
    return _parts(_core.fft_ifftn(_complex(x, "ifft2"), dim=(-2, -1)))


@op
def rfft(x, fft_length=None):
    """The transform of real numbers along the last axis, cut or continued by zeros to a length."""
    return _parts(_core.fft_rfft(floats(x), fft_length))


@op
def irfft(x, fft_length=None):
    """The inverse of `rfft`."""
    return _core.fft_irfft(_complex(x, "irfft"), fft_length)


def _window(window, sequence_length, fft_length, dtype):
    """A window's numbers in the middle of a frame."""
    if window is None:
        window = _core.ones((sequence_length,), dtype=dtype)
    elif window in ("hann", "hamming"):
        make = _core.hann_window if window == "hann" else _core.hamming_window
        window = make(sequence_length, True).to(dtype)
    elif isinstance(window, str):
        raise ValueError("If a string is passed to `window`, it must be one of `'hann'`, "
                         f"`'hamming'`. Received: window={window}")
    else:
        window = tensor(window).to(dtype)
        if tuple(window.shape) != (sequence_length,):
            raise ValueError("The shape of `window` must be equal to [sequence_length]. Received: "
                             f"window shape={tuple(window.shape)}")
    before = (fft_length - sequence_length) // 2
    return _core.pad(window, [before, fft_length - sequence_length - before])


def _checked_lengths(sequence_length, sequence_stride, fft_length):
    if fft_length < sequence_length:
        raise ValueError("`fft_length` must be equal or larger than `sequence_length`. Received: "
                         f"sequence_length={sequence_length}, fft_length={fft_length}")
    if sequence_stride < 1:
        raise ValueError(f"`sequence_stride` is positive, not {sequence_stride}")


@op
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """The transforms of windowed frames, a row each: (..., frames, frequencies)."""
    _checked_lengths(sequence_length, sequence_stride, fft_length)
    x = floats(x)
    weights = _window(window, sequence_length, fft_length, x.dtype)
    if center:
        lead = x.shape[:-1]
        more = fft_length // 2
        x = _core.pad(x.reshape((-1, 1, x.shape[-1])), [more, more], "reflect")
        x = x.reshape((*lead, x.shape[-1]))
    frames = x.unfold(-1, fft_length, sequence_stride) * weights
    return _parts(_core.fft_rfft(frames, fft_length))


@op
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The inverse of `stft`, by least squares."""
    _checked_lengths(sequence_length, sequence_stride, fft_length)
    spectrum = _complex(x, "istft")
    frames = _core.fft_irfft(spectrum, fft_length)
    weights = _window(window, sequence_length, fft_length, frames.dtype)
    whole = (frames.shape[-2] - 1) * sequence_stride + fft_length
    y = _overlapped(frames * weights, sequence_stride, whole)
    squares = _overlapped(_core.square(weights).expand(frames.shape[-2:]), sequence_stride, whole)
    # Where no window reaches there is nothing to divide by.
    y = y / _core.where(squares > 1e-10, squares, _core.ones_like(squares))
    first = fft_length // 2 if center else 0
    last = first + length if length is not None else whole - (fft_length // 2 if center else 0)
    return y[..., first:last]


def _overlapped(frames, stride, whole):
    """Frames added up, each `stride` behind the one before."""
    count, size = frames.shape[-2:]
    at = (_core.arange(0, count, 1, dtype=_core.int64).unsqueeze(1) * stride
          + _core.arange(0, size, 1, dtype=_core.int64)).reshape(-1)
    flat = frames.reshape((*frames.shape[:-2], count * size))
    base = _core.zeros((*frames.shape[:-2], whole), dtype=frames.dtype)
    return _core.index_add(base, -1, at, flat)


__all__ = names_of(globals())
