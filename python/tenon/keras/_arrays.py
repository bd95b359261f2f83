"""Dtypes by Keras's names, and tensors from what users pass."""

from .. import _core
from . import _config

Tensor = _core.Tensor

_NAMES = ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
          "float16", "bfloat16", "float32", "float64", "complex64", "complex128")
_DTYPES = {name: getattr(_core, name) for name in _NAMES}
_DTYPES.update(half=_core.float16, float=_core.float32, double=_core.float64, int=_core.int32)
_DTYPES.update({"string": str, float: _core.float32, int: _core.int32, bool: _core.bool})
_NAME_OF = {_DTYPES[name]: name for name in _NAMES}


def as_dtype(dtype):
    """The dtype that a name, a NumPy dtype or Python's type means; floatx where it is None. Strings
    have none of Tenon's dtypes: theirs is `str`."""
    if dtype is None:
        dtype = _config.floatx()
    if dtype in _NAME_OF:
        return dtype
    found = _DTYPES.get(dtype) if isinstance(dtype, (str, type)) else None
    if found is None:
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype)
        found = _DTYPES.get(name) if isinstance(name, str) else None
    if found is None:
        raise TypeError(f"dtype {dtype!r} isn't known; it is one of {', '.join(_NAMES)}")
    return found


def dtype_name(dtype):
    """Keras's name of a dtype: "float32"."""
    found = as_dtype(dtype)
    return "string" if found is str else _NAME_OF[found]


standardize_dtype = dtype_name  # by which Keras calls it


def as_tensor(x, dtype=None):
    """A tensor of what is passed; float64 that comes from outside becomes floatx, unless a dtype is
    given."""
    if isinstance(x, Tensor):
        return x if dtype is None else x.to(as_dtype(dtype))
    from .._creation import as_tensor as tensor_of  # NumPy stays away until data comes

    made = tensor_of(x)
    if dtype is not None:
        return made.to(as_dtype(dtype))
    if made.dtype == _core.float64:
        return made.to(as_dtype(None))
    return made


def as_floats(x):
    """A tensor of floating-point numbers."""
    x = as_tensor(x)
    return x if x.is_floating_point() else x.to(as_dtype(None))
