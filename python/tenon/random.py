"""Seeds and states of random numbers: of the calling thread's default generator, and of others."""

import contextlib

from . import _core
from ._core import Generator, default_generator


def manual_seed(seed):
    """Random numbers are, from here on, those of this seed."""
    return default_generator.manual_seed(seed)


def seed():
    """A seed from the system, which is returned."""
    return default_generator.seed()


def initial_seed():
    """The seed that random numbers follow from."""
    return default_generator.initial_seed()


def get_rng_state():
    """The state, an int64 tensor of seed and offset, for `set_rng_state`."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Goes on from a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True, **_):
    """Within `with`: what is drawn leaves no trace on the numbers drawn afterwards."""
    before = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(before)


def _get_state(self):
    """The state, an int64 tensor of seed and offset."""
    return _core.tensor_of_data(list(self._numbers()), _core.int64)


def _set_state(self, new_state):
    """Goes on from a state that `get_state` gave."""
    return self._set_numbers(tuple(new_state.tolist()))


Generator.get_state, Generator.set_state = _get_state, _set_state
