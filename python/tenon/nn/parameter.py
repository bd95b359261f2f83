"""Tensors that a module owns: parameters, which training changes, and buffers."""

from .. import _core
from .._creation import empty
from ..overrides import _disabled_torch_function_impl

Tensor = _core.Tensor


def _again(kind, data, trained):
    return kind(data, trained)


class Parameter(Tensor):
    """A tensor that becomes one of a module's parameters when it is assigned as an attribute.

    It has the elements of `data` (not a copy) and no history of gradients before it.
    """

    __torch_function__ = _disabled_torch_function_impl  # what it computes is no parameter

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            data = empty((0,))
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter() takes a tensor, not {type(data).__name__}")
        return super().__new__(cls, data).requires_grad_(requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo):
        if id(self) in memo:
            return memo[id(self)]
        made = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = made
        return made

    def __reduce_ex__(self, protocol):
        return _again, (type(self), self.data.detach(), self.requires_grad)


class Buffer(Tensor):
    """A tensor that becomes one of a module's buffers when it is assigned as an attribute; part of
    the state dict where it is `persistent`."""

    __torch_function__ = _disabled_torch_function_impl

    def __new__(cls, data=None, *, persistent=True):
        if data is None:
            data = empty((0,))
        self = super().__new__(cls, data).requires_grad_(data.requires_grad)
        self.persistent = persistent
        return self


class _Uninitialized:
    """What a tensor is whose sizes are known only when its module first sees its input."""

    __slots__ = ()
    cls_to_become = None

    def materialize(self, shape, device=None, dtype=None):
        """Becomes a tensor of these sizes, its elements not set."""
        dtype = self.data.dtype if dtype is None else dtype
        device = self.data.device if device is None else device
        self.data = empty(shape, dtype=dtype, device=device)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        raise RuntimeError("an uninitialized parameter or buffer has no shape yet; call its module "
                           "with an input first")

    def share_memory_(self):
        raise RuntimeError("an uninitialized parameter or buffer has no memory to share yet; call "
                           "its module with an input first")

    def __repr__(self):
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            data = self.data
            memo[id(self)] = type(self)(self.requires_grad, data.device, data.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, self.data.device, self.data.dtype)


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose sizes aren't known yet."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        data = empty((0,), dtype=dtype, device=device)
        return Tensor.__new__(cls, data).requires_grad_(requires_grad)


class UninitializedBuffer(_Uninitialized, Tensor):
    """A buffer whose sizes aren't known yet."""

    __torch_function__ = _disabled_torch_function_impl

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        data = empty((0,), dtype=dtype, device=device)
        self = Tensor.__new__(cls, data).requires_grad_(requires_grad)
        self.persistent = persistent
        return self


def is_lazy(tensor):
    """Whether the sizes of a parameter or buffer aren't known yet."""
    return isinstance(tensor, _Uninitialized)
