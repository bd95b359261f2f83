"""tf.signal: Fourier and cosine transforms, frames, windows and mel filters."""

import math

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op


def _complex(x, name):
    x = convert.tensor(x)
    if not x.is_complex():
        raise InvalidArgumentError(f"Value for attr 'Tcomplex' of {dtypes.name_of(x.dtype)} is not "
                                   "in the list of allowed values: complex64, complex128 "
                                   f"[Op:{name}]; tf.cast it, or use rfft")
    return x


def _real(x, name):
    x = convert.tensor(x)
    if x.dtype not in (_core.float32, _core.float64):
        raise InvalidArgumentError(f"Value for attr 'Treal' of {dtypes.name_of(x.dtype)} is not in "
                                   f"the list of allowed values: float, double [Op:{name}]; "
                                   "tf.cast it")
    return x


# Fourier transforms.


def _fourier(name, compute, dims):
    def function(input):
        return compute(_complex(input, name.upper()), (), list(range(-dims, 0)))

    function.__name__, function.__doc__ = name, (
        f"The {'inverse ' if name[0] == 'i' else ''}discrete Fourier transform over the last "
        f"{dims if dims > 1 else ''} dim{'s' if dims > 1 else ''}.".replace("  ", " "))
    return _op(function)


def _lengths(fft_length, dims):
    return () if fft_length is None else _checked(convert.sizes(fft_length), dims)


def _checked(sizes, dims):
    if len(sizes) != dims:
        raise ValueError(f"fft_length has {len(sizes)} numbers, the transform is over {dims} dims")
    return sizes


def _real_fourier(name, compute, dims):
    def function(input_tensor, fft_length=None):
        x = (_complex if name[0] == "i" else _real)(input_tensor, name.upper())
        return compute(x, _lengths(fft_length, dims), list(range(-dims, 0)))

    function.__name__, function.__doc__ = name, (
        "The transform of real numbers, without the frequencies that follow from others; of dims "
        "cut or continued by zeros to `fft_length`." if name[0] == "r" else
        "The real numbers of such a transform, `fft_length` of them.")
    return _op(function)


fft, fft2d, fft3d = (_fourier(f"fft{'' if d == 1 else f'{d}d'}", _core.fft_fftn, d)
                     for d in (1, 2, 3))
ifft, ifft2d, ifft3d = (_fourier(f"ifft{'' if d == 1 else f'{d}d'}", _core.fft_ifftn, d)
                        for d in (1, 2, 3))
rfft, rfft2d, rfft3d = (_real_fourier(f"rfft{'' if d == 1 else f'{d}d'}", _core.fft_rfftn, d)
                        for d in (1, 2, 3))
irfft, irfft2d, irfft3d = (_real_fourier(f"irfft{'' if d == 1 else f'{d}d'}", _core.fft_irfftn, d)
                           for d in (1, 2, 3))


def _over_axes(name, compute, check):
    def function(input_tensor, fft_length=None, axes=None, norm=None):
        x = check(input_tensor, name.upper())
        count = x.dim() if axes is None and fft_length is None else \
            len(fft_length if axes is None else axes)
        axes = tuple(range(-count, 0)) if axes is None else convert.axis_of(axes)
        return compute(x, _lengths(fft_length, len(axes)), axes, norm or "backward")

    function.__name__ = name
    function.__doc__ = f"`{name[:-1]}` over any axes."
    return _op(function)


fftnd, ifftnd = (_over_axes("fftnd", _core.fft_fftn, _complex),
                 _over_axes("ifftnd", _core.fft_ifftn, _complex))
rfftnd, irfftnd = (_over_axes("rfftnd", _core.fft_rfftn, _real),
                   _over_axes("irfftnd", _core.fft_irfftn, _complex))


def _shift(name, compute, text):
    def function(x, axes=None):
        axes = convert.axis_of(axes)
        return compute(convert.tensor(x), () if axes is None else axes)

    function.__name__, function.__doc__ = name, text
    return _op(function)


fftshift = _shift("fftshift", _core.fft_fftshift, "Frequency 0 moved to the middle of the axes.")
ifftshift = _shift("ifftshift", _core.fft_ifftshift, "And back.")


# Windows.


def _cosine_window(name, a, b):
    def function(window_length, periodic=True, dtype=_core.float32):
        length = int(window_length)
        dtype = _window_dtype(dtype)
        if length <= 1:
            return _core.ones((length,), dtype=dtype)
        period = length - 1 + (bool(periodic) and length % 2 == 0)
        steps = _core.arange(0, length, 1, dtype=dtype)
        return a - b * _core.cos(steps * (2 * math.pi / period))

    function.__name__ = name
    function.__doc__ = (f"{a} - {b} cos(2 pi n / N). As TensorFlow has it, only windows of an even "
                        "length can be periodic.")
    return _op(function)


def _window_dtype(dtype):
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating_point:
        raise ValueError(f"windows are of a floating dtype, not {dtypes.name_of(dtype)}")
    return dtype


hann_window = _cosine_window("hann_window", 0.5, 0.5)
hamming_window = _cosine_window("hamming_window", 0.54, 0.46)


@_op
def vorbis_window(window_length, dtype=_core.float32):
    """sin(pi / 2 sin^2(pi (n + 1/2) / N))."""
    length = int(window_length)
    steps = _core.arange(0, length, 1, dtype=_window_dtype(dtype))
    return _core.sin(math.pi / 2 * _core.square(_core.sin((steps + 0.5) * (math.pi / length))))


@_op
def kaiser_window(window_length, beta=12.0, dtype=_core.float32):
    """Kaiser's window (1966): of two lobes, as much as can be in the main one."""
    return _kaiser(int(window_length), float(beta), _window_dtype(dtype))


def _kaiser(length, beta, dtype):
    # The window is that of |beta|. Sums of it are taken, so it is made with all digits.
    return _core.to_dtype(_core.kaiser_window(length, False, abs(beta), _core.float64), dtype)


@_op
def kaiser_bessel_derived_window(window_length, beta=12.0, dtype=_core.float32):
    """The root of the running sum of Kaiser's window, and back; whose squares half a window apart
    sum to 1."""
    half = int(window_length) // 2
    sums = _core.cumsum(_kaiser(half + 1, float(beta), _window_dtype(dtype)), 0)
    part = _core.sqrt(_core.narrow(sums, 0, 0, half) / _core.select(sums, 0, half))
    return _core.cat([part, _core.flip(part, (0,))], 0)


# Frames.


@_op
def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1):
    """Frames of so many elements along an axis, `frame_step` apart, as a new axis behind it; with
    `pad_end` one from every step."""
    signal = convert.tensor(signal)
    length, step = int(frame_length), int(frame_step)
    axis = convert.axis_of(axis) % signal.dim()
    size = signal.shape[axis]
    if pad_end:
        count = -(-size // step)
        missing = max(0, length + step * (count - 1) - size)
        value = convert.like(pad_value, signal).item()
        signal = _core.pad(signal, (*[0] * (2 * (signal.dim() - 1 - axis)), 0, missing), "constant",
                           value)
    elif size < length:
        return _core.zeros((*signal.shape[:axis], 0, length, *signal.shape[axis + 1:]),
                           dtype=signal.dtype)
    frames = _core.unfold(signal, axis, length, step)
    if pad_end:
        frames = _core.narrow(frames, axis, 0, count)
    return _core.movedim(frames, -1, axis + 1).contiguous()


@_op
def overlap_and_add(signal, frame_step):
    """Frames [..., frames, length] laid `frame_step` apart and added."""
    signal, step = convert.tensor(signal), int(frame_step)
    if signal.dim() < 2:
        raise ValueError("overlap_and_add(): signal must have at least 2 dims, [..., frames, "
                         "length]")
    count, length = signal.shape[-2:]
    places = (_core.arange(0, count, 1, dtype=_core.int64).unsqueeze(1) * step +
              _core.arange(0, length, 1, dtype=_core.int64)).reshape(-1)
    flat = signal.reshape((*signal.shape[:-2], count * length))
    base = _core.zeros((*signal.shape[:-2], length + step * (count - 1) if count else 0),
                       dtype=signal.dtype)
    return _core.index_add(base, -1, places, flat)


def _fft_length(fft_length, frame_length):
    if fft_length is not None:
        return int(fft_length)
    return 1 << max(0, frame_length - 1).bit_length()


@_op
def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False):
    """The transforms of windowed frames: [..., frames, fft_length / 2 + 1]. The fft_length is the
    next power of 2 unless given."""
    signals, length = _real(signals, "RFFT"), int(frame_length)
    frames = frame(signals, length, frame_step, pad_end)
    if window_fn is not None:
        frames = _core.mul(frames, window_fn(length, dtype=signals.dtype))
    return _core.fft_rfftn(frames, (_fft_length(fft_length, length),), (-1,))


@_op
def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window):
    """The signals whose `stft` it was, where window_fn is that window's
    `inverse_stft_window_fn`."""
    stfts, length = _complex(stfts, "IRFFT"), int(frame_length)
    fft_length = _fft_length(fft_length, length)
    frames = _core.fft_irfftn(stfts, (fft_length,), (-1,))
    frames = _core.narrow(frames, -1, 0, length) if length <= fft_length else \
        _core.pad(frames, (0, length - fft_length), "constant", 0)
    if window_fn is not None:
        frames = _core.mul(frames, window_fn(length, dtype=frames.dtype))
    return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """A window for `inverse_stft` that undoes forward_window_fn's."""
    @_op
    def window(frame_length, dtype):
        length, step = int(frame_length), int(frame_step)
        forward = forward_window_fn(length, dtype=dtype)
        overlaps = -(-length // step)
        squares = _core.pad(_core.square(forward), (0, overlaps * step - length), "constant", 0)
        total = _core.sum(squares.reshape((overlaps, step)), 0, True)
        total = total.expand((overlaps, step)).reshape(-1)
        return _core.div(forward, _core.narrow(total, 0, 0, length))

    return window


# Cosine transforms.


def _checked_transform(type, n, axis, norm, name):
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if type not in (1, 2, 3, 4):
        raise ValueError(f"{name}(): type is 1, 2, 3 or 4, not {type!r}")
    if norm not in (None, "ortho"):
        raise ValueError(f"{name}(): norm is None or 'ortho', not {norm!r}")
    if type == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")
    if n is not None and n < 1:
        raise ValueError(f"{name}(): n must be a positive integer or None, not {n}")


def _of_length(x, n):
    if n is None or n == x.shape[-1]:
        return x
    if n < x.shape[-1]:
        return _core.narrow(x, -1, 0, n)
    return _core.pad(x, (0, n - x.shape[-1]), "constant", 0)


def _turn(count, size, dtype):
    """e^(-i pi k / (2 size)) for k below `count`."""
    angles = _core.arange(0, count, 1, dtype=dtype) * (math.pi / (2 * size))
    return _core.complex(_core.cos(angles), -_core.sin(angles))


def _orthogonal(x, first, others):
    """x scaled by `others`, its first element by `first`."""
    head = _core.narrow(x, -1, 0, 1) * first
    return _core.cat([head, _core.narrow(x, -1, 1, x.shape[-1] - 1) * others], -1)


def _cosine(x, type, norm):
    size = x.shape[-1]
    if type == 1:
        inner = _core.flip(_core.narrow(x, -1, 1, size - 2), (-1,)) if size > 2 else None
        mirrored = x if inner is None else _core.cat([x, inner], -1)
        return _core.real(_core.fft_rfftn(mirrored, (), (-1,)))
    if type == 2:
        made = _core.narrow(_core.fft_rfftn(x, (2 * size,), (-1,)), -1, 0, size)
        made = 2 * _core.real(made * _turn(size, size, x.dtype))
        return made if norm is None else _orthogonal(made, 0.5 * size ** -0.5, (0.5 / size) ** 0.5)
    if type == 3:
        x = x if norm is None else _orthogonal(x, size ** -0.5, (0.5 / size) ** 0.5)
        spectrum = _core.complex(x, _core.zeros_like(x)) * _core.conj(_turn(size, size, x.dtype))
        return _core.narrow(_core.fft_irfftn(spectrum, (2 * size,), (-1,)), -1, 0,
                            size) * (2.0 * size)
    doubled = _cosine(_core.pad(x, (0, size), "constant", 0), 2, None)
    made = _core.slice(doubled, -1, 1, 2 * size, 2)
    return made if norm is None else made * (0.5 / size) ** 0.5


@_op
def dct(input, type=2, n=None, axis=-1, norm=None):
    """The discrete cosine transform of a type along the last dim, of `n` elements where given."""
    _checked_transform(type, n, axis, norm, "dct")
    return _cosine(_of_length(_real(input, "DCT"), n), type, norm)


_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


@_op
def idct(input, type=2, n=None, axis=-1, norm=None):
    """The transform that undoes `dct`, but for a factor where norm isn't 'ortho'."""
    _checked_transform(type, n, axis, norm, "idct")
    return _cosine(_of_length(_real(input, "IDCT"), n), _INVERSE[type], norm)


@_op
def mdct(signals, frame_length, window_fn=vorbis_window, pad_end=False, norm=None):
    """The modified discrete cosine transform of frames that overlap by half."""
    signals, length = _real(signals, "MDCT"), int(frame_length)
    if length % 4:
        raise ValueError(f"The frame length must be a multiple of 4. Got: {length}")
    frames = frame(signals, length, length // 2, pad_end)
    if window_fn is not None:
        frames = _core.mul(frames, window_fn(length, dtype=signals.dtype))
    else:
        frames = frames * 0.5 ** 0.5
    a, b, c, d = _core.split(frames, length // 4, -1)
    first = -_core.flip(c, (-1,)) - d
    return _cosine(_core.cat([first, a - _core.flip(b, (-1,))], -1), 4, norm)


@_op
def inverse_mdct(mdcts, window_fn=vorbis_window, norm=None):
    """The signals whose `mdct` it was."""
    mdcts = _real(mdcts, "IMDCT")
    half = mdcts.shape[-1]
    if norm is None:
        turned = _cosine(mdcts, 4, None) * (0.5 / half)
    else:
        turned = _cosine(mdcts, 4, "ortho")
    first, last = _core.split(turned, half // 2, -1)
    real = _core.cat([last, -_core.flip(last, (-1,)), -_core.flip(first, (-1,)), -first], -1)
    if window_fn is not None:
        real = _core.mul(real, window_fn(2 * half, dtype=mdcts.dtype))
    else:
        real = real * 0.5 ** 0.5
    return overlap_and_add(real, half)


# Mel.


def _mel(frequencies):
    return 1127.0 * _core.log1p(frequencies / 700.0)


@_op
def linear_to_mel_weight_matrix(num_mel_bins=20, num_spectrogram_bins=129, sample_rate=8000,
                                lower_edge_hertz=125.0, upper_edge_hertz=3800.0,
                                dtype=_core.float32):
    """A matrix [num_spectrogram_bins, num_mel_bins] of triangles between frequencies at equal
    distances on the mel scale, 1127 log(1 + f / 700)."""
    dtype = _window_dtype(dtype)
    bins, mels = int(num_spectrogram_bins), int(num_mel_bins)
    rate, low, high = float(sample_rate), float(lower_edge_hertz), float(upper_edge_hertz)
    if mels <= 0 or bins <= 0 or rate <= 0 or low < 0 or not low < high or high > rate / 2:
        raise ValueError(
            "linear_to_mel_weight_matrix(): num_mel_bins, num_spectrogram_bins and sample_rate are "
            "positive and 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2; got "
            f"{mels}, {bins}, {rate}, {low}, {high}")
    lines = _mel(_core.linspace(0.0, rate / 2, bins, dtype=_core.float64)).unsqueeze(1)
    ends = _mel(_core.tensor_of_data([low, high], _core.float64)).tolist()
    edges = _core.linspace(*ends, mels + 2, dtype=_core.float64)
    left, middle, right = (_core.narrow(edges, 0, i, mels) for i in range(3))
    rising, falling = (lines - left) / (middle - left), (right - lines) / (right - middle)
    made = _core.clamp_min(_core.minimum(rising, falling), 0)
    keeps = _core.ones((bins, 1), dtype=_core.float64)
    keeps = _core.slice_scatter(keeps, _core.zeros((1, 1), dtype=_core.float64), 0, 0, 1)
    return (made * keeps).to(dtype)  # the constant part is no frequency


@_op
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms):
    """Cepstral coefficients: the cosine transform of logarithms of mel spectrograms."""
    x = _real(log_mel_spectrograms, "MFCC")
    if x.shape[-1] == 0:
        raise ValueError("num_mel_bins must be positive. Got: 0")
    return _cosine(x, 2, None) * (x.shape[-1] * 2.0) ** -0.5


__all__ = [name for name, value in list(globals().items())
           if callable(value) and not name.startswith("_") and name != "InvalidArgumentError"]
