"""Choices that PyTorch leaves to its users, of which Tenon has made one."""

_PRECISIONS = ("highest", "high", "medium")
_precision = "highest"


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Ops are always deterministic: the same bits, run to run and for any number of threads."""
    if not isinstance(mode, bool):
        raise TypeError(f"use_deterministic_algorithms() takes a bool, not {type(mode).__name__}")


def are_deterministic_algorithms_enabled():
    """True."""
    return True


def is_deterministic_algorithms_warn_only_enabled():
    """False."""
    return False


def set_deterministic_debug_mode(debug_mode):
    """Ops are always deterministic."""
    if debug_mode not in (0, 1, 2, "default", "warn", "error"):
        raise ValueError("set_deterministic_debug_mode() takes 0, 1, 2, 'default', 'warn' or "
                         f"'error', not {debug_mode!r}")


def get_deterministic_debug_mode():
    """0: nothing is ever reported."""
    return 0


def set_flush_denormal(mode):
    """False: small numbers stay as they are, whatever is asked."""
    return False


def set_num_interop_threads(threads):
    """Ops run one after the other, each on the threads of `set_num_threads`."""
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"set_num_interop_threads() takes a number from 1 on, not {threads!r}")


def get_num_interop_threads():
    """1."""
    return 1


def set_float32_matmul_precision(precision):
    """Products of float32 matrices may, from here on, be computed less precisely: they never
    are."""
    global _precision
    if precision not in _PRECISIONS:
        raise ValueError(f"set_float32_matmul_precision() takes one of {_PRECISIONS}, not "
                         f"{precision!r}")
    _precision = precision


def get_float32_matmul_precision():
    """What was allowed last."""
    return _precision
