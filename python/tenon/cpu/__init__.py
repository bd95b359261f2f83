"""What PyTorch says of the CPU as a device: there is one, and its ops end before they return."""

from . import amp

__all__ = ["amp", "current_device", "device_count", "is_available", "is_initialized", "set_device",
           "synchronize"]


def is_available():
    """Whether there is a CPU."""
    return True


def is_initialized():
    """Whether it is ready."""
    return True


def device_count():
    """1, however many cores."""
    return 1


def current_device():
    """Its name."""
    return "cpu"


def set_device(device):
    """Nothing: there is no other."""


def synchronize(device=None):
    """Nothing: no op is under way."""
