"""Symbolic tensors: shapes without data, that remember what calls they come from."""

import operator

from .. import _core
from .._modes import no_grad
from . import _tree
from ._arrays import as_dtype, dtype_name
from ._calls import calls
from ._names import auto_name

Tensor = _core.Tensor

#: Sizes that stand for unknown dims in runs that find out shapes: of batches, then of others, where
#: the first that fit are taken. Dims that differ between the two runs of a pair aren't known.
_BATCHES = (2, 3)
_OTHERS = ((16, 24), (64, 96), (2, 3))


class KerasTensor:
    """A tensor of a shape, in which None is a size that isn't known, and a dtype: what layers and
    functions are called with to make a functional model."""

    __array_ufunc__ = None  # NumPy's arrays leave operators to this class

    def __init__(self, shape, dtype="float32", sparse=False, ragged=False, record_history=True,
                 name=None):
        self.shape = tuple(shape)
        self.dtype = dtype_name(dtype)
        self.name = name or auto_name("keras_tensor")
        self.sparse, self.ragged = sparse, ragged
        self._keras_history = None  # the node that made it, and its place among that one's outputs

    @property
    def ndim(self):
        return len(self.shape)

    rank = ndim

    def get_shape(self):
        return self.shape

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _has_no_data(self, *_):
        raise TypeError(f"{self!r} is symbolic: it has no data. It can go to Keras's layers, to "
                        "keras.ops and to operators; other functions belong into a layer's `call`")

    __array__ = __bool__ = __float__ = __int__ = __index__ = _has_no_data

    def numpy(self):
        self._has_no_data()

    def __len__(self):
        if not self.shape or self.shape[0] is None:
            self._has_no_data()
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        return apply(operator.getitem, self, key)

    def reshape(self, *shape):
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return apply(_core.reshape, self, tuple(shape))

    __hash__ = object.__hash__


def _operators():
    """The methods of operators: each records a call of the function of Python's operator module."""
    def both_ways(function):
        return (lambda self, other: apply(function, self, other),
                lambda self, other: apply(function, other, self))

    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or",
                 "xor"):
        function = getattr(operator, f"{name}_" if name in ("and", "or") else name)
        yield f"__{name}__", both_ways(function)[0]
        yield f"__r{name}__", both_ways(function)[1]
    for name in "eq", "ne", "lt", "le", "gt", "ge":
        yield f"__{name}__", both_ways(getattr(operator, name))[0]
    for name in "neg", "abs", "invert":
        yield f"__{name}__", (lambda function: lambda self: apply(function, self))(
            getattr(operator, name))


for _name, _method in _operators():
    setattr(KerasTensor, _name, _method)


class Function:
    """A function that symbolic tensors were given to, as a step of a model."""

    _titles = {"sub": "subtract", "mul": "multiply", "truediv": "true_divide",
               "getitem": "get_item", "floordiv": "floor_divide", "pow": "power", "neg": "negative",
               "abs": "absolute", "and_": "logical_and", "or_": "logical_or", "eq": "equal",
               "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
               "ge": "greater_equal"}

    def __init__(self, function, name=None):
        own = getattr(function, "__name__", type(function).__name__)
        self.function = function
        self.title = self._titles.get(own, own)
        self.name = name or auto_name(self.title)
        self._inbound_nodes = []

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


class Node:
    """One call of a layer or function with symbolic tensors."""

    def __init__(self, operation, args, kwargs, outputs):
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        self.input_tensors = [value for value in _tree.flatten((args, kwargs))
                              if isinstance(value, KerasTensor)]
        self.output_tensors = [value for value in _tree.flatten(outputs)
                               if isinstance(value, KerasTensor)]
        for i, tensor in enumerate(self.output_tensors):
            tensor._keras_history = (self, i)
        operation._inbound_nodes.append(self)

    @property
    def is_input(self):
        return not self.input_tensors

    @property
    def parents(self):
        return [tensor._keras_history[0] for tensor in self.input_tensors
                if tensor._keras_history is not None]

    @property
    def output(self):
        return self.outputs

    @property
    def input(self):
        if self.is_input:  # of an input layer
            return self.outputs
        if len(self.input_tensors) == 1:
            return self.input_tensors[0]
        first = self.args[0] if self.args else None
        if isinstance(first, (list, tuple, dict)):
            return first
        return self.input_tensors


def is_symbolic(value):
    """Whether this is a symbolic tensor."""
    return isinstance(value, KerasTensor)


is_keras_tensor = is_symbolic


def has_symbolic(args, kwargs):
    """Whether symbolic tensors are among the arguments of a call."""
    for value in args:
        if type(value) is Tensor:
            continue
        if type(value) is KerasTensor:
            return True
        if isinstance(value, (list, tuple, dict)) and any(map(is_symbolic, _tree.flatten(value))):
            return True
    return bool(kwargs) and any(map(is_symbolic, _tree.flatten(kwargs)))


def record(operation, args, kwargs, outputs):
    """Makes `outputs` those of a call of `operation`, and returns them."""
    def new(value):
        if isinstance(value, KerasTensor) and value._keras_history is not None:
            return KerasTensor(value.shape, value.dtype)
        return value

    outputs = _tree.map_structure(new, outputs)
    Node(operation, args, kwargs, outputs)
    return outputs


def apply(function, *args, **kwargs):
    """Calls a function; where symbolic tensors are among the arguments, the call becomes a step of
    the model that is made of its results."""
    if not has_symbolic(args, kwargs):
        return function(*args, **kwargs)
    return record(Function(function), args, kwargs, shapes_by_running(function, args, kwargs))


def _stand_in(tensor, sizes):
    """Zeros of a symbolic tensor's shape."""
    shape = [sizes[0] if size is None and i == 0 else sizes[1] if size is None else size
             for i, size in enumerate(tensor.shape)]
    dtype = as_dtype(tensor.dtype)
    if dtype is str:
        import numpy

        return numpy.full(shape, "", dtype=object)
    return _core.zeros(shape, dtype=dtype)


def _run(function, args, kwargs, sizes):
    """Shapes and dtypes of what a function gives. Its ops are written down, but not run, since
    nothing looks at what they make."""
    def stand_in(value):
        return _stand_in(value, sizes) if isinstance(value, KerasTensor) else value

    def spec(value):
        if not hasattr(value, "shape"):
            return value
        return KerasTensor(value.shape, _core.int64 if value.dtype is None else value.dtype)

    def run():
        with no_grad():
            outputs = function(*_tree.map_structure(stand_in, args),
                               **_tree.map_structure(stand_in, kwargs))
        return _tree.map_structure(spec, outputs)

    training, finds_shapes = calls.training, calls.finds_shapes
    calls.training, calls.finds_shapes = False, True  # moving averages stay as they are
    try:
        return _core.CompiledFunction(run, [], False, False, 0)()
    finally:
        calls.training, calls.finds_shapes = training, finds_shapes


def shapes_by_running(function, args, kwargs):
    """Symbolic tensors like what a function gives for these arguments."""
    tensors = [value for value in _tree.flatten((args, kwargs)) if isinstance(value, KerasTensor)]
    if not any(None in tensor.shape for tensor in tensors):
        return _run(function, args, kwargs, (0, 0))
    first_error = None
    pairs = _OTHERS if any(None in tensor.shape[1:] for tensor in tensors) else _OTHERS[:1]
    for others in pairs:
        try:
            one, other = (_run(function, args, kwargs, sizes) for sizes in zip(_BATCHES, others))
            return _tree.map_structure(_common, one, other)
        except Exception as error:
            first_error = first_error or error
    raise first_error


def _common(one, other):
    """The symbolic tensor that both are."""
    if not isinstance(one, KerasTensor):
        return one
    if one.ndim != other.ndim:
        raise ValueError("a function's result has a number of dims that depends on the sizes of "
                         f"its arguments: {one.ndim} and {other.ndim}")
    return KerasTensor([a if a == b else None for a, b in zip(one.shape, other.shape)], one.dtype)
