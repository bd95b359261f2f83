"""What draws random numbers for a `seed` argument."""

from .._core import Generator
from ..random import default_generator, manual_seed


def generator_of(seed):
    """The generator of a `seed`: of its own for a number, the default one for None; a generator, or
    what has one as its `generator`, stays what it is."""
    if seed is None or isinstance(seed, Generator):
        return seed
    held = getattr(seed, "generator", None)
    if held is not None:
        return held
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError("seed is an integer, a generator or None, not "
                         f"{type(seed).__name__}: {seed!r}")
    made = Generator()
    made.manual_seed(seed)
    return made


def drawn_seed():
    """A seed for what draws the same numbers each time, which the global seed decides."""
    import random

    return random.Random(_numbers_of_default()).randrange(2**31)


def _numbers_of_default():
    """The state of the default generator, which moves on by one."""
    seed, offset = default_generator._numbers()
    default_generator._set_numbers((seed, offset + 1))
    return seed * 0x9E3779B97F4A7C15 + offset


def set_random_seed(seed):
    """Seeds Python's, NumPy's and Tenon's random numbers."""
    import random

    import numpy

    if not isinstance(seed, int):
        raise ValueError(f"set_random_seed() takes an integer, not {type(seed).__name__}")
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    manual_seed(seed)
