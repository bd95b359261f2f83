"""Fourier transforms, with NumPy's and SciPy's."""
import numpy as np
import scipy.fft


def fourier_transform(x, dim, inverse):
    if x.size == 0:
        return x
    return np.fft.ifft(x, axis=dim, norm="forward") if inverse else np.fft.fft(x, axis=dim)


def fft_fft(x, n, dim, norm):
    return np.fft.fft(x, n, dim, norm)


def fft_ifft(x, n, dim, norm):
    return np.fft.ifft(x, n, dim, norm)


def fft_rfft(x, n, dim, norm):
    return np.fft.rfft(x, n, dim, norm)


def fft_irfft(x, n, dim, norm):
    return np.fft.irfft(x, n, dim, norm)


def fft_hfft(x, n, dim, norm):
    return np.fft.hfft(x, n, dim, norm)


def fft_ihfft(x, n, dim, norm):
    return np.fft.ihfft(x, n, dim, norm)


def fft_fftn(x, s, dim, norm):
    return np.fft.fftn(x, s or None, dim or None, norm)


def fft_ifftn(x, s, dim, norm):
    return np.fft.ifftn(x, s or None, dim or None, norm)


def fft_rfftn(x, s, dim, norm):
    return np.fft.rfftn(x, s or None, dim or None, norm)


def fft_irfftn(x, s, dim, norm):
    return np.fft.irfftn(x, s or None, dim or None, norm)


def fft_hfftn(x, s, dim, norm):
    return scipy.fft.hfftn(x, s or None, dim or None, norm)


def fft_ihfftn(x, s, dim, norm):
    return scipy.fft.ihfftn(x, s or None, dim or None, norm)


def fft_fftfreq(n, d, dtype, device):
    return np.fft.fftfreq(n, d).astype(dtype)


def fft_rfftfreq(n, d, dtype, device):
    return np.fft.rfftfreq(n, d).astype(dtype)


def fft_fftshift(x, dim):
    return np.fft.fftshift(x, dim or None)


def fft_ifftshift(x, dim):
    return np.fft.ifftshift(x, dim or None)


def stft(x, n_fft, hop_length, win_length, window, center, pad_mode, normalized, onesided):
    signal = np.atleast_2d(x)
    if center:
        signal = np.pad(signal, [(0, 0), (n_fft // 2, n_fft // 2)], pad_mode)
    starts = range(0, signal.shape[1] - n_fft + 1, hop_length)
    frames = np.stack([signal[:, i:i + n_fft] for i in starts], 1)
    frames = frames * (1 if window is None else window)
    transform = np.fft.rfft if onesided else np.fft.fft
    spectra = np.swapaxes(transform(frames, norm="ortho" if normalized else None), -1, -2)
    return spectra.reshape(x.shape[:-1] + spectra.shape[1:])


def istft(x, n_fft, hop_length, win_length, window, center, normalized, onesided, length,
          return_complex):
    frames = (np.fft.ifft(x.T, n_fft) if return_complex else np.fft.irfft(x.T, n_fft)) * window
    total = (len(frames) - 1) * hop_length + n_fft
    signal, weights = np.zeros(total, frames.dtype), np.zeros(total)
    for i, frame in enumerate(frames):
        signal[i * hop_length:i * hop_length + n_fft] += frame
        weights[i * hop_length:i * hop_length + n_fft] += window**2
    start = n_fft // 2 if center else 0
    end = total - start if length is None else start + length
    known = signal[start:end] / weights[start:end]
    return np.pad(known, (0, end - start - known.size))
