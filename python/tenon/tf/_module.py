"""tf.Module, and what code is written within: names, devices and the like."""

import contextlib
import re
import threading

from .. import nn
from ..nn.parameter import Parameter
from .._eager.recording import not_recording


class _Scopes(threading.local):
    def __init__(self):
        self.names = []


_scopes = _Scopes()


class name_scope:
    """Within `with`, names of variables may begin with this one."""

    def __init__(self, name, default_name=None, values=None):
        self.name = name if name is not None else default_name

    def __enter__(self):
        _scopes.names.append(self.name.rstrip("/"))
        return "/".join(_scopes.names) + "/"

    def __exit__(self, *_):
        _scopes.names.pop()
        return False


def current_name_scope():
    """The names of all scopes around, joined."""
    return "/".join(_scopes.names)


def _snake(name):
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2",
                  re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def _members(value, path, seen):
    """Paths and values of the variables and modules that a value holds."""
    if id(value) in seen:
        return
    if isinstance(value, (Parameter, nn.Module)):
        seen.add(id(value))
        yield path, value
    if isinstance(value, Parameter):
        return
    for key, part in _parts(value):
        yield from _members(part, (*path, key), seen)


def _parts(value):
    if isinstance(value, nn.Module):
        state = value.__dict__
        named = {**state["_parameters"], **state["_modules"],
                 **{key: part for key, part in state.items()
                    if isinstance(part, (Parameter, list, tuple, dict))
                    and not key.startswith("_")}}
        return sorted(named.items())
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    return []


class Module(nn.Module):
    """What holds variables and other modules.

        class Linear(tf.Module):
            def __init__(self, name=None):
                super().__init__(name=name)
                self.w = tf.Variable(0.0, name="w")

            def __call__(self, x):
                return self.w * x
    """

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        nn.Module.__init__(self)  # before attributes come, whatever subclasses do
        self.__dict__["_name"] = _snake(cls.__name__)
        return self

    def __init__(self, name=None):
        if name is not None:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is not a valid module name. Module names must be valid "
                                 "Python identifiers (e.g. a valid class name).")
            self.__dict__["_name"] = name

    @property
    def name(self):
        """The name that was given, else the class's."""
        return self._name

    @property
    def name_scope(self):
        """A `tf.name_scope` of the name."""
        return name_scope(self._name)

    @staticmethod
    def with_name_scope(method):
        """A method that runs within the module's name scope."""
        import functools

        @functools.wraps(method)
        def call(self, *args, **kwargs):
            with self.name_scope:
                return method(self, *args, **kwargs)

        return call

    def _flatten(self, recursive=True, predicate=None, attribute_traversal_key=None,
                 with_path=False, expand_composites=False):
        """The variables and modules within; with their paths where asked for."""
        for path, value in _members(self, (), set()):
            if value is self or (not recursive and len(path) > 1):
                continue
            if predicate is None or predicate(value):
                yield (path, value) if with_path else value

    @property
    def variables(self):
        """All variables, those of modules within among them."""
        return tuple(self._flatten(predicate=lambda value: isinstance(value, Parameter)))

    @property
    def trainable_variables(self):
        """Those that training changes."""
        return tuple(one for one in self.variables if one.requires_grad)

    @property
    def non_trainable_variables(self):
        """Those that it doesn't."""
        return tuple(one for one in self.variables if not one.requires_grad)

    @property
    def submodules(self):
        """All modules within."""
        return tuple(self._flatten(predicate=lambda value: isinstance(value, nn.Module)))


@contextlib.contextmanager
def init_scope():
    """Within `with`, nothing is recorded: variables are made here."""
    with not_recording():
        yield


@contextlib.contextmanager
def device(device_name):
    """Within `with`, ops run on this device; there is the CPU."""
    _check_device(device_name)
    yield


def _check_device(name):
    if name is None or callable(name):
        return
    text = str(getattr(name, "name", name)).upper()
    if "GPU" in text or "TPU" in text or "CUDA" in text:
        import warnings

        warnings.warn(f"device {name!r} isn't there; ops run on the CPU", stacklevel=4)


@contextlib.contextmanager
def control_dependencies(control_inputs):
    """Ops run in the order in which they stand."""
    yield


def group(*inputs, **kwargs):
    """Nothing: the inputs have run already."""


def no_op(name=None):
    """Nothing."""


def executing_eagerly():
    """Ops run when they are called."""
    return True


def inside_function():
    """Code that is compiled runs as other code does."""
    return False


__all__ = ["Module", "control_dependencies", "current_name_scope", "device", "executing_eagerly",
           "group", "init_scope", "inside_function", "name_scope", "no_op"]
