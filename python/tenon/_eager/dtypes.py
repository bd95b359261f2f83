"""TensorFlow's names of dtypes and of what they know; `tf.float32` is `tenon.float32`."""

from .. import _core
from .._dtypes import finfo, iinfo

DType = _core.dtype

float16, bfloat16, float32, float64 = _core.float16, _core.bfloat16, _core.float32, _core.float64
int8, int16, int32, int64 = _core.int8, _core.int16, _core.int32, _core.int64
uint8, uint16, uint32, uint64 = _core.uint8, _core.uint16, _core.uint32, _core.uint64
complex64, complex128 = _core.complex64, _core.complex128
bool_ = _core.bool
half, double = float16, float64

_ALL = (float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32,
        uint64, complex64, complex128, bool_)
_NAME = {dtype: str(dtype).rpartition(".")[2] for dtype in _ALL}
_BY_NAME = {name: dtype for dtype, name in _NAME.items()} | {
    "half": float16, "float": float32, "double": float64}


class StringDType:
    """The dtype of tensors of byte strings."""

    name, size, itemsize = "string", 0, 0
    is_floating = is_integer = is_complex = is_bool = is_unsigned = False
    is_floating_point = is_signed = False

    @property
    def base_dtype(self):
        return self

    @property
    def as_numpy_dtype(self):
        return object

    def is_compatible_with(self, other):
        return as_dtype(other) is self

    def __eq__(self, other):
        return other is self or other in ("string", str, bytes)

    def __hash__(self):
        return hash("string")

    def __repr__(self):
        return "tf.string"

    def __reduce__(self):
        return "string"


string = StringDType()


def as_dtype(type_value):
    """A dtype of its name, of NumPy's or Python's type."""
    if isinstance(type_value, (DType, StringDType)):
        return type_value
    if isinstance(type_value, str) and type_value in _BY_NAME:
        return _BY_NAME[type_value]
    python = {float: float32, int: int32, bool: bool_, complex: complex128, str: string,
              bytes: string, object: string}
    if isinstance(type_value, type) and type_value in python:
        return python[type_value]
    if type_value == "string":
        return string
    import numpy

    try:
        kind = numpy.dtype(type_value)
    except TypeError:
        raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow "
                        "DType.") from None
    if kind.kind in "SUO":
        return string
    if kind.name not in _BY_NAME:
        raise TypeError(f"Cannot convert NumPy's {kind} to a TensorFlow DType.")
    return _BY_NAME[kind.name]


def name_of(dtype):
    """'float32' of tf.float32."""
    return _NAME[dtype] if isinstance(dtype, DType) else "string"


def _as_numpy_dtype(self):
    import numpy

    if self is bfloat16:
        raise TypeError("as_numpy_dtype: NumPy has no bfloat16; cast to tf.float32 first")
    return getattr(numpy, _NAME[self] + ("_" if self is bool_ else ""))


def _is_integer(self):
    return "int" in _NAME[self]


def _real_dtype(self):
    return {complex64: float32, complex128: float64}.get(self, self)


def _limits(self):
    if self is bool_:
        return 0, 1
    return (lambda of: (of.min, of.max))((iinfo if _is_integer(self) else finfo)(self))


def _is_equal(self, other):
    # TensorFlow and Keras compare dtypes with their names, too.
    return self is other or (isinstance(other, str) and _BY_NAME.get(other) is self)


def add_names():
    """Gives dtypes TensorFlow's attributes, beside what they have."""
    DType.name = property(_NAME.__getitem__, doc="Its name: 'float32'.")
    DType.as_numpy_dtype = property(_as_numpy_dtype, doc="NumPy's type.")
    DType.as_datatype_enum = property(lambda self: _ENUM[self], doc="Its number in TensorFlow's "
                                                                    "files.")
    DType.is_integer = property(_is_integer, doc="Whether of whole numbers.")
    DType.is_floating = DType.is_floating_point
    DType.is_bool = property(lambda self: self is bool_, doc="Whether of truth values.")
    DType.is_unsigned = property(lambda self: _NAME[self].startswith("u"))
    DType.base_dtype = property(lambda self: self)
    DType.real_dtype = property(_real_dtype, doc="Of the parts of complex numbers.")
    DType.size = DType.itemsize
    DType.limits = property(_limits, doc="The least and the largest number.")
    DType.min = property(lambda self: _limits(self)[0])
    DType.max = property(lambda self: _limits(self)[1])
    DType.is_compatible_with = lambda self, other: as_dtype(other) is self
    DType.__eq__ = _is_equal


_ENUM = {float32: 1, float64: 2, int32: 3, uint8: 4, int16: 5, int8: 6, string: 7, complex64: 8,
         int64: 9, bool_: 10, bfloat16: 14, uint16: 17, complex128: 18, float16: 19, uint32: 22,
         uint64: 23}
