"""CUDA, which this build has not: what code asks to learn that, and what it calls in any case, is
here; what needs a device is an error."""

from .. import _core
from . import amp


def is_available():
    return False


def is_initialized():
    return False


def device_count():
    return 0


def is_bf16_supported(including_emulation=True):
    return False


def init():
    _fail("init")


def manual_seed(seed):
    """Seeds no device."""


def manual_seed_all(seed):
    """Seeds no device."""


def empty_cache():
    """There is none."""


def ipc_collect():
    """There is nothing to collect."""


def reset_peak_memory_stats(device=None):
    """There are none."""


def memory_allocated(device=None):
    return 0


def max_memory_allocated(device=None):
    return 0


def memory_reserved(device=None):
    return 0


def max_memory_reserved(device=None):
    return 0


def reset_max_memory_allocated(device=None):
    """There are no statistics."""


def memory_stats(device=None):
    """{}."""
    return {}


def memory_summary(device=None, abbreviated=False):
    """A text that says so."""
    return "There are no CUDA devices, and no memory of theirs."


def is_current_stream_capturing():
    return False


OutOfMemoryError = _core.OutOfMemoryError


def _fail(name):
    raise _core.DeviceError(f"[cuda.{name}] this build has no CUDA devices; tensors stay on 'cpu'. "
                            "Ask cuda.is_available() first")


def _failing(name):
    def call(*_, **__):
        _fail(name)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Needs a device: an error here."
    return call


def _tensor_type(name):
    """A class that no tensor is of: there are none on devices."""

    def make(cls, *_, **__):
        _fail(name)

    return type(name, (), {"__new__": make, "__module__": __name__,
                           "__doc__": "Tensors on a device, of which there are none."})


for _name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte",
              "Bool"):
    globals()[f"{_name}Tensor"] = _tensor_type(f"{_name}Tensor")
for _name in ("current_device", "current_stream", "default_stream", "get_device_capability",
              "get_device_name", "get_device_properties", "get_rng_state", "get_rng_state_all",
              "mem_get_info", "set_device", "set_rng_state", "set_rng_state_all", "synchronize",
              "Event", "Stream", "device", "stream"):
    globals()[_name] = _failing(_name)
