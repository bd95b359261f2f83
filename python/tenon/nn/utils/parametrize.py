"""Parameters that are computed from others: `register_parametrization`."""

import contextlib
import copy

from ... import _core
from ..._modes import no_grad
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter

_cache = None


@contextlib.contextmanager
def cached():
    """Within `with`, each parametrized tensor is computed once."""
    global _cache
    before, _cache = _cache, {} if _cache is None else _cache
    try:
        yield
    finally:
        _cache = before


def _original_of(module, value):
    """What a parametrization makes `value` of; `value` itself where it doesn't say, or says that
    it can't by NotImplementedError."""
    if not hasattr(module, "right_inverse"):
        return value
    with contextlib.suppress(NotImplementedError):
        return module.right_inverse(value)
    return value


class ParametrizationList(ModuleList):
    """What computes one tensor of a module from `original` (or `original0`, `original1`, ...)."""

    def __init__(self, modules, original, unsafe=False):
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            value = original
            for module in reversed(list(self)):
                value = _original_of(module, value)
        self.is_tensor = isinstance(value, _core.Tensor)
        self.ntensors = 1 if self.is_tensor else len(value)
        values = [value] if self.is_tensor else list(value)
        for name, part in zip(self._names(), values):
            if self.is_tensor and isinstance(original, Parameter):
                # The parameter itself stays, since optimizers may have it.
                original.data = part.data
                self.register_parameter(name, original)
            elif isinstance(original, Parameter):
                self.register_parameter(name, Parameter(part.detach(), original.requires_grad))
            else:
                self.register_buffer(name, part)

    def _names(self):
        return (["original"] if self.is_tensor
                else [f"original{number}" for number in range(self.ntensors)])

    def right_inverse(self, value):
        """Sets the originals to what gives `value`."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not "
                                       "implement right_inverse.")
                value = module.right_inverse(value)
            for name, part in zip(self._names(), [value] if self.is_tensor else value):
                getattr(self, name).data = part.data

    def forward(self):
        value = self[0](*(getattr(self, name) for name in self._names()))
        for module in list(self)[1:]:
            value = module(value)
        return value


def _property_of(name):
    def get(self):
        if _cache is None:
            return self.parametrizations[name]()
        key = id(self), name
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def set(self, value):
        self.parametrizations[name].right_inverse(value)

    return property(get, set)


def _getstate(self):
    raise RuntimeError("Serialization of parametrized modules is only supported through "
                       "state_dict().")


def _deepcopy(self, memo):
    if id(self) in memo:
        return memo[id(self)]
    made = type(self).__new__(type(self))
    memo[id(self)] = made
    made.__setstate__(copy.deepcopy(self.__dict__, memo))
    return made


def _make_parametrized(module):
    """Gives the module a class of its own, which has room for properties."""
    kind = type(module)
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), {
        "__getstate__": _getstate, "__deepcopy__": _deepcopy, "_kind_before": kind})
    module.parametrizations = ModuleDict()


def is_parametrized(module, tensor_name=None):
    """Whether a module has parametrized tensors, or that one."""
    held = module.__dict__.get("_modules", {}).get("parametrizations")
    if not isinstance(held, ModuleDict):
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def type_before_parametrizations(module):
    """The class that the module had before."""
    return getattr(type(module), "_kind_before", type(module))


def _check_fit(module, tensor_name, before, unsafe):
    after = getattr(module, tensor_name)
    if unsafe:
        return
    if not isinstance(after, _core.Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    if after.shape != before[0] or after.dtype != before[1]:
        raise ValueError("Registering a parametrization may not change the shape or the dtype of "
                         f"the tensor: it was {before[0]} of {before[1]}, and is {after.shape} of "
                         f"{after.dtype}")


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """From now on the module's tensor is what the parametrization (a module) gives for the
    original, which becomes `module.parametrizations.<name>.original`. Where the first one has a
    `right_inverse`, the original is that of the tensor of now. With one in each, assignments set
    the original. A second parametrization is applied to what the first one gives."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        value = getattr(module, tensor_name)
        before = value.shape, value.dtype
        held.append(parametrization)
        _check_fit(module, tensor_name, before, unsafe or held.unsafe)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(f"Module '{module}' does not have a parameter, a buffer, or a "
                         f"parametrized element with name '{tensor_name}'")
    original = getattr(module, tensor_name)
    before = original.shape, original.dtype
    made = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _make_parametrized(module)
    setattr(type(module), tensor_name, _property_of(tensor_name))
    module.parametrizations[tensor_name] = made
    _check_fit(module, tensor_name, before, unsafe)
    return module


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Undoes `register_parametrization`. The tensor is the parametrized one of now, or, without
    `leave_parametrized`, the original."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if not leave_parametrized and not held.is_tensor:
        raise ValueError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that "
                         "is parametrized in terms of a sequence of tensors.")
    with no_grad():
        value = getattr(module, tensor_name).data if leave_parametrized else held.original.data
    original = getattr(held, held._names()[0])
    if held.is_tensor:
        original.data = value
    elif isinstance(original, Parameter):
        original = Parameter(value, original.requires_grad)
    else:
        original = value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type_before_parametrizations(module)
    if isinstance(original, Parameter):
        module.register_parameter(tensor_name, original)
    else:
        module.register_buffer(tensor_name, original)
    return module
