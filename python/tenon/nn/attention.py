"""Which way attention is computed: a choice that PyTorch leaves to users. There is one way here."""

import contextlib
import enum

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(enum.Enum):
    """PyTorch's ways."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends, set_priority=False):
    """Within `with`, attention is computed as always."""
    given = [backends] if isinstance(backends, SDPBackend) else backends
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, SDPBackend)
                                                       for one in given):
        raise TypeError("sdpa_kernel() takes one of SDPBackend or a list of them, not "
                        f"{backends!r}")
    yield
