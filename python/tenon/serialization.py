"""Reading and writing; see `tenon.load`, which runs no code of a file, whatever is allowed here."""

import contextlib

from . import _core
from ._serialization import load, save

__all__ = ["add_safe_globals", "clear_safe_globals", "default_restore_location",
           "get_safe_globals", "load", "safe_globals", "save"]

_allowed = []


def default_restore_location(storage, location):
    """The storage, which is on the only device that there is: for what is given as
    `map_location`."""
    _core.device(location)  # an error where there is no such
    return storage


def add_safe_globals(safe_globals):
    """Takes classes that PyTorch may make when it reads a file; none are made here."""
    _allowed.extend(safe_globals)


def get_safe_globals():
    """What was given."""
    return list(_allowed)


def clear_safe_globals():
    """Forgets what was given."""
    _allowed.clear()


@contextlib.contextmanager
def safe_globals(safe_globals):
    """`add_safe_globals` within `with`."""
    before = list(_allowed)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _allowed[:] = before
