"""Tensors to and from other array libraries: DLPack, and the marks of Python's array API."""

from . import _core

_CPU = (1, 0)  # DLPack's (kDLCPU, device 0)


def _dlpack_device(self):
    return _CPU


def _dlpack(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A capsule of DLPack over the same memory, of version 1 where the other side knows it."""
    if stream is not None:
        raise _core.ValueError("[dlpack] tensors in host memory have no streams")
    if dl_device is not None and tuple(dl_device) != _CPU:
        raise BufferError(f"the tensor is in host memory; it can't be had on device {dl_device}")
    is_versioned = max_version is not None and max_version[0] >= 1
    return _core.to_dlpack_capsule(self.clone() if copy else self, is_versioned, bool(copy))


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor over the memory of another library's array, or of a DLPack capsule; with copy=True,
    over memory of its own."""
    if device is not None and _core.device(device).type != "cpu":
        raise _core.DeviceError(f"[from_dlpack] this build has no device {device}")
    if not hasattr(ext_tensor, "__dlpack__"):
        made = _core.from_dlpack_capsule(ext_tensor)
        return made.clone() if copy else made
    try:
        capsule = ext_tensor.__dlpack__(max_version=(1, 0), copy=copy)
    except TypeError:  # from before version 1
        made = _core.from_dlpack_capsule(ext_tensor.__dlpack__())
        return made.clone() if copy else made
    return _core.from_dlpack_capsule(capsule)


def to_dlpack(tensor):
    """A DLPack capsule of the kind from before version 1."""
    return _core.to_dlpack_capsule(tensor, False, False)


def _array_namespace(self, *, api_version=None):
    """The module whose functions are the Python array API standard's."""
    from . import array_api

    if api_version not in (None, *array_api.VERSIONS):
        raise _core.ValueError(f"[__array_namespace__] no version {api_version!r} of the array API "
                               f"is here; there are {', '.join(array_api.VERSIONS)}")
    return array_api


def _to_device(self, device, /, *, stream=None):
    """The array on another device; itself where it is there."""
    if stream is not None:
        raise _core.ValueError("[to_device] tensors in host memory have no streams")
    return self.to(_core.device(device) if isinstance(device, str) else device)


_core.Tensor.__dlpack__, _core.Tensor.__dlpack_device__ = _dlpack, _dlpack_device
_core.Tensor.__array_namespace__, _core.Tensor.to_device = _array_namespace, _to_device
_core.Tensor.__complex__ = lambda self: complex(self.item())
