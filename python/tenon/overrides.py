"""`__torch_function__`: classes, below Tensor or others, that say what ops on their objects do."""

from . import _core
from ._core import has_torch_function as _is_overridden

__all__ = ["get_default_nowrap_functions", "handle_torch_function", "has_torch_function",
           "is_tensor_like"]

Tensor = _core.Tensor


class DisableTorchFunctionSubclass:
    """Within `with`, ops take tensors of subclasses as plain tensors, and give plain ones."""

    def __enter__(self):
        self._before = _core._set_subclasses_are_plain(True)

    def __exit__(self, *_):
        _core._set_subclasses_are_plain(self._before)
        return False


class _Disabled:
    """What a class below Tensor has as `__torch_function__` whose objects are plain tensors to ops,
    as parameters are: results are plain, too."""

    def __call__(self, func, types, args=(), kwargs=None):
        with DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))


_disabled_torch_function_impl = _Disabled()
_core._set_disabled_torch_function(_disabled_torch_function_impl)


def get_default_nowrap_functions():
    """Functions whose results `Tensor.__torch_function__` leaves as they are."""
    return {Tensor.grad.__get__}


def _converted(value, cls):
    if isinstance(value, Tensor):
        return value if isinstance(value, cls) else value._in_class(cls)
    if isinstance(value, (tuple, list)):
        return type(value)([_converted(one, cls) for one in value])
    return value


def _torch_function(cls, func, types, args=(), kwargs=None):
    """What ops on objects of a class below Tensor do that says nothing else: what they do on plain
    tensors, with results of the class. NotImplemented beside objects of unrelated classes."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
    return result if func in get_default_nowrap_functions() else _converted(result, cls)


def has_torch_function(relevant_args):
    """Whether an op with these arguments is up to one of their classes."""
    return any(map(_is_overridden, relevant_args))


has_torch_function_unary = _is_overridden


def has_torch_function_variadic(*args):
    """`has_torch_function` of the arguments one by one."""
    return has_torch_function(args)


def is_tensor_like(inp):
    """Whether it is a tensor, or of a class with a `__torch_function__`."""
    return isinstance(inp, Tensor) or hasattr(type(inp), "__torch_function__")


def handle_torch_function(public_api, relevant_args, *args, **kwargs):
    """What the classes of `relevant_args` make of `public_api(*args, **kwargs)`: the first that
    doesn't give NotImplemented, subclasses before their bases."""
    objects = []
    for one in relevant_args:
        kind = type(one)
        if _is_overridden(one) and all(kind is not type(other) for other in objects):
            places = [i for i, other in enumerate(objects) if issubclass(kind, type(other))]
            objects.insert(places[0] if places else len(objects), one)
    types = tuple(map(type, objects))
    for one in objects:
        result = one.__torch_function__(public_api, types, args, kwargs)
        if result is not NotImplemented:
            return result
    raise TypeError(f"no implementation found for {public_api!r} on types that implement "
                    f"__torch_function__: {list(types)}")
