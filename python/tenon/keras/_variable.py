"""Variable: a tensor that layers train or keep, changed by `assign`."""

from .. import _core
from .._creation import as_tensor
from .._eager.recording import before_write
from .._eager.shapes import sizes_of_value
from .._modes import no_grad
from ..nn.parameter import Parameter
from ._arrays import as_dtype
from ._tracking import Structure

Tensor = _core.Tensor


def _as_given(value):
    """A tensor of a value; Python's numbers are int32 and floatx, arrays keep their dtype."""
    if isinstance(value, Tensor):
        return value.detach()
    made = as_tensor(value)
    if hasattr(value, "dtype"):
        return made
    if made.dtype == _core.int64:
        return made.to(_core.int32)
    return made.to(as_dtype(None)) if made.is_floating_point() else made


def _initial(value, shape, dtype):
    """The tensor that a variable starts as, of its own memory."""
    if callable(value) and not isinstance(value, Tensor):
        value = value() if shape is None else value(tuple(shape), dtype=dtype)
    made = _as_given(value)
    if dtype is not None:
        made = made.to(as_dtype(dtype))
    if shape is not None and tuple(made.shape) != tuple(shape):
        raise ValueError(f"Variable(): a value of shape {tuple(made.shape)} doesn't fit the shape "
                         f"{tuple(shape)} that was asked for")
    return made.detach().clone()


def _has_gradients(tensor):
    """Whether its dtype is one that training changes."""
    return tensor.is_floating_point() or tensor.is_complex()


def _restored(kind, data, state):
    made = kind(data)
    made.__dict__.update(state)
    if _has_gradients(data):
        made.requires_grad_(state["_trainable"])
    return made


class Variable(Parameter):
    """A tensor that is changed in place: `assign`, `assign_add`, `assign_sub`.

    initializer: its value, or a function that gives it, of shape and dtype where `shape` is given.
    trainable: whether training changes it; integers have no gradients all the same.
    constraint, regularizer: functions of it that optimizers and losses apply.
    """

    shape = sizes_of_value

    def __new__(cls, initializer=None, shape=None, dtype=None, trainable=None, autocast=True,
                aggregation="none", synchronization="auto", name=None, *, initial_value=None,
                constraint=None, regularizer=None, validate_shape=True, caching_device=None,
                import_scope=None):
        if isinstance(shape, bool):  # TensorFlow's second argument
            shape, trainable = None, shape
        if initializer is None:
            initializer = initial_value
        if initializer is None:
            raise ValueError("Variable() needs a value or an initializer")
        data = _initial(initializer, shape, dtype)
        trainable = True if trainable is None else bool(trainable)
        self = super().__new__(cls, data, trainable and _has_gradients(data))
        self._trainable = self.made_trainable = trainable
        self._name = name or "variable"
        self.path = self._name
        self.autocast, self.aggregation, self.synchronization = (autocast, aggregation,
                                                                 synchronization)
        self.constraint, self.regularizer = constraint, regularizer
        return self

    @property
    def name(self):
        return self._name

    @property
    def trainable(self):
        """Whether training changes it."""
        return self.requires_grad if _has_gradients(self) else self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        if _has_gradients(self):
            self.requires_grad_(self._trainable)
        Structure.changed()

    @property
    def data(self):
        """The elements without their gradient history; those of a tensor that takes their place."""
        return Tensor.data.__get__(self)

    @data.setter
    def data(self, value):
        Tensor.data.__set__(self, value)
        Structure.changed()

    def register_hook(self, hook):
        """hook(gradient) is called with each gradient; what it returns takes its place."""
        self.__dict__["_has_hook"] = True
        Structure.changed()
        return super().register_hook(hook)

    @property
    def value(self):
        """The variable itself, whose gradient is found there, too."""
        return self

    def read_value(self):
        """The tensor itself, through which gradients flow."""
        return self.view_as(self)

    def _fitting(self, value, call):
        """`value` as a tensor of this dtype; an error where its shape isn't this one."""
        value = value if isinstance(value, Tensor) else _as_given(value)
        if tuple(value.shape) != tuple(self.shape):
            raise ValueError(f"{call}: the shape of the variable {self.path!r} is "
                             f"{tuple(self.shape)}, that of the value {tuple(value.shape)}")
        return value if value.dtype == self.dtype else value.to(self.dtype)

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Takes the elements of `value`."""
        value = self._fitting(value, "assign()")
        before_write((self,))
        with no_grad():
            self.copy_(value)
        return self

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """Adds `delta`."""
        value = self._fitting(delta, "assign_add()")
        before_write((self,))
        with no_grad():
            self.add_(value)
        return self

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """Subtracts `delta`."""
        value = self._fitting(delta, "assign_sub()")
        before_write((self,))
        with no_grad():
            self.sub_(value)
        return self

    def numpy(self):
        """A copy as an array of NumPy's; a number where there are no dims."""
        return self.detach().clone().numpy()[()]

    def __array__(self, dtype=None, copy=None):
        array = self.detach().clone().numpy()
        return array if dtype is None else array.astype(dtype)

    def _state(self):
        return {**self.__dict__, "_trainable": self.trainable}

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = _restored(type(self), self.detach().clone(), self._state())
        return memo[id(self)]

    def __reduce_ex__(self, protocol):
        return _restored, (type(self), self.detach(), self._state())

    def __repr__(self):
        values = Tensor.__repr__(self.detach())
        return (f"<Variable path={self.path}, shape={tuple(self.shape)}, "
                f"dtype={str(self.dtype).rpartition('.')[2]}, value={values}>")
