"""Tensor: a tensor with TensorFlow's rules, and how functions come to give and take such.

A value of TensorFlow's kind is a `tenon.Tensor` of this class: its operators don't mix dtypes, `/`
of integers gives float64, `numpy()` always works, and what is computed with it is recorded for
gradients under a tape only. Ops give plain tensors; `own` makes them such values, by their class
alone.
"""

import functools
import sys

from .. import _core
from ..overrides import _disabled_torch_function_impl
from .errors import InvalidArgumentError
from .recording import counted, is_recording, not_recording
from .shapes import sizes_of_value

CoreTensor = _core.Tensor
_CoreError = _core.Error


class Symbolic(Exception):
    """An argument is a KerasTensor: the call is to be recorded, not run."""


class Ragged(TypeError):
    """An argument is a RaggedTensor: the call is for the op's ragged form, where it has one."""

    def __init__(self):
        super().__init__("a RaggedTensor is given where a tensor is expected; to_tensor() gives a "
                         "tensor of it")


def is_symbolic(value):
    """Whether it is one of Keras's symbolic tensors, of which there are none before it is
    imported."""
    module = sys.modules.get("tenon.keras._symbolic")
    return module is not None and isinstance(value, module.KerasTensor)


class _TensorType(type):
    """All tensors are instances of `tf.Tensor`, those of strings too."""

    def __instancecheck__(cls, value):
        if cls is not Tensor:
            return type.__instancecheck__(cls, value)
        return isinstance(value, CoreTensor) or getattr(value, "is_tensor_like", False) is True


class Reference:
    """A tensor as a key: equal to references to the same object only."""

    def __init__(self, tensor):
        self._tensor = tensor

    def deref(self):
        """The tensor."""
        return self._tensor

    def __eq__(self, other):
        return isinstance(other, Reference) and other._tensor is self._tensor

    def __hash__(self):
        return id(self._tensor)


class Tensor(CoreTensor, metaclass=_TensorType):
    """An array of numbers, with TensorFlow's rules."""

    __slots__ = ()
    __torch_function__ = _disabled_torch_function_impl
    __hash__ = CoreTensor.__hash__
    shape = sizes_of_value

    def numpy(self):
        """The elements as an array; a NumPy scalar where there are no dims."""
        return CoreTensor.numpy(self.detach() if self.requires_grad else self)[()]

    def __array__(self, dtype=None, copy=None):
        return CoreTensor.__array__(self, dtype, copy)

    def get_shape(self):
        """The sizes."""
        return self.shape

    def set_shape(self, shape):
        """Checks that the sizes are these, None standing for any."""
        from .shapes import TensorShape

        if not TensorShape(shape).is_compatible_with(self.shape):
            raise ValueError(f"Tensor's shape {tuple(self.shape)} is not compatible with supplied "
                             f"shape {TensorShape(shape)}.")

    def ref(self):
        """A reference that can be a key."""
        return Reference(self)

    def __iter__(self):
        if self.dim() == 0:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return iter([own(part, (self,)) for part in _core.unbind(self, 0)])

    def __getitem__(self, index):
        from . import indexing

        return indexing.get(self, index)

    def __setitem__(self, index, value):
        raise TypeError("'EagerTensor' object does not support item assignment; "
                        "tf.tensor_scatter_nd_update gives a changed tensor")

    def __int__(self):
        return int(_single(self))

    def __float__(self):
        return float(_single(self))

    def __str__(self):
        text = _text(self)
        return (f"tf.Tensor({_line(text)}{text}, shape={tuple(self.shape)}, "
                f"dtype={_dtype_name(self)})")

    def __repr__(self):
        if self.dtype is _core.bfloat16 or self.device.type == "meta":
            return f"<{str(self)}>"
        text = repr(self.item() if self.dim() == 0 else self.numpy())
        return (f"<tf.Tensor: shape={tuple(self.shape)}, dtype={_dtype_name(self)}, "
                f"numpy={_line(text)}{text}>")

    def __format__(self, spec):
        return str(self) if self.dtype is _core.bfloat16 else format(self.numpy(), spec)

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        operator = _OF_UFUNC.get(ufunc.__name__)
        if (method == "__call__" and operator and not keywords
            and not isinstance(inputs[0], CoreTensor)):
            return operator(inputs[1], inputs[0])
        return getattr(ufunc, method)(*(_as_array(value) for value in inputs), **keywords)

    def __array_function__(self, function, types, arguments, keywords):
        return function(*map(_as_arrays, arguments),
                        **{name: _as_arrays(value) for name, value in keywords.items()})

    def __reduce_ex__(self, protocol):
        from . import convert

        return convert.constant, (self.numpy(), self.dtype)


def _single(tensor):
    """The only element, as Python's number."""
    if tensor.numel() != 1:
        raise TypeError("Only length-1 arrays can be converted to Python scalars, got a tensor of "
                        f"shape {tuple(tensor.shape)}")
    return tensor.detach().item()


def _line(text):
    """The line's end before a text of several lines."""
    return "\n" if "\n" in text else ""


def _as_array(value):
    return value.detach().numpy() if isinstance(value, CoreTensor) else value


def _as_arrays(value):
    """A value with arrays in the place of tensors, in lists and tuples, too."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_as_arrays, value)) if not hasattr(value, "_fields") else value
    return _as_array(value)


def _dtype_name(tensor):
    return str(tensor.dtype).rpartition(".")[2]


def _text(tensor):
    if tensor.dtype is _core.bfloat16 or tensor.device.type == "meta":
        return CoreTensor.__repr__(tensor)
    import numpy

    return str(numpy.asarray(tensor.numpy()))


# Giving values.


def _is_plain(value):
    """Whether a tensor is neither of TensorFlow's kind nor a variable of Keras."""
    kind = type(value)
    return (isinstance(value, CoreTensor)
            and not (issubclass(kind, Tensor) or hasattr(kind, "assign")))


def has_plain(arguments):
    for value in arguments:
        if _is_plain(value) or isinstance(value, (list, tuple)) and has_plain(value):
            return True
    return False


def own(value, arguments=()):
    """What an op gave, as a value of TensorFlow's kind; tuples and lists of such, too.

    Outside of a tape its history goes, unless a plain tensor is among the arguments: that is code
    in PyTorch's style, whose results stay plain tensors with theirs.
    """
    kind = value.__class__
    if kind is CoreTensor:
        for argument in arguments:
            if argument is value:
                value = _core.view(value, value.shape)
                break
        if value.requires_grad and not is_recording():
            if has_plain(arguments):
                return value
            value = _core.detach(value)
        value.__class__ = Tensor
        return value
    if isinstance(value, tuple):
        owned = [own(one, arguments) for one in value]
        return kind(*owned) if hasattr(value, "_fields") else tuple(owned)
    if kind is list:
        return [own(one, arguments) for one in value]
    if isinstance(value, dict):
        return kind((key, own(one, arguments)) for key, one in value.items())
    return value


def _first_tensor(values):
    for value in values:
        if isinstance(value, CoreTensor):
            return value
        if isinstance(value, (list, tuple, dict)):
            found = _first_tensor(value.values() if isinstance(value, dict) else value)
            if found is not None:
                return found
    return None


def call_layer(function, args, kwargs, given):
    """function(*args, **kwargs), the outermost layer's call, in the style of what it was `given`:
    plain tensors are PyTorch's, everything is recorded and results are plain; TensorFlow's values,
    and arrays, are recorded under a tape only, and results are such values."""
    first = _first_tensor(given)
    if first is not None and _is_plain(first):
        with counted():
            return function(*args, **kwargs)
    if is_recording():
        return own(function(*args, **kwargs))
    with not_recording():
        return own(function(*args, **kwargs))


@functools.lru_cache(None)
def _error_of(kind):
    return type("InvalidArgumentError", (InvalidArgumentError, kind),
                {"__module__": "tenon.tf.errors"})


def failed(error, name):
    """TensorFlow's error of one of Tenon's, which it is, too."""
    if isinstance(error, InvalidArgumentError):  # of an op within
        return error
    return _error_of(type(error))(f"{error} [Op:{name}]")


def op(function):
    """A function of TensorFlow's: takes `name`, too, gives values of its kind and raises its
    errors; of KerasTensors it is recorded."""

    @functools.wraps(function)
    def call(*arguments, name=None, **keywords):
        try:
            result = function(*arguments, **keywords)
        except Symbolic:
            from ..keras._symbolic import apply

            return apply(call, *arguments, **keywords)
        except Ragged:
            from ..tf import _ragged_ops

            return _ragged_ops.call(call, arguments, keywords)
        except _CoreError as error:
            raise failed(error, function.__name__) from error
        return own(result, (*arguments, *keywords.values()) if keywords else arguments)

    return call


# Operators.


def _cannot_mix(self, other, name):
    return InvalidArgumentError(
        f"cannot compute {name} as input #1(zero-based) was expected to be a {_dtype_name(self)} "
        f"tensor but is a {_dtype_name(other)} tensor [Op:{name}]; tf.cast one of them")


def _casts_by_itself(*operands):
    """Whether these are a layer's variable and what mixed precision computes in."""
    return _core.autocast_dtype() is not _core.float32 and any(
        hasattr(type(one), "assign") for one in operands)


def no_bools(name):
    """What TensorFlow raises where bools are added, ordered or summed."""
    return InvalidArgumentError(
        "Value for attr 'T' of bool is not in the list of allowed values: bfloat16, half, float, "
        f"double, uint8, int8, uint16, int16, int32, int64 [Op:{name}]; tf.cast it")


def operand(value, like, name):
    """The other operand of an op with the tensor `like`: a number that fits its dtype, or a tensor
    of it. TensorFlow promotes nothing."""
    kind = value.__class__
    if kind is float and like.is_floating_point():
        return value
    if isinstance(value, CoreTensor):
        if value.dtype is not like.dtype and not _casts_by_itself(like, value):
            raise _cannot_mix(like, value, name)
        return value
    if kind is int and like.dtype is not _core.bool:
        return value
    from . import convert

    made = convert.like(value, like)
    if made.dtype is not like.dtype:
        raise _cannot_mix(like, made, name)
    return made.to(like.device) if made.device != like.device else made


def pair(x, y, name):
    """Both operands of an op, tensors or numbers, of one dtype; at least the first is a tensor."""
    if isinstance(x, CoreTensor):
        return x, operand(y, x, name)
    from . import convert

    if isinstance(y, CoreTensor):
        made = convert.like(x, y)
        if made.dtype is not y.dtype:
            raise _cannot_mix(made, y, name)
        return made.to(y.device) if made.device != y.device else made, y
    x = convert.tensor(x)
    return x, operand(y, x, name)


def divide(x, y):
    """x / y: of integers in float64, of small ones in float32."""
    if isinstance(x, CoreTensor) and not x.is_floating_point() and not x.is_complex():
        if x.dtype is _core.bool:
            raise TypeError("Invalid dtype tf.bool in __truediv__; tf.cast it")
        x, y = pair(x, y, "RealDiv")
        wide = _core.float64 if x.dtype.itemsize >= 4 else _core.float32
        return _core.div(x.to(wide), y.to(wide) if isinstance(y, CoreTensor) else y)
    return _core.div(x, y)


def power(x, y):
    """x ** y; whole powers stay in the dtype of the base."""
    if x.__class__ is not float and isinstance(x, CoreTensor) and not x.is_floating_point() \
            and isinstance(y, int) and y < 0:
        raise InvalidArgumentError("Integers to negative integer powers are not allowed [Op:Pow]")
    return _core.pow(x, y)


def _finish(result, self, other):
    if result.requires_grad and not is_recording():
        # Of variables alone it may be either style: of TensorFlow's kind, with its history.
        if _is_plain(self) or _is_plain(other):
            return result
        if issubclass(type(self), Tensor) or issubclass(type(other), Tensor):
            result = _core.detach(result)
    result.__class__ = Tensor
    return result


#: The operators of numbers alone that the ops behind them would take bools for, too.
_OF_NUMBERS = frozenset(("AddV2", "Less", "LessEqual", "Greater", "GreaterEqual"))


def _operator(compute, name, is_reflected=False):
    refuses_bools = name in _OF_NUMBERS

    def operate(self, other):
        if other.__class__ is CoreTensor and not issubclass(type(self), Tensor):
            # A variable and a plain tensor: that is PyTorch's style.
            return compute(other, self) if is_reflected else compute(self, other)
        try:
            if other.__class__ is not Tensor or other.dtype is not self.dtype:
                other = operand(other, self, name)
            if refuses_bools and self.dtype is _core.bool:
                raise no_bools(name)
            result = compute(other, self) if is_reflected else compute(self, other)
        except (Symbolic, Ragged):
            return NotImplemented
        except _CoreError as error:
            raise failed(error, name) from error
        return _finish(result, self, other)

    return operate


def _comparison(compute, name):
    compare = _operator(compute, name)

    def equal(self, other):
        return (name == "NotEqual") if other is None else compare(self, other)

    return equal


def _sign_operator(compute):
    def operate(self):
        if self.dtype is _core.bool and compute is _core.neg:
            raise no_bools("Neg")
        return _finish(compute(self), self, self)

    return operate


def _boolean(of_bools, of_integers):
    def compute(x, y):
        first = x if isinstance(x, CoreTensor) else y
        return of_bools(x, y) if first.dtype is _core.bool else of_integers(x, y)

    return compute


_BINARY = {"add": (_core.add, "AddV2"), "sub": (_core.sub, "Sub"), "mul": (_core.mul, "Mul"),
           "truediv": (divide, "RealDiv"), "floordiv": (_core.floor_divide, "FloorDiv"),
           "mod": (_core.remainder, "FloorMod"), "pow": (power, "Pow"),
           "matmul": (_core.matmul, "MatMul"),
           "and": (_boolean(_core.logical_and, _core.bitwise_and), "And"),
           "or": (_boolean(_core.logical_or, _core.bitwise_or), "Or"),
           "xor": (_boolean(_core.logical_xor, _core.bitwise_xor), "Xor")}
_COMPARISONS = {"lt": (_core.lt, "Less"), "le": (_core.le, "LessEqual"),
                "gt": (_core.gt, "Greater"), "ge": (_core.ge, "GreaterEqual")}
_UFUNCS = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv",
           "true_divide": "truediv", "floor_divide": "floordiv", "remainder": "mod", "power": "pow",
           "matmul": "matmul"}


def operators():
    """By name, the operators that keep TensorFlow's rules; Keras's variables have them, too, from
    when `tenon.tf` is imported."""
    made = {}
    for stem, (compute, name) in _BINARY.items():
        made[f"__{stem}__"] = _operator(compute, name)
        made[f"__r{stem}__"] = _operator(compute, name, is_reflected=True)
    for stem, (compute, name) in _COMPARISONS.items():
        made[f"__{stem}__"] = _operator(compute, name)
    made["__eq__"], made["__ne__"] = (_comparison(_core.eq, "Equal"),
                                      _comparison(_core.ne, "NotEqual"))
    made["__neg__"], made["__abs__"] = _sign_operator(_core.neg), _sign_operator(_core.abs)
    made["__invert__"] = _sign_operator(
        lambda x: _core.logical_not(x) if x.dtype is _core.bool else _core.bitwise_not(x))
    return made


def _add_operators():
    made = operators()
    for name, function in made.items():
        setattr(Tensor, name, function)
    for stem in _BINARY:  # tensors don't change: x += y is x = x + y
        setattr(Tensor, f"__i{stem}__", made[f"__{stem}__"])
    return {ufunc: made[f"__r{stem}__"] for ufunc, stem in _UFUNCS.items()} | {
        "equal": made["__eq__"], "not_equal": made["__ne__"], "less": made["__gt__"],
        "less_equal": made["__ge__"], "greater": made["__lt__"], "greater_equal": made["__le__"]}


#: By the name of a ufunc, what `array OP tensor` is of the tensor.
_OF_UFUNC = _add_operators()
