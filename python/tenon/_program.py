"""save_program() and Program: functions in files, which run without their code."""

import json
import os
from typing import NamedTuple

from . import _core
from ._creation import as_tensor
from ._dims import dims_of
from ._serialization import read_from, written_to
from ._structures import MALFORMED, TENSOR, describe, restore

#: The key in a file's metadata of what Python knows beside the program: arguments and results.
_CALL = "tenon.program.call"


class ProgramValue(NamedTuple):
    """An input or output of a program. Sizes that may differ are texts: a name, or a formula."""

    name: str
    dtype: _core.dtype
    shape: tuple

    def __repr__(self):
        return f"{self.name}: {str(self.dtype).split('.')[-1]}[{', '.join(map(str, self.shape))}]"


def save_program(function, example_inputs, path, *, dynamic_shapes=None, output_names=None,
                 weights=None, kwargs=None):
    """Writes what the ops of a function (or module) are, with all tensors that it uses, as one
    safetensors file: `Program.load` runs it without its code, also from C++, and `tenon run` from
    the command line.

    example_inputs: a tensor, a tuple of arguments (tensors, structures of them, and plain values,
        which stay as they are), or a dict of them by name. `kwargs` are more of these.
    path: of the file, or a file open for writing bytes.
    dynamic_shapes: which dims may have other sizes than the example's, with names for them:
        {"x": {0: "batch"}} or {"x": ("batch", None)}. Dims of one name have one size.
    output_names: of the tensors that it returns; else "output.0" and so on.
    weights: names for tensors that the function uses; of a module, its state_dict() where left out.

    Raises ValueError where the function looks at results on the way, draws random numbers, or does
    something else at other sizes.
    """
    if not callable(function):
        raise TypeError(f"save_program() takes a function or module, not {type(function).__name__}")
    arguments, named = _as_arguments(example_inputs, kwargs)
    parameters = _parameter_names(function, arguments) + list(named)
    values = [*arguments, *named.values()]
    tensors, names = [], []

    def name_of(tensor, path):
        tensors.append(tensor)
        names.append(path)
        return len(tensors) - 1

    described = [[name, describe(value, name_of, "save_program", name)]
                 for name, value in zip(parameters, values)]
    dims, ranges = dims_of(dynamic_shapes, described, tensors, names)
    count, metadata = len(arguments), {}

    def flat(given):
        filled = [restore(description, given.__getitem__) for _, description in described]
        made = function(*filled[:count], **dict(zip(parameters[count:], filled[count:])))
        found = []
        result = describe(made, lambda tensor, _: found.append(tensor) or len(found) - 1,
                          "save_program")
        metadata[_CALL] = json.dumps({"parameters": described, "result": result, "ranges": ranges})
        return found

    with written_to(path) as file:
        _core.save_function(flat, list(zip(names, tensors, dims)), file,
                            _weights_of(function, weights), list(output_names or ()), metadata)


def _as_arguments(example_inputs, kwargs):
    """The arguments by place and by name."""
    if isinstance(example_inputs, _core.Tensor):
        return (example_inputs,), dict(kwargs or {})
    if isinstance(example_inputs, dict):
        return (), {**example_inputs, **(kwargs or {})}
    if isinstance(example_inputs, (tuple, list)):
        return tuple(example_inputs), dict(kwargs or {})
    raise TypeError("save_program(): example_inputs is a tensor, a tuple of arguments or a dict of "
                    f"them by name, not {type(example_inputs).__name__}")


def _parameter_names(function, arguments):
    """What the function calls those that are given by place."""
    import inspect  # which takes its time

    called = function.forward if hasattr(function, "forward") else function
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    names = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}_{i}" for i in range(len(arguments) - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    return [names[i] if i < len(names) else f"input_{i}" for i in range(len(arguments))]


def _weights_of(function, weights):
    if weights is None:
        weights = function.state_dict() if hasattr(function, "state_dict") else {}
    return [(name, tensor) for name, tensor in weights.items() if isinstance(tensor, _core.Tensor)]


class Program:
    """A function that was saved by `save_program`. It is called as that function was, with tensors
    or arrays, and gives what that gave; gradients don't pass through it.

        program = torch.Program.load("classifier.safetensors")
        probabilities = program(images)

    `inputs` and `outputs` tell names, dtypes and shapes. Tensors that the function changed are the
    program's own, and keep what a call makes of them.
    """

    def __init__(self, loaded, call):
        self._loaded = loaded
        self.inputs = tuple(_value(*one) for one in loaded.inputs())
        self.outputs = tuple(_value(*one) for one in loaded.outputs())
        if call is None:  # written by C++
            call = {"parameters": [[one.name, {TENSOR: i}] for i, one in enumerate(self.inputs)],
                    "result": {TENSOR: 0} if len(self.outputs) == 1 else
                    {"tuple": [{TENSOR: i} for i in range(len(self.outputs))]}}
        self._parameters = dict(call["parameters"])
        self._result = call["result"]
        #: The sizes that named dims may have: {"batch": (1, 64)}, None for no bound.
        self.ranges = {name: tuple(bounds) for name, bounds in call.get("ranges", {}).items()}

    @staticmethod
    def load(path):
        """Reads the file: a path, or a file open for reading bytes. What isn't a right program is a
        ValueError or IoError; no code of a file runs."""
        with read_from(path) as file:
            loaded = _core.LoadedProgram(file)
            text = _core.load_metadata(file).get(_CALL)
        try:
            call = None if text is None else json.loads(text)
            program = Program(loaded, call)
            program._check_call()
        except MALFORMED as error:
            title = os.fspath(path) if isinstance(path, (str, os.PathLike)) else "the file"
            raise _core.IoError(f"[Program.load] {title}: its metadata doesn't describe its "
                                "program's arguments and results") from error
        return program

    def _check_call(self):
        """Raises one of `MALFORMED` where the descriptions aren't of the inputs and outputs."""
        taken, given = [], []
        for description in self._parameters.values():
            restore(description, taken.append)
        restore(self._result, given.append)
        if sorted(taken) != list(range(len(self.inputs))) or \
                not set(given) <= set(range(len(self.outputs))):
            raise ValueError("another number of tensors")
        for name, (least, most) in self.ranges.items():
            if not isinstance(name, str) or not all(
                    bound is None or isinstance(bound, int) for bound in (least, most)):
                raise ValueError("no range")

    def __call__(self, *args, **kwargs):
        given = [None] * len(self.inputs)
        for name, value in self._bound(args, kwargs).items():
            self._fill(given, self._parameters[name], value, name)
        self._check_ranges(given)
        return self.result(self._loaded.run(given))

    def run(self, tensors):
        """The outputs, for the inputs, both as lists in the order of `outputs` and `inputs`."""
        if len(tensors) != len(self.inputs):
            raise TypeError(f"the program has {len(self.inputs)} inputs, {len(tensors)} are given")
        given = [None] * len(self.inputs)
        for i, value in enumerate(tensors):
            self._fill(given, {TENSOR: i}, value, self.inputs[i].name)
        self._check_ranges(given)
        return self._loaded.run(given)

    def result(self, outputs):
        """The structure that a call gives, of a list of its outputs."""
        return restore(self._result, outputs.__getitem__)

    def _bound(self, args, kwargs):
        names = list(self._parameters)
        if len(args) > len(names):
            raise TypeError(f"the program takes {len(names)} arguments ({', '.join(names)}), "
                            f"{len(args)} are given")
        bound = dict(zip(names, args))
        for name, value in kwargs.items():
            if name not in self._parameters:
                raise TypeError(f"the program has no argument {name!r}; it takes "
                                f"{', '.join(names)}")
            if name in bound:
                raise TypeError(f"the program got two values for argument {name!r}")
            bound[name] = value
        for name in names:
            if name not in bound:
                if next(iter(self._parameters[name])) != "value":
                    raise TypeError(f"the program's argument {name!r} is missing")
        return bound

    def _fill(self, given, description, value, path):
        """Puts the tensors of an argument where they belong; its plain values have to be those
        that the program was saved with."""
        kind, content = next(iter(description.items()))
        if kind == TENSOR:
            plain = isinstance(value, (bool, int, float, complex, list, tuple))
            given[content] = as_tensor(value, self.inputs[content].dtype if plain else None)
        elif kind == "value":
            if type(value) is not type(content) or value != content:
                raise _core.ValueError(f"[Program] argument '{path}' is {value!r}; the program was "
                                       f"saved with {content!r}")
        elif kind == "dict":
            wanted = [key for key, _ in content]
            if not isinstance(value, dict) or set(value) != set(wanted):
                raise TypeError(f"[Program] argument '{path}' is a dict of {wanted}")
            for key, item in content:
                self._fill(given, item, value[key], f"{path}.{key}")
        else:
            if not isinstance(value, (list, tuple)) or len(value) != len(content):
                raise TypeError(f"[Program] argument '{path}' is a {kind} of {len(content)}")
            for i, item in enumerate(content):
                self._fill(given, item, value[i], f"{path}.{i}")

    def _check_ranges(self, given):
        if not self.ranges:
            return
        for value, tensor in zip(self.inputs, given):
            for wanted, size in zip(value.shape, tensor.shape):
                least, most = self.ranges.get(wanted, (None, None))
                if (least is not None and size < least) or (most is not None and size > most):
                    raise _core.ShapeError(f"[Program] input '{value.name}' has {wanted} = {size}; "
                                           f"it was saved for {least or 0} to "
                                           f"{'any' if most is None else most}")

    @property
    def signature(self):
        """What it takes and gives, as a text: "(x: float32[batch, 12]) -> float32[batch, 3]"."""
        results = ", ".join(map(repr, self.outputs))
        return f"({', '.join(map(repr, self.inputs))}) -> ({results})"

    def state_dict(self):
        """The tensors that it uses, by name: its own, not copies."""
        return self._loaded.weights()

    def to_text(self):
        """Its graph, which `tenon inspect --graph` prints."""
        return self._loaded.to_text()

    def to_dot(self):
        """Its graph for Graphviz."""
        return self._loaded.to_dot()

    def to_svg(self):
        """Its graph as a drawing, which notebooks show."""
        from ._drawings import svg_of_graphs  # what it imports in turn is for this alone

        return svg_of_graphs([self.to_dot()])

    def __repr__(self):
        return f"Program{self.signature}"


def _value(name, dtype, sizes):
    shape = tuple([int(size) if size.isdigit() else size for size in sizes])
    return ProgramValue(name, dtype, shape)
