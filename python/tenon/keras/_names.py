"""Names that layers get by themselves: dense, dense_1, dense_2."""

import re

_counts = {}


def snake_case(name):
    """conv2d_transpose for Conv2DTranspose."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def get_uid(prefix=""):
    """How often this was called with that prefix, with this call."""
    _counts[prefix] = _counts.get(prefix, 0) + 1
    return _counts[prefix]


def reset_uids():
    """Counts begin anew."""
    _counts.clear()


def auto_name(prefix):
    """The prefix, from the second time on with a number."""
    count = get_uid(prefix)
    return prefix if count == 1 else f"{prefix}_{count - 1}"


def name_of(kind):
    """A name for an instance of a class."""
    return auto_name(snake_case(kind.__name__))


def clear_session(free_memory=True):
    """Names are counted from the beginning."""
    reset_uids()
