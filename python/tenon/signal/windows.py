"""Windows of M elements, under the names of torch.signal.windows: symmetric, or, with sym=False,
periodic, which is the symmetric one of M + 1 elements without its last."""

from .. import _core, _creation

__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine",
           "general_hamming", "hamming", "hann", "kaiser", "nuttall"]

cosine, exponential, gaussian, general_cosine = map(_creation._takes_options, (
    _core.signal_windows_cosine, _core.signal_windows_exponential, _core.signal_windows_gaussian,
    _core.signal_windows_general_cosine))


def bartlett(M, *, sym=True, **options):
    """A triangle, 0 at its ends."""
    return _creation.bartlett_window(M, not sym, **options)


def blackman(M, *, sym=True, **options):
    """Blackman's window: `general_cosine` of 0.42, 0.5 and 0.08."""
    return _creation.blackman_window(M, not sym, **options)


def general_hamming(M, *, alpha=0.54, sym=True, **options):
    """`general_cosine` of `alpha` and 1 - alpha."""
    return general_cosine(M, a=(alpha, 1 - alpha), sym=sym, **options)


def hamming(M, *, sym=True, **options):
    """Hamming's window: `general_hamming` of 0.54."""
    return _creation.hamming_window(M, not sym, **options)


def hann(M, *, sym=True, **options):
    """Hann's window: `general_hamming` of 0.5."""
    return _creation.hann_window(M, not sym, **options)


def kaiser(M, *, beta=12.0, sym=True, **options):
    """Kaiser's window: `beta` says how much lies in the middle."""
    return _creation.kaiser_window(M, not sym, beta, **options)


def nuttall(M, *, sym=True, **options):
    """Nuttall's window with a minimum of four terms (1981, of 0.3635819 and so on)."""
    return general_cosine(M, a=(0.3635819, 0.4891775, 0.1365995, 0.0106411), sym=sym, **options)
