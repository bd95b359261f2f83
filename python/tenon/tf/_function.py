"""tf.function: functions that are compiled, and what tells their arguments."""

import functools
import inspect

from .. import _core
from .._compile import compile as compile_function
from .._eager import convert, dtypes, nest
from .._eager.recording import is_recording, not_recording
from .._eager.shapes import TensorShape
from .._eager.tensor import CoreTensor, own

_settings = {"run_eagerly": False}


class TensorSpec:
    """A shape, whose sizes may be None, and a dtype."""

    def __init__(self, shape, dtype=_core.float32, name=None):
        self.shape = TensorShape(shape)
        self.dtype = dtypes.as_dtype(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor, name=None):
        """Of a tensor."""
        return cls(tensor.shape, tensor.dtype, name)

    from_spec = from_tensor

    def is_compatible_with(self, spec_or_value):
        """Whether a tensor (or what another spec says) is of this shape and dtype."""
        other = spec_or_value
        if not hasattr(other, "dtype"):
            other = convert.tensor(other)
        return other.dtype is self.dtype and self.shape.is_compatible_with(other.shape)

    def __eq__(self, other):
        return (isinstance(other, TensorSpec)
                and (self.shape, self.dtype) == (other.shape, other.dtype))

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def __repr__(self):
        return (f"TensorSpec(shape={self.shape}, dtype=tf.{dtypes.name_of(self.dtype)}, "
                f"name={self.name!r})")

    def __reduce__(self):
        return TensorSpec, (self.shape, self.dtype, self.name)


def type_spec_from_value(value):
    """What is known of a value beside its elements."""
    return TensorSpec.from_tensor(value if hasattr(value, "shape") and hasattr(value, "dtype") and
                                  not hasattr(value, "__array_interface__")
                                  else convert.tensor(value))


def _as_argument(value):
    """Arrays become tensors; plain tensors, modules and Python's values stay."""
    if type(value).__module__ == "numpy" and hasattr(value, "dtype"):
        return own(convert.tensor(value))
    if isinstance(value, (list, tuple, dict)) and nest.is_nested(value):
        return nest.map_structure(_as_argument, value)
    return value


def _as_result(value):
    """Python's numbers among results become tensors."""
    if isinstance(value, (CoreTensor, type(None))):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return own(convert.tensor(value))
    if nest.is_nested(value):
        return nest.map_structure(_as_result, value)
    return value


class Function:
    """What `tf.function` makes: the same function, compiled. Its code runs in every call, so that
    Python's branches, loops and prints keep their meaning."""

    def __init__(self, python_function, input_signature=None):
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.input_signature = _checked_signature(input_signature)
        self._compiled = compile_function(python_function)

    def __call__(self, *arguments, **keywords):
        arguments = tuple([one if isinstance(one, CoreTensor) else _as_argument(one)
                           for one in arguments])
        if keywords:
            keywords = {name: _as_argument(one) for name, one in keywords.items()}
        if self.input_signature is not None:
            arguments, keywords = self._checked(arguments, keywords)
        call = self.python_function if _settings["run_eagerly"] else self._compiled
        if is_recording() or not _core.is_grad_enabled() or any(
                type(one) is CoreTensor and one.requires_grad for one in arguments):
            return _as_result(call(*arguments, **keywords))
        with not_recording():  # until a tape says otherwise
            return _as_result(call(*arguments, **keywords))

    def _checked(self, arguments, keywords):
        names = list(inspect.signature(self.python_function).parameters)
        skipped = 1 if names[:1] == ["self"] else 0
        names = names[skipped:]
        own_self, arguments = arguments[:skipped], arguments[skipped:]
        if len(arguments) > len(names):
            raise TypeError(f"{self.__name__}(): too many positional arguments: it takes "
                            f"{len(names)}, {len(arguments)} are given")
        given = dict(zip(names, arguments)) | keywords
        if len(given) < len(self.input_signature):
            raise TypeError(f"{self.__name__}(): input_signature has {len(self.input_signature)} "
                            f"arguments, {len(given)} are given")
        checked = []
        for name, spec in zip(names, self.input_signature):
            checked.append(_fitting(given.pop(name), spec, self.__name__, name))
        if given:
            raise TypeError(f"{self.__name__}(): too many arguments for its input_signature: "
                            f"{', '.join(given)}")
        return (*own_self, *checked), {}

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return _Method(self, instance)

    def get_concrete_function(self, *arguments, **keywords):
        """The function for arguments of the given specs or of the form of the given tensors."""
        return ConcreteFunction(self, arguments, keywords)

    def explain(self):
        """What was planned."""
        return self._compiled.explain()

    def experimental_get_tracing_count(self):
        """How often what it computes was planned: once for each form of the arguments, as long as
        the same of its branches run."""
        return self._compiled.counters()["plans"]

    def __repr__(self):
        return f"<tf.function {self.__name__}>"


def _checked_signature(signature):
    """An input_signature as a tuple; a TypeError where something in it isn't a spec."""
    if signature is None:
        return None
    if not isinstance(signature, (list, tuple)):
        raise TypeError("input_signature must be either a tuple or a list, got "
                        f"{type(signature)}.")
    wrong = [one for one in nest.flatten(tuple(signature)) if not hasattr(one, "shape")]
    if wrong:
        raise TypeError("input_signature must be a possibly nested sequence of TensorSpec objects, "
                        f"got invalid args {wrong} with types {[type(one) for one in wrong]}.")
    return tuple(signature)


def _fitting(value, spec, function, name):
    if isinstance(spec, (list, tuple, dict)):
        return nest.map_structure(lambda one, of: _fitting(one, of, function, name), value, spec)
    if not isinstance(spec, TensorSpec):
        return value
    made = value if isinstance(value, CoreTensor) or spec.dtype is dtypes.string else own(
        convert.tensor(value, spec.dtype))
    made = convert.tensor(made)
    if not spec.is_compatible_with(made):
        raise TypeError(f"{function}(): can not cast {type_spec_from_value(made)!r} to {spec!r} "
                        f"for the argument {name!r}")
    return made


class _Method:
    """A `Function` that stands in a class, of one instance."""

    def __init__(self, function, instance):
        self._function, self.__self__ = function, instance
        self.__name__ = function.__name__
        self.python_function = functools.partial(function.python_function, instance)
        self.input_signature = function.input_signature

    def __call__(self, *arguments, **keywords):
        return self._function(self.__self__, *arguments, **keywords)

    def get_concrete_function(self, *arguments, **keywords):
        """The function for arguments of the given specs or of the form of the given tensors."""
        return ConcreteFunction(self, arguments, keywords)


class ConcreteFunction:
    """A function for arguments of known shapes and dtypes."""

    def __init__(self, function, arguments, keywords):
        self._function = function
        signature = function.input_signature
        if not arguments and not keywords and signature is not None:
            arguments = signature
        self.structured_input_signature = (
            tuple(nest.map_structure(_spec, one) for one in arguments),
            {name: nest.map_structure(_spec, one) for name, one in keywords.items()})
        self.name = self.__name__ = function.__name__
        self._names = list(inspect.signature(function.python_function).parameters)

    @property
    def inputs(self):
        """The specs of the tensors among the arguments."""
        return [one for one in nest.flatten(self.structured_input_signature)
                if isinstance(one, TensorSpec)]

    def __call__(self, *arguments, **keywords):
        given, named = self.structured_input_signature
        if len(arguments) > len(given):
            raise TypeError(f"{self.name}() takes {len(given)} arguments, {len(arguments)} are "
                            "given")
        checked = [_fitting(_as_argument(one), spec, self.name, i)
                   for i, (one, spec) in enumerate(zip(arguments, given))]
        rest = dict(list(zip(self._names, given))[len(arguments):])
        kept = {name: value for name, value in {**rest, **named}.items() if not _has_specs(value)}
        return self._function(*checked, **kept, **{
            name: _fitting(_as_argument(one), named.get(name, rest.get(name)), self.name, name)
            for name, one in keywords.items() if name not in kept})


def _has_specs(value):
    """Whether an argument that a concrete function was made of is to be given in calls."""
    return any(isinstance(one, TensorSpec) for one in nest.flatten(value))


def _spec(value):
    if isinstance(value, TensorSpec) or not hasattr(value, "shape"):
        return value
    return TensorSpec.from_tensor(convert.tensor(value))


def function(func=None, input_signature=None, autograph=True, jit_compile=None,
             reduce_retracing=False, experimental_implements=None,
             experimental_autograph_options=None, experimental_attributes=None,
             experimental_relax_shapes=None, experimental_compile=None,
             experimental_follow_type_hints=None):
    """Compiles a function; stands before one, with brackets or without. With an `input_signature`,
    arguments are checked against its specs. The other arguments are taken and not needed."""
    if func is None:
        return functools.partial(function, input_signature=input_signature)
    if isinstance(func, Function):
        return func
    return Function(func, input_signature)


def run_functions_eagerly(run_eagerly):
    """Whether functions run op by op, as they do without `tf.function`."""
    _settings["run_eagerly"] = bool(run_eagerly)


def functions_run_eagerly():
    """Whether `run_functions_eagerly` says so."""
    return _settings["run_eagerly"]


__all__ = ["TensorSpec", "function", "type_spec_from_value"]
