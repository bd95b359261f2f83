"""Tensors of byte strings, over NumPy's arrays of objects."""

import numpy

from .. import _core
from . import dtypes
from .shapes import Sizes
from .tensor import _line, own


def to_bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def array_of(value):
    """An array of bytes of strings, lists of them, or tensors of strings."""
    if isinstance(value, StringTensor):
        return value.array
    if isinstance(value, (str, bytes)):
        made = numpy.empty((), object)
        made[()] = to_bytes(value)
        return made
    if isinstance(value, (list, tuple)):
        parts = [array_of(one) for one in value]
        shapes = {part.shape for part in parts}
        if len(shapes) > 1:
            raise ValueError("Can't convert non-rectangular Python sequence to Tensor.")
        made = numpy.empty((len(parts), *(shapes.pop() if shapes else ())), object)
        for i, part in enumerate(parts):
            made[i] = part[()] if part.ndim == 0 else part
        return made
    if isinstance(value, (int, float)):
        raise ValueError("Can't convert Python sequence with mixed types to Tensor: strings are "
                         f"expected, got {value!r}")
    array = numpy.asarray(value)
    if array.dtype.kind not in "SUO":
        raise TypeError(f"expected strings, got an array of {array.dtype}")
    made = numpy.empty(array.shape, object)
    made.reshape(-1)[:] = [to_bytes(one) for one in array.reshape(-1).tolist()]
    return made


class StringTensor:
    """A tensor of byte strings; immutable. `array` holds them."""

    is_tensor_like = True
    dtype = dtypes.string
    requires_grad = False

    def __init__(self, value):
        if type(value) is bytes:
            self.array = numpy.empty((), object)
            self.array[()] = value
        else:
            self.array = array_of(value)

    @classmethod
    def of_bytes(cls, values, shape):
        """Of a list of bytes, in a shape."""
        made = cls.__new__(cls)
        made.array = numpy.empty(len(values), object)
        made.array[:] = values
        made.array = made.array.reshape(shape)
        return made

    @property
    def shape(self):
        return Sizes(self.array.shape)

    @property
    def ndim(self):
        return self.array.ndim

    def dim(self):
        return self.array.ndim

    def get_shape(self):
        """The sizes."""
        return self.shape

    def set_shape(self, shape):
        """Checks that the sizes are these, None standing for any."""
        self.shape.assert_is_compatible_with(shape)

    def filling(self, shape):
        """One string as often as a shape has elements, or the strings in that shape."""
        array = self.array
        return StringTensor(numpy.full(shape, array.item(), object) if array.size == 1 else
                            array.reshape(shape))

    def numpy(self):
        """The bytes where there are no dims, else an array of them."""
        return self.array[()]

    def __array__(self, dtype=None, copy=None):
        return self.array if dtype is None else self.array.astype(dtype)

    def tolist(self):
        return self.array.tolist()

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (StringTensor(part) for part in self.array)

    def __getitem__(self, index):
        def plain(part):
            return part.tolist() if isinstance(part, _core.Tensor) else part

        index = tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)
        return StringTensor(self.array[index])

    def _compared(self, other, is_equal):
        if other is None:
            return not is_equal
        made = numpy.asarray(self.array == array_of(other), bool)
        return own(_core.tensor_of_data(numpy.asarray(made == is_equal), None))

    def __eq__(self, other):
        return self._compared(other, True)

    def __ne__(self, other):
        return self._compared(other, False)

    def __add__(self, other):
        return StringTensor(numpy.asarray(self.array + array_of(other), object))

    def __radd__(self, other):
        return StringTensor(numpy.asarray(array_of(other) + self.array, object))

    def __hash__(self):
        return id(self)

    def __bool__(self):
        return bool(self.array.item())

    def __str__(self):
        text = repr(self.array.item()) if self.array.ndim == 0 else numpy.array2string(
            self.array, separator=" ")
        return f"tf.Tensor({_line(text)}{text}, shape={self.array.shape}, dtype=string)"

    def __repr__(self):
        return f"<tf.Tensor: shape={self.array.shape}, dtype=string, numpy={self.numpy()!r}>"
