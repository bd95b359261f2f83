"""Tensors from nothing. `device` is always the host."""
import numpy as np


def empty(sizes, dtype, device):
    return np.empty(sizes, dtype)


def empty_strided(sizes, stride, dtype, device):
    return np.empty(sizes, dtype)


def empty_like(x, dtype):
    return np.empty(x.shape, dtype or x.dtype)


def zeros(sizes, dtype, device):
    return np.zeros(sizes, dtype)


def ones(sizes, dtype, device):
    return np.ones(sizes, dtype)


def full(sizes, value, dtype, device):
    default = ("bool" if isinstance(value, bool) else "int64"
               if isinstance(value, int) else "float32")
    return np.full(sizes, value, dtype or default)


def zeros_like(x, dtype):
    return np.zeros(x.shape, dtype or x.dtype)


def ones_like(x, dtype):
    return np.ones(x.shape, dtype or x.dtype)


def full_like(x, value, dtype):
    return np.full(x.shape, value, dtype or x.dtype)


def arange(start, end, step, dtype, device):
    whole = isinstance(start, int) and isinstance(end, int) and isinstance(step, int)
    count = max(0, int(np.ceil((end - start) / step)))
    return np.array([start + i * step for i in range(count)], dtype
                    or ("int64" if whole else "float32"))


def linspace(start, end, steps, dtype, device):
    return np.linspace(start, end, steps).astype(dtype)


def eye(n, m, dtype, device):
    return np.eye(n, m).astype(dtype)


def copy(x, source):
    if x.dtype == bool:
        source = source != 0
    return np.broadcast_to(source, x.shape).astype(x.dtype)


def fill(x, value):
    return np.full(x.shape, value, x.dtype)


def zero(x):
    return np.zeros(x.shape, x.dtype)


def _window(name, length, periodic, dtype, *more):
    from scipy.signal import windows

    return getattr(windows, name)(length, *more, sym=not periodic).astype(dtype)


def hann_window(window_length, periodic, dtype, device):
    return _window("hann", window_length, periodic, dtype)


def hamming_window(window_length, periodic, alpha, beta, dtype, device):
    return _window("hamming", window_length, periodic, dtype)


def blackman_window(window_length, periodic, dtype, device):
    return _window("blackman", window_length, periodic, dtype)


def bartlett_window(window_length, periodic, dtype, device):
    return _window("bartlett", window_length, periodic, dtype)


def kaiser_window(window_length, periodic, beta, dtype, device):
    return _window("kaiser", window_length, periodic, dtype, beta)


def signal_windows_general_cosine(M, a, sym, dtype, device):
    return _window("general_cosine", M, not sym, dtype, a)


def signal_windows_cosine(M, sym, dtype, device):
    return _window("cosine", M, not sym, dtype)


def signal_windows_exponential(M, center, tau, sym, dtype, device):
    return _window("exponential", M, not sym, dtype, center, tau)


def signal_windows_gaussian(M, std, sym, dtype, device):
    return _window("gaussian", M, not sym, dtype, std)


def logspace(start, end, steps, base, dtype, device):
    return np.logspace(start, end, steps, base=base, dtype=dtype)


def tril_indices(row, col, offset, dtype, device):
    return np.array(np.tril_indices(row, offset, col)).astype(dtype)


def triu_indices(row, col, offset, dtype, device):
    return np.array(np.triu_indices(row, offset, col)).astype(dtype)
