"""When ops on TensorFlow's kind of values are recorded: under a tape, and in what trains."""

import threading
import weakref

from .. import _core

#: The tapes that recorded and may yet be asked for gradients.
live_tapes = weakref.WeakSet()


class Moves:
    """Counts how often variables got other memory."""

    count = 0


def before_write(variables):
    """Gives variables memory of their own before they are written to while a tape needs what they
    held: gradients are those of the values that were computed with."""
    if not live_tapes:
        return
    Moves.count += 1
    for variable in variables:
        held = _core.empty(())
        _core.become(held, variable)  # another object of the same tensor
        fresh = _core.clone(_core.detach(held))
        _core.become(variable, fresh.requires_grad_(held.requires_grad))
        for tape in list(live_tapes):
            tape.moved.setdefault(id(variable), []).append(held)


class _Depth(threading.local):
    value = 0


_depth = _Depth()


def is_recording():
    """Whether a tape, or a training step, of this thread is active."""
    return _depth.value > 0


class recording:
    """Within `with`, ops on TensorFlow's kind of values are recorded, as under a tape."""

    __slots__ = ("_before",)

    def __enter__(self):
        _depth.value += 1
        self._before = _core.is_grad_enabled()
        if not self._before:
            _core.set_grad_enabled(True)
        return self

    def __exit__(self, *_):
        _depth.value -= 1
        if not self._before:
            _core.set_grad_enabled(False)
        return False


class counted:
    """Within `with`, ops are recorded where the thread's mode says so, whatever kind of values they
    are
    of: code in PyTorch's style runs."""

    __slots__ = ()

    def __enter__(self):
        _depth.value += 1
        return self

    def __exit__(self, *_):
        _depth.value -= 1
        return False


class not_recording:
    """Within `with`, nothing is, not even under a tape around it."""

    __slots__ = ("_before",)

    def __enter__(self):
        self._before = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        return self

    def __exit__(self, *_):
        _core.set_grad_enabled(self._before)
        return False
