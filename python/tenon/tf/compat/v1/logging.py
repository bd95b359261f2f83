"""tf.compat.v1.logging: TensorFlow's log."""

import logging as _logging

from ... import get_logger as _get_logger

DEBUG, INFO, WARN, ERROR, FATAL = (_logging.DEBUG, _logging.INFO, _logging.WARNING, _logging.ERROR,
                                   _logging.FATAL)


def set_verbosity(v):
    """Messages of this level and above are written."""
    _get_logger().setLevel(v)


def get_verbosity():
    """The level from which messages are written."""
    return _get_logger().getEffectiveLevel()


def _writing(level, name):
    def function(msg, *args, **kwargs):
        _get_logger().log(level, msg, *args, **kwargs)

    function.__name__, function.__doc__ = name, f"Writes a message of level {name}."
    return function


debug, info, warning = _writing(DEBUG, "debug"), _writing(INFO, "info"), _writing(WARN, "warning")
warn = warning
error, fatal = _writing(ERROR, "error"), _writing(FATAL, "fatal")
_counts = {}


def log(level, msg, *args, **kwargs):
    """Writes a message of a level."""
    _get_logger().log(level, msg, *args, **kwargs)


def log_if(level, msg, condition, *args):
    """Writes a message where the condition holds."""
    if condition:
        log(level, msg, *args)


def log_every_n(level, msg, n, *args):
    """Writes the first and every n-th of a message."""
    _counts[msg] = _counts.get(msg, -1) + 1
    log_if(level, msg, _counts[msg] % n == 0, *args)


def log_first_n(level, msg, n, *args):
    """Writes the first n of a message."""
    _counts[msg] = _counts.get(msg, -1) + 1
    log_if(level, msg, _counts[msg] < n, *args)


def vlog(level, msg, *args, **kwargs):
    """Writes a message of a level of details."""
    _get_logger().log(level, msg, *args, **kwargs)


def flush():
    """Writes what is held back."""
    for handler in _get_logger().handlers:
        handler.flush()
