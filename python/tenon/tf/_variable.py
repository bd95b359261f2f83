"""tf.Variable: Keras's variables with TensorFlow's arguments, names and rules."""

from .. import _core
from .._eager import convert, indexing
from .._eager.tensor import CoreTensor, Tensor, own
from .._modes import no_grad
from ..keras._variable import Variable as KerasVariable
from ._module import current_name_scope


class _VariableType(type(KerasVariable)):
    """All variables are instances of `tf.Variable`, those of layers too."""

    def __instancecheck__(cls, value):
        return isinstance(value, KerasVariable)


class Variable(KerasVariable, metaclass=_VariableType):
    """A tensor that is changed in place: `assign`, `assign_add`, `assign_sub`; parts of it, too:
    `v[1:].assign(...)`.

    initial_value: its value, or a function that gives it.
    trainable: whether tapes watch it by themselves and training changes it.
    name: which begins with the name scopes around; `v.name` has ":0" behind it.
    constraint: a function of it that optimizers apply.
    """

    def __new__(cls, initial_value=None, trainable=None, validate_shape=True, caching_device=None,
                name=None, variable_def=None, dtype=None, import_scope=None, constraint=None,
                synchronization="auto", aggregation="none", shape=None,
                experimental_enable_variable_lifting=True):
        if callable(initial_value) and not isinstance(initial_value, CoreTensor):
            initial_value = initial_value()
        if initial_value is None:
            raise ValueError("The `initial_value` arg to `tf.Variable` must be specified except "
                             "when you are not providing a `variable_def`.")
        value = convert.tensor(initial_value, dtype)
        if not isinstance(value, CoreTensor):
            raise TypeError("Variable(): variables hold numbers; a tensor of strings stays what it "
                            "is")
        around = current_name_scope()
        name = name or "Variable"
        return super().__new__(cls, value, None if shape is None else convert.sizes(shape),
                               value.dtype, trainable, True, aggregation, synchronization,
                               f"{around}/{name}" if around else name, constraint=constraint)

    @property
    def name(self):
        return f"{self._name}:0"

    def value(self):
        """What it holds now, as a tensor through which gradients flow."""
        return own(self.clone(), (self,))

    read_value = value

    def _fitting(self, value, call):
        return super()._fitting(convert.tensor(value, self.dtype), call)

    def __getitem__(self, index):
        made = indexing.get(own(self.clone(), (self,)), index)
        made.__class__ = VariableSlice
        made.taken_from = self, index
        return made

    def __setitem__(self, index, value):
        raise TypeError("'Variable' object does not support item assignment; "
                        "v[index].assign(value) changes a part")

    def __repr__(self):
        elements = repr(own(self.detach())).partition("numpy=")[2]
        return (f"<tf.Variable '{self.name}' shape={tuple(self.shape)} dtype={self.dtype.name}, "
                f"numpy={elements}")


class VariableSlice(Tensor):
    """A part of a variable, which may be assigned to. `taken_from`: the variable and the index."""

    __slots__ = ()

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """The variable takes these elements at its part; gives the variable."""
        variable, index = self.taken_from
        value = convert.tensor(value, variable.dtype)
        with no_grad():
            places = _core.arange(0, variable.numel(), 1, dtype=_core.int64)
            places = indexing.get(own(places.reshape(variable.shape)), index)
            flat = variable.detach().reshape((-1,)).clone()
            CoreTensor.__setitem__(flat, places.reshape((-1,)),
                                   value.expand(places.shape).reshape((-1,)))
            return variable.assign(flat.reshape(variable.shape))

    def _now(self):
        variable, index = self.taken_from
        return indexing.get(own(variable.detach()), index)

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """Adds to the part of the variable."""
        return self.assign(self._now() + delta)

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """Subtracts from the part of the variable."""
        return self.assign(self._now() - delta)
