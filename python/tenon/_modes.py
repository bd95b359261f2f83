"""What a thread's ops do beside computing: recording for backward, casting."""

import functools
import inspect

from . import _core
from ._core import autocast, enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["autocast", "decorated", "enable_grad", "get_autocast_cpu_dtype", "get_autocast_dtype",
           "get_autocast_gpu_dtype", "inference_mode", "is_autocast_cpu_enabled",
           "is_autocast_enabled", "no_grad", "set_grad_enabled"]


def decorated(mode, function):
    """`function`, within which the mode is set; of a generator, while it runs, not in between."""
    if inspect.isgeneratorfunction(function):
        return _decorated_generator(mode, function)

    @functools.wraps(function)
    def wrapped(*arguments, **keywords):
        with mode._again():
            return function(*arguments, **keywords)

    return wrapped


def _decorated_generator(mode, function):

    @functools.wraps(function)
    def wrapped(*arguments, **keywords):
        generator = function(*arguments, **keywords)
        resume, given = generator.send, None
        while True:
            try:
                with mode._again():
                    value = resume(given)
            except StopIteration as end:
                return end.value
            try:
                resume, given = generator.send, (yield value)
            except GeneratorExit:
                with mode._again():
                    generator.close()
                raise
            except BaseException as error:
                resume, given = generator.throw, error

    return wrapped


def is_autocast_enabled(device_type=None):
    """Whether ops cast: of "cpu"; where no device is named False, since that asks for a GPU."""
    return device_type == "cpu" and _core.autocast_dtype() != _core.float32


def is_autocast_cpu_enabled():
    """Whether ops cast."""
    return is_autocast_enabled("cpu")


def get_autocast_dtype(device_type):
    """The dtype that ops cast to on a device."""
    if device_type == "cpu":
        dtype = _core.autocast_dtype()
        return _core.bfloat16 if dtype == _core.float32 else dtype
    return _core.float16


def get_autocast_cpu_dtype():
    """The dtype that ops cast to."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype():
    """The dtype that ops would cast to on a GPU."""
    return get_autocast_dtype("cuda")
