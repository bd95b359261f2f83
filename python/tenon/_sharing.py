"""Tensors in memory that processes share: forked ones, and those that are sent the tensor."""

import os

from . import _core

# The shared parts of memory: (first address, bytes, file, memory). They stay until the process
# ends: nothing tells when their last tensor goes.
_parts = []


def _part_of(tensor):
    """The part that a tensor lies in; None where it is the process's own."""
    address = tensor.data_ptr()
    return next((part for part in _parts if part[0] <= address < part[0] + part[1]), None)


def _mapped(file, size):
    memory = _core._map_shared(file, size)
    _parts.append((memory.data_ptr(), size, file, memory))
    return memory


def is_shared(self):
    """Whether other processes may share its memory: `share_memory_()` was called."""
    return _part_of(self) is not None


def share_memory_(self):
    """Moves it into memory that processes share: those forked from here on, and those that it is
    sent to. Writes of one are seen by all."""
    if self.numel() == 0 or is_shared(self):
        return self
    data = self.detach().contiguous()
    file = os.memfd_create("tenon-shared", os.MFD_CLOEXEC)
    os.ftruncate(file, data.nbytes)
    moved = _core._tensor_within(_mapped(file, data.nbytes), 0, data.dtype, tuple(data.shape))
    self.data = moved.copy_(data)
    return self


def _rebuilt(kind, duplicate, size, begin, dtype, sizes, strides, requires_grad, attributes):
    memory = _mapped(duplicate.detach(), size)
    whole = _core._tensor_within(memory, 0, dtype, (size // dtype.itemsize,))
    made = _core.as_strided(whole, sizes, strides, begin // dtype.itemsize)
    made = made if kind is _core.Tensor else _core.Tensor.__new__(kind, made)
    made.requires_grad_(requires_grad)
    made.__dict__.update(attributes)
    return made


def _reduced(tensor):
    part = _part_of(tensor) if tensor.numel() else None
    if part is None:
        return tensor.__reduce_ex__(2)
    from multiprocessing import reduction  # which few programs need

    first, size, file, _ = part
    return _rebuilt, (type(tensor), reduction.DupFd(file), size, tensor.data_ptr() - first,
                      tensor.dtype, tuple(tensor.shape), tensor.stride(), tensor.requires_grad,
                      tensor.__dict__)


def register():
    """From here on, multiprocessing sends shared tensors as such."""
    from multiprocessing import reduction

    from .nn.parameter import Parameter

    for kind in _core.Tensor, Parameter:
        reduction.ForkingPickler.register(kind, _reduced)
