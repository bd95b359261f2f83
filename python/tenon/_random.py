"""The state of the calling thread's default generator."""

import os

from . import _core


def manual_seed(seed):
    """Random numbers are, from here on, those of this seed."""
    _core.seed_generator(seed % (1 << 64))


def seed():
    """A seed from the system, which is returned."""
    number = int.from_bytes(os.urandom(8), "little")
    _core.seed_generator(number)
    return number


def get_rng_state():
    """Seed and offset, for `set_rng_state`."""
    return tuple(_core.generator_state())


def set_rng_state(state):
    _core.set_generator_state(*state)
