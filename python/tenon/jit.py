"""torch.jit: functions and modules that are compiled, and saved as programs.

`trace` and `script` give what computes the same, compiled: the code runs in every call, so branches
on data stay branches. What `trace` gave is saved as a program; `load` gives a module that runs it.
"""

import functools
import warnings
from typing import Final

from . import _core
from ._compile import compile as _compile
from ._program import Program, save_program
from .export import ProgramModule
from .nn.modules.module import Module

__all__ = ["Final", "ScriptFunction", "ScriptModule", "TracerWarning", "annotate", "export",
           "freeze", "ignore", "is_scripting", "is_tracing", "load", "optimize_for_inference",
           "save", "script", "script_method", "trace", "unused"]


class TracerWarning(Warning):
    """PyTorch warns of branches on data with it, which `trace` would freeze there and follows
    here: for the filters of warnings."""


class _Saved:
    """What `trace` and `script` give: saved for the arguments that it was traced with."""

    def save(self, f):
        """Writes a program: a path, or a file open for writing bytes."""
        if self._example is None:
            raise RuntimeError("save(): what script() gives has no example of its arguments; use "
                               "jit.trace(), or tenon.save_program()")
        args, kwargs = self._example
        shared = _leading_dims(args, kwargs)
        if shared:
            try:
                return save_program(self._original, args, f, kwargs=kwargs, dynamic_shapes=shared)
            except (_core.ValueError, _core.ShapeError, _core.IndexError) as error:
                warnings.warn(f"the program is saved for the example's sizes only ({error}); "
                              "tenon.save_program() takes the dims that may change", stacklevel=3)
        return save_program(self._original, args, f, kwargs=kwargs)


def _leading_dims(args, kwargs):
    """The first dim of all tensors as "batch", where they have it in common."""
    values = [*args, *kwargs.values()]
    sizes = {value.shape[0] for value in values if isinstance(value, _core.Tensor) and value.ndim}
    if len(sizes) != 1 or 0 in sizes:
        return None
    return tuple({0: "batch"} if isinstance(value, _core.Tensor) and value.ndim else None
                 for value in values)


class ScriptFunction(_Saved):
    """A compiled function."""

    def __init__(self, function, example=None):
        if not callable(function):
            raise TypeError(f"ScriptFunction() takes a function, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        self._original, self._example = function, example
        self._compiled = _compile(function)

    def __call__(self, *args, **kwargs):
        return self._compiled(*args, **kwargs)


class ScriptModule(_Saved, Module):
    """A compiled module, whose parameters, modules and attributes are those of the one that it was
    made of."""

    def __init__(self, module, example=None):
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"ScriptModule() takes a module, not {type(module).__name__}")
        state = self.__dict__
        for part in "_parameters", "_buffers", "_modules":
            state[part] = module.__dict__[part]
        state.update(training=module.training, _original=module, _example=example,
                     _compiled=_compile(lambda *args, **kwargs: module(*args, **kwargs)))

    def forward(self, *args, **kwargs):
        return self._compiled(*args, **kwargs)

    def train(self, mode=True):
        self._original.train(mode)
        return super().train(mode)

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            original = self.__dict__.get("_original")
            if original is None:
                raise
            return getattr(original, name)

    @property
    def original_name(self):
        """The name of the module's class."""
        return type(self._original).__name__


def _made(obj, example):
    if isinstance(obj, Module):
        return ScriptModule(obj, example)
    if callable(obj):
        return ScriptFunction(obj, example)
    raise TypeError(f"it takes a function or module, not {type(obj).__name__}")


def trace(func, example_inputs=None, optimize=None, check_trace=True, check_inputs=None,
          check_tolerance=1e-5, strict=True, *, example_kwarg_inputs=None, **_):
    """The function or module, compiled, with an example of its arguments, which it is called with
    once: a tensor, or a tuple. `save` writes it for any size of the first dim, where that is the
    same of all tensors and the function allows it. The arguments that say what to check aren't
    needed."""
    if isinstance(func, (ScriptFunction, ScriptModule)):
        func = func._original
    args = (example_inputs,) if isinstance(example_inputs, (_core.Tensor, dict)) else \
        tuple(example_inputs or ())
    if not args and not example_kwarg_inputs:
        raise RuntimeError("trace(): example_inputs or example_kwarg_inputs is needed")
    made = _made(func, (args, dict(example_kwarg_inputs or {})))
    made(*args, **(example_kwarg_inputs or {}))
    return made


def script(obj, optimize=None, example_inputs=None, **_):
    """The function or module, compiled. Classes are given back as they are."""
    if isinstance(obj, (type, ScriptFunction, ScriptModule)):
        return obj
    return _made(obj, None)


def save(m, f, **_):
    """Writes what `trace` gave: a path, or a file open for writing bytes."""
    if not isinstance(m, _Saved):
        raise TypeError(f"jit.save() takes what jit.trace() gives, not {type(m).__name__}")
    m.save(f)


def load(f, map_location=None, **_):
    """A module that runs what was saved. Gradients don't pass through it."""
    return ProgramModule(Program.load(f))


def freeze(mod, preserved_attrs=None, optimize_numerics=True):
    """The module as it is: a program holds its weights, and what is made of them is kept."""
    if getattr(mod, "training", False):
        raise RuntimeError("freeze(): the module is in training mode; call eval() first")
    return mod


def optimize_for_inference(mod, other_methods=None):
    """The module as it is: plans are made for how it is called."""
    return mod


def _as_it_is(obj=None, **_):
    """What stands before functions that PyTorch's compiler takes, or leaves out: nothing here."""
    return (lambda function: function) if obj is None or isinstance(obj, bool) else obj


export = ignore = unused = script_method = _as_it_is


def annotate(the_type, the_value):
    """The value."""
    return the_value


def is_scripting():
    """Code runs as it is written, always."""
    return False


def is_tracing():
    """Code runs as it is written, always."""
    return False
