"""How the library was built."""

from . import _core


def show():
    """A text about the build."""
    return f"Tenon {_core.__version__}, for CPUs, with oneDNN and {parallel_info()}"


def parallel_info():
    """A text about threads."""
    return f"{_core.get_num_threads()} threads"
