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
