"""cuDNN, which is not there: a CPU needs none. Results are deterministic whatever is set."""

import contextlib

enabled = False
benchmark = False
deterministic = True
allow_tf32 = True


def is_available():
    return False


def version():
    return None


@contextlib.contextmanager
def flags(enabled=False, benchmark=False, benchmark_limit=10, deterministic=True, allow_tf32=True):
    """Other settings within `with`."""
    own = globals()
    names = "enabled", "benchmark", "deterministic", "allow_tf32"
    before = {name: own[name] for name in names}
    own.update(enabled=enabled, benchmark=benchmark, deterministic=deterministic,
               allow_tf32=allow_tf32)
    try:
        yield
    finally:
        own.update(before)
