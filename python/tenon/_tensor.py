"""Methods of Tensor that are no ops: conversions, and ops that PyTorch calls in several ways."""

import copy
import numbers
from functools import partial

from . import _core, _creation, _dtypes, _forms, _functions, _sharing
from .overrides import _torch_function
from .storage import storage, untyped_storage

Tensor = _core.Tensor


def _to_dtype(self, dtype):
    return self if self.dtype == dtype else _core.to_dtype(self, dtype)


def _to(self, *arguments, **keywords):
    """Converted to a dtype, a device, or what another tensor has; the same tensor where nothing
    changes."""
    targets = arguments
    if keywords:
        known = {"dtype", "device", "other", "copy", "non_blocking", "memory_format"}
        if unknown := set(keywords) - known:
            raise TypeError(f"to() has no argument '{min(unknown)}'")
        targets += tuple(keywords.get(name) for name in ("device", "dtype", "other"))
    result = self
    for target in targets:
        if isinstance(target, Tensor):
            result = result.to(target.dtype).to(target.device)
        elif isinstance(target, (str, _core.device)):
            target = _core.device(target) if isinstance(target, str) else target
            result = _core.to_device(result, target) if result.device != target else result
        elif target is not None and not isinstance(target, bool):
            result = _to_dtype(result, target)
    if (order := keywords.get("memory_format")) is not None:
        result = result.contiguous(memory_format=order)
    return result.clone() if keywords.get("copy") and result is self else result


def _numpy(self, *, force=False):
    """An array over the tensor's own memory."""
    import numpy

    if force:
        self = self.detach()
    return numpy.asarray(memoryview(self))


def _array(self, dtype=None, copy=None):
    array = _numpy(self, force=True)
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    return array.copy() if copy else array


def _cuda(self, *_, **__):
    raise _core.DeviceError("[cuda] this build has no CUDA devices; tensors stay on 'cpu'")


class _HookHandle:
    """Removes a hook that was registered on a tensor or its `grad_fn`."""

    def __init__(self, remove, number):
        self._remove, self._number = remove, number

    def remove(self):
        self._remove(self._number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def _register_hook(self, hook):
    """hook(grad) is called when this tensor's gradient is known; what it returns replaces it."""
    return _HookHandle(partial(_core.remove_hook, self), _core.register_hook(self, hook))


def _register_post_accumulate_grad_hook(self, hook):
    """hook(self) is called when a backward pass has added all of this leaf's gradient to `grad`:
    an optimizer may step, and drop it, while the pass goes on."""
    return _HookHandle(partial(_core.remove_hook, self),
                       _core.register_post_accumulate_grad_hook(self, hook))


def _register_node_hook(self, fn):
    """fn(grad_inputs, grad_outputs) is called when backward has gone through this place; a tuple
    that it returns takes the place of `grad_inputs`."""
    return _HookHandle(self._remove_hook, self._register_hook(fn))


def _register_node_prehook(self, fn):
    """fn(grad_outputs) is called before backward goes through this place; a tuple that it returns
    takes the place of `grad_outputs`."""
    return _HookHandle(self._remove_hook, self._register_prehook(fn))


def _rebuild(kind, data, dtype, sizes, requires_grad, attributes):
    whole = _core.empty(sizes, dtype=dtype)
    memoryview(_core.bytes_of(whole))[:] = data
    if kind is not Tensor:
        whole = Tensor.__new__(kind, whole)
    whole.requires_grad_(requires_grad)
    whole.__dict__.update(attributes)
    return whole


def _reduce(self, protocol):
    data = bytes(memoryview(_core.bytes_of(self.detach().contiguous())))
    return _rebuild, (type(self), data, self.dtype, self.shape, self.requires_grad, self.__dict__)


def _deepcopy(self, memo):
    if not self.is_leaf:
        raise RuntimeError("only tensors that are no results of recorded ops can be deep-copied; "
                           "use x.detach()")
    made = self.detach().clone()
    if type(self) is not Tensor:
        made = Tensor.__new__(type(self), made)
    made.requires_grad_(self.requires_grad)
    if self.grad is not None:
        made.grad = copy.deepcopy(self.grad, memo)
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return made


def _as_subclass(self, cls):
    """The same elements and history as an object of a class below Tensor, whose `__init__` isn't
    called."""
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise TypeError(f"as_subclass() takes a class below Tensor, not {cls!r}")
    made = Tensor.__new__(cls, self)
    if self.requires_grad:
        _core.become(made, self.view_as(self))
    return made


def _make_subclass(cls, data, require_grad=False):
    """The same elements, without a history, as an object of a class below Tensor."""
    return _as_subclass(data.detach(), cls).requires_grad_(require_grad)


def _format(self, spec):
    return format(self.item() if self.dim() == 0 and type(self) is Tensor else str(self), spec)


def _iterate(self):
    if self.dim() == 0:
        raise TypeError("a 0-d tensor can't be iterated")
    return iter(_core.unbind(self, 0))


def _contains(self, element):
    if not isinstance(element, (Tensor, numbers.Number)):
        raise TypeError("what is looked for in a tensor is a number or a tensor, not "
                        f"{type(element).__name__}")
    return bool((self == element).any())


def _reversed(self):
    return _core.flip(self, (0,)) if self.dim() else self


def _detach_(self):
    if self.is_leaf:
        return self.requires_grad_(False)
    _core.become(self, self.detach())
    return self


def _new(make):
    def new(self, *arguments, dtype=None, device=None, **keywords):
        return make(*arguments, dtype=self.dtype if dtype is None else dtype,
                    device=self.device if device is None else device, **keywords)

    return new


def _new_of_data(self, *arguments, **keywords):
    """PyTorch's oldest way: a tensor of the same dtype, of sizes or data."""
    if not arguments or all(isinstance(value, int) for value in arguments):
        return _creation.empty(arguments or (0,), dtype=self.dtype, **keywords)
    return _creation.tensor(arguments[0], dtype=self.dtype, **keywords)


def _resize_as_(self, the_template, *, memory_format=None):
    """Takes another tensor's sizes; elements are kept as `resize_` keeps them."""
    return self.resize_(the_template.shape)


def _set_(self, source):
    """From here on over the other tensor's memory, with its sizes."""
    self.data = source
    return self


def _set_real(self, value):
    _core.real(self)[...] = value


def _set_imag(self, value):
    _core.imag(self)[...] = value


def _add_properties():
    Tensor.name = None
    Tensor.grad_fn = property(_core.grad_fn, doc="The op that made it; None for leaves.")
    Tensor.real = property(_core.real, _set_real, doc="The real parts, a view.")
    Tensor.imag = property(_core.imag, _set_imag, doc="The imaginary parts, a view.")
    Tensor.layout = property(lambda self: _dtypes.strided)
    for name in ("is_cuda", "is_sparse", "is_sparse_csr", "is_quantized", "is_mps", "is_nested",
                 "is_xpu", "is_xla", "is_mkldnn", "is_mtia", "is_ipu", "is_maia", "is_vulkan"):
        setattr(Tensor, name, property(lambda self: False))
    Tensor.is_cpu = property(lambda self: self.device.type == "cpu")
    Tensor.is_meta = property(lambda self: self.device.type == "meta")


def _add_methods():
    for name, dtype in {"float": "float32", "double": "float64", "half": "float16", "bool": "bool",
                        "bfloat16": "bfloat16", "int": "int32", "long": "int64", "short": "int16",
                        "byte": "uint8", "char": "int8", "cfloat": "complex64",
                        "cdouble": "complex128"}.items():
        setattr(Tensor, name, lambda self, dtype=getattr(_core, dtype): _to_dtype(self, dtype))
    for name in "max", "min", "split", "var", "std", "where":
        setattr(Tensor, name, getattr(_functions, name))
    _forms.add_methods()
    Tensor.where = lambda self, condition, other: _core.where(condition, self, other)
    for name in "zeros", "ones", "empty", "full", "empty_strided":
        setattr(Tensor, f"new_{name}", _new(getattr(_creation, name)))
    Tensor.new_tensor = _new(_creation.tensor)
    Tensor.to, Tensor.numpy, Tensor.__array__, Tensor.cuda = _to, _numpy, _array, _cuda
    Tensor.cpu = lambda self: self.to("cpu")
    Tensor.type_as = lambda self, other: self.to(other.dtype)
    Tensor.view_as = lambda self, other: self.view(other.shape)
    Tensor.reshape_as = lambda self, other: self.reshape(other.shape)
    Tensor.register_hook, Tensor.detach_ = _register_hook, _detach_
    Tensor.register_post_accumulate_grad_hook = _register_post_accumulate_grad_hook
    Tensor.type, Tensor.new = _dtypes.type_of, _new_of_data
    Tensor.contiguous, Tensor.is_contiguous = _dtypes.contiguous, _dtypes.is_contiguous
    Tensor.clone = _dtypes.clone
    Tensor.ndimension, Tensor.element_size = Tensor.dim, lambda self: self.itemsize
    Tensor.get_device = lambda self: -1
    Tensor.pin_memory = Tensor.to_dense = lambda self: self
    Tensor.share_memory_, Tensor.is_shared = _sharing.share_memory_, _sharing.is_shared
    Tensor.is_pinned = lambda self: False
    Tensor.storage, Tensor.untyped_storage = storage, untyped_storage
    Tensor.__torch_function__ = classmethod(_torch_function)
    Tensor.resize_as_, Tensor.set_ = _resize_as_, _set_
    Tensor.as_subclass, Tensor._make_subclass = _as_subclass, staticmethod(_make_subclass)
    Tensor.is_signed = lambda self: self.dtype.is_signed
    Tensor.__reduce_ex__, Tensor.__deepcopy__ = _reduce, _deepcopy
    Tensor.__format__, Tensor.__iter__, Tensor.__contains__ = _format, _iterate, _contains
    Tensor.__reversed__ = _reversed
    Tensor.hardshrink = lambda self, lambd=0.5: _core.hardshrink(self, lambd)
    Tensor.prelu = lambda self, weight: _core.prelu(self, weight)
    Tensor.polygamma = lambda self, n: _core.polygamma(n, self)
    Tensor.polygamma_ = lambda self, n: self.copy_(_core.polygamma(n, self))
    Tensor.is_distributed = lambda self: False
    Tensor.__array_priority__ = 1000  # array * tensor is the tensor's to answer
    for name, method in vars(Tensor).items():
        if getattr(method, "__name__", None) == "<lambda>":
            method.__qualname__ = f"Tensor.{name}"  # what errors about its arguments call it


_core.GradFn.register_hook = _register_node_hook
_core.GradFn.register_prehook = _register_node_prehook
_add_methods()
_add_properties()
