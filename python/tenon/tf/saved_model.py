"""tf.saved_model: functions of modules and models as Tenon's programs.

A folder holds a program for each function, as a safetensors file, and `saved_model.json`, which
names them and the variables. The protobuf format of TensorFlow is neither written nor read. What
`load` gives has the variables, which its functions share; gradients don't pass through these.
"""

import inspect
import json
import os

from .. import _core
from .._eager import convert, dtypes, nest
from .._eager.recording import not_recording
from .._eager.tensor import own
from .._program import Program, save_program
from ._function import ConcreteFunction, Function, TensorSpec, _Method
from ._module import Module
from ._shared_variables import SharedVariables

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
SERVING, TRAINING = "serve", "train"

_INDEX, _VERSION = "saved_model.json", 1
#: Sizes of an example's dims that aren't known: of the first dim, and of others.
_BATCH, _OTHER = 2, 16

__all__ = ["DEFAULT_SERVING_SIGNATURE_DEF_KEY", "LoadOptions", "SERVING", "SaveOptions", "TRAINING",
           "contains_saved_model", "load", "save"]


class _Options:
    """TensorFlow's settings of files; there is nothing in them to choose."""

    def __init__(self, **options):
        self.__dict__.update(options)


class SaveOptions(_Options):
    """Taken and not needed."""


class LoadOptions(_Options):
    """Taken and not needed."""


def save(obj, export_dir, signatures=None, options=None):
    """Writes the functions of a `tf.Module` to a folder: its methods under `@tf.function` that have
    an input_signature, by their names, and `signatures`: one such function (or what
    `get_concrete_function` gives), or a dict of them by key. Where none are given, an only function
    is the signature "serving_default". A Keras model's call is that, as `Model.export` writes it.

    Sizes that a TensorSpec leaves open may be any in calls; those of first dims are the same in all
    arguments.
    """
    functions = _functions_of(obj)
    if signatures is None:
        only = {_identity(function): function for function in functions.values()}
        signatures = {DEFAULT_SERVING_SIGNATURE_DEF_KEY: function
                      for function in only.values()} if len(only) == 1 else {}
    elif not isinstance(signatures, dict):
        signatures = {DEFAULT_SERVING_SIGNATURE_DEF_KEY: signatures}
    if not functions and not signatures:
        raise ValueError("save(): there is nothing to save: no method under @tf.function has an "
                         "input_signature, and no signatures are given")
    write(export_dir, functions, signatures, _weights_of(obj))


def write(export_dir, functions, signatures, weights):
    """Writes functions, by name, and signatures, by key; `weights` are names for variables."""
    folder = os.fspath(export_dir)
    os.makedirs(folder, exist_ok=True)
    index = {"version": _VERSION, "functions": {}, "signatures": {},
             "variables": {name: bool(one.requires_grad) for name, one in weights.items()
                           if isinstance(one, _core.Tensor)}}
    files = {}
    for part, named in (("functions", functions), ("signatures", signatures)):
        for name, function in named.items():
            key = _identity(function)
            if key not in files:
                files[key] = f"program_{len(files)}.safetensors"
                _save_function(function, os.path.join(folder, files[key]), weights)
            index[part][name] = {"file": files[key]}
            if part == "signatures":
                index[part][name].update(_names_of(function))
    with open(os.path.join(folder, _INDEX), "w", encoding="utf-8") as file:
        json.dump(index, file, indent=1)


def _identity(function):
    """What is the same of the same function: each look at a method gives another object."""
    if isinstance(function, _Method):
        return id(function._function), id(function.__self__)
    return id(function)


class Endpoint:
    """A function of specs, with the names that a signature has for its inputs."""

    def __init__(self, function, specs, names=None):
        self.python_function, self.input_signature, self.names = function, specs, names


def _functions_of(obj):
    """The methods that can be saved, by name."""
    endpoints = getattr(obj, "_endpoints", None)
    if endpoints is not None:
        return endpoints()
    if not isinstance(obj, Module):
        raise ValueError(f"save() takes a tf.Module or a model, not {type(obj).__name__}")
    found = {}
    names = {*vars(obj), *(name for kind in type(obj).__mro__ for name in vars(kind))}
    for name in sorted(names):
        static = inspect.getattr_static(obj, name)
        if isinstance(static, Function) and static.input_signature is not None:
            found[name] = getattr(obj, name)
    return found


def _specs_of(function):
    """The specs of the arguments by place, and by name."""
    if isinstance(function, ConcreteFunction):
        return function.structured_input_signature
    if isinstance(function, (Endpoint, Function, _Method)):
        if function.input_signature is None:
            raise ValueError(f"save(): {function!r} has no input_signature; give it one, "
                             "or save what its get_concrete_function() gives")
        return tuple(function.input_signature), {}
    raise ValueError(f"save(): a signature is a tf.function, not {type(function).__name__}")


def _save_function(function, path, weights):
    specs, named = _specs_of(function)
    called = function._function if isinstance(function, ConcreteFunction) else function
    python_function = called.python_function
    args = tuple(nest.map_structure(_example, one) for one in specs)
    kwargs = {name: nest.map_structure(_example, one) for name, one in named.items()}

    def run(*args, **kwargs):
        with not_recording():
            made = python_function(*nest.map_structure(_owned, args),
                                   **nest.map_structure(_owned, kwargs))
        return nest.map_structure(_result, made)

    try:
        run.__signature__ = inspect.signature(python_function)
    except (TypeError, ValueError):
        pass  # its arguments have numbers, then
    save_program(run, args, path, kwargs=kwargs, weights=weights,
                 dynamic_shapes=(*map(_open_dims, specs), *map(_open_dims, named.values())))


def _owned(value):
    return own(value) if isinstance(value, _core.Tensor) else value


def _result(value):
    if value is None or isinstance(value, (bool, int, float, str, _core.Tensor)):
        return value
    return convert.tensor(value)


def _weights_of(obj):
    """Names of variables, by which a program's file calls them."""
    if isinstance(obj, Module):
        return {"/".join(map(str, path)): one for path, one in
                obj._flatten(predicate=lambda one: isinstance(one, _core.Tensor), with_path=True)}
    return obj.state_dict()


def _example(spec):
    if not isinstance(spec, TensorSpec):
        return spec
    if spec.dtype is dtypes.string or spec.shape.rank is None:
        raise ValueError(f"save(): {spec!r} can't be an argument of a program: it takes numbers of "
                         "a known rank")
    return _core.zeros([(_OTHER if i else _BATCH) if size is None else size
                        for i, size in enumerate(spec.shape.as_list())], dtype=spec.dtype)


def _open_dims(spec):
    """What `save_program` takes as dynamic_shapes of an argument."""
    from .._dims import Dim

    if nest.is_nested(spec):
        parts = spec.items() if isinstance(spec, dict) else enumerate(spec)
        return {key: _open_dims(one) for key, one in parts}
    if not isinstance(spec, TensorSpec):
        return None
    open_dims = {i: Dim.DYNAMIC if i else "batch"
                 for i, size in enumerate(spec.shape.as_list()) if size is None}
    return open_dims or None


def _names_of(function):
    """What a signature calls its inputs: by their specs' names where there are such."""
    names = getattr(function, "names", None)
    specs = [] if isinstance(function, Endpoint) else _specs_of(function)[0]
    if names is None and any(getattr(one, "name", None) for one in specs) and not any(
            nest.is_nested(one) for one in specs):
        called = function._function if isinstance(function, ConcreteFunction) else function
        parameters = inspect.signature(called.python_function).parameters
        names = [one.name or name for one, name in zip(specs, parameters)]
    return {} if names is None else {"inputs": names}


class Signature:
    """A function of `signatures`: it takes tensors by name and gives a dict of tensors."""

    def __init__(self, program, names, shared):
        self._program, self._shared = program, shared
        self._names = names or [one.name for one in program.inputs]
        self.structured_input_signature = ((), {
            name: _spec(one) for name, one in zip(self._names, program.inputs)})
        self._outputs = _output_names(program)
        self.structured_outputs = {name: _spec(one._replace(name=name)) for name, one in
                                   zip(self._outputs, program.outputs)}

    @property
    def inputs(self):
        """The specs of its arguments."""
        return list(self.structured_input_signature[1].values())

    def __call__(self, *args, **kwargs):
        given = dict(zip(self._names, args))
        if len(args) > len(self._names) or set(given) & set(kwargs) or \
                set(given) | set(kwargs) != set(self._names):
            raise TypeError(f"the signature takes {', '.join(self._names)}; {len(args)} arguments "
                            f"by place and {sorted(kwargs)} by name are given")
        given.update(kwargs)
        made = self._shared.running(self._program, lambda: self._program.run(
            [given[name] for name in self._names]))
        return own(dict(zip(self._outputs, made)))


def _spec(value):
    shape = [size if isinstance(size, int) else None for size in value.shape]
    return TensorSpec(shape, value.dtype, value.name)


def _output_names(program):
    """Keys where the function gives a dict of tensors, else output_0 and so on."""
    made = program.result(list(range(len(program.outputs))))
    if isinstance(made, dict) and all(isinstance(one, int) for one in made.values()):
        by_place = {place: str(key) for key, place in made.items()}
        return [by_place[place] for place in range(len(program.outputs))]
    return [f"output_{i}" for i in range(len(program.outputs))]


class _Restored:
    """What `load` gives: the functions that were saved, `signatures`, by key, and the variables
    where the module had them."""

    def __init__(self, functions, signatures, shared):
        self.functions, self.signatures = functions, signatures
        self.variables = list(shared.by_name.values())
        self.__dict__.update({name: part for name, part in shared.tree().items()
                              if name not in functions and name not in self.__dict__})

    @property
    def trainable_variables(self):
        """The variables that training changed."""
        return [one for one in self.variables if one.trainable]

    @property
    def non_trainable_variables(self):
        """The others."""
        return [one for one in self.variables if not one.trainable]

    def __getattr__(self, name):
        try:
            return self.__dict__["functions"][name]
        except KeyError:
            raise AttributeError(f"what was saved has no function {name!r}: it has "
                                 f"{sorted(self.__dict__.get('functions', ()))}, and signatures "
                                 f"{sorted(self.__dict__.get('signatures', ()))}") from None

    def __call__(self, *args, **kwargs):
        if "__call__" not in self.functions:
            raise TypeError("what was saved has no __call__ under @tf.function; it has "
                            f"{sorted(self.functions)}, and signatures {sorted(self.signatures)}")
        return self.functions["__call__"](*args, **kwargs)


def _function_of(program, shared):
    def call(*args, **kwargs):
        made = shared.running(program, lambda: program(*args, **kwargs))
        return nest.map_structure(_owned, made)

    call.program = program
    return call


def load(export_dir, tags=None, options=None):
    """What `save` wrote: an object with its functions, and `.signatures[key]`, which take tensors
    by name and give dicts. No code of a file runs."""
    folder = os.fspath(export_dir)
    path = os.path.join(folder, _INDEX)
    if not os.path.exists(path):
        what = "TensorFlow's protobuf format, which isn't read" \
            if os.path.exists(os.path.join(folder, "saved_model.pb")) else f"no {_INDEX} in it"
        raise OSError(f"load(): {folder} holds nothing of tf.saved_model.save: {what}")
    with open(path, encoding="utf-8") as file:
        functions, signatures, variables = _read_index(file.read(), path)
    programs = {}
    for name in dict.fromkeys(entry["file"] for entry in (*functions.values(),
                                                          *signatures.values())):
        programs[name] = Program.load(os.path.join(folder, name))
    for key, entry in signatures.items():
        names = entry.get("inputs")
        if names is not None and len(names) != len(programs[entry["file"]].inputs):
            raise OSError(f"load(): {path}: signature {key!r} names {len(names)} inputs")
    shared = SharedVariables(programs.values(), variables)
    return _Restored(
        {name: _function_of(programs[entry["file"]], shared) for name, entry in functions.items()},
        {key: Signature(programs[entry["file"]], entry.get("inputs"), shared)
         for key, entry in signatures.items()}, shared)


def _read_index(text, path):
    try:
        index = json.loads(text)
        if index["version"] > _VERSION:
            raise OSError(f"load(): {path} is of version {index['version']}, and this Tenon reads "
                          f"up to {_VERSION}; use a later one")
        for part in index["functions"], index["signatures"]:
            for entry in part.values():
                names = entry.get("inputs", [])
                if os.path.basename(entry["file"]) != entry["file"] or not all(
                        isinstance(name, str) for name in names):
                    raise ValueError("not a file of the folder")
        variables = index.get("variables", {})
        if not all(isinstance(trainable, bool) for trainable in variables.values()):
            raise ValueError("not a variable")
        return index["functions"], index["signatures"], variables
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise OSError(f"load(): {path} doesn't say what the folder holds") from error


def contains_saved_model(export_dir):
    """Whether `save` wrote to the folder."""
    return os.path.exists(os.path.join(os.fspath(export_dir), _INDEX))
