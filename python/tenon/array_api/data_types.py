"""Dtypes, and functions of them."""

from dataclasses import dataclass

from .. import _core, _dtypes
from .._core import (bool, complex64, complex128, float32, float64, int8, int16, int32, int64,
                     uint8, uint16, uint32, uint64)
from ._support import KINDS, Tensor, is_scalar, promoted, scalar_dtype

__all__ = ["astype", "bool", "can_cast", "complex64", "complex128", "finfo", "float32", "float64",
           "iinfo", "int8", "int16", "int32", "int64", "isdtype", "result_type", "uint8", "uint16",
           "uint32", "uint64"]


def astype(x, dtype, /, *, copy=True, device=None):
    """The elements converted; with copy=False, the array itself where nothing changes."""
    made = x.to(dtype) if device is None else x.to(dtype).to(device)
    return made.clone() if copy and made is x else made


def _dtype_of(value):
    return value.dtype if isinstance(value, Tensor) else value


def can_cast(from_, to, /):
    """Whether promotion leads from a dtype (or an array's) to another."""
    given = _dtype_of(from_)
    kinds = [next(i for i, kind in enumerate(("bool", "integral", "real floating",
                                              "complex floating")) if isdtype(dtype, kind))
             for dtype in (given, to)]
    if kinds[0] != kinds[1] and not (kinds[0] == 2 and kinds[1] == 3):
        return False  # the standard has no promotion between these kinds
    return promoted(given, to) == to


@dataclass(frozen=True)
class _FloatLimits:
    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: _core.dtype


@dataclass(frozen=True)
class _IntegerLimits:
    bits: int
    max: int
    min: int
    dtype: _core.dtype


def finfo(type, /):
    """The limits of a floating dtype, or an array's; of a complex one, those of its parts."""
    limits = _dtypes.finfo(_dtype_of(type))
    return _FloatLimits(limits.bits, limits.eps, limits.max, limits.min, limits.smallest_normal,
                        getattr(_core, limits.dtype))


def iinfo(type, /):
    """The limits of an integer dtype, or an array's."""
    limits = _dtypes.iinfo(_dtype_of(type))
    return _IntegerLimits(limits.bits, limits.max, limits.min, _dtype_of(type))


def isdtype(dtype, kind):
    """Whether a dtype is another one, of a kind such as "real floating", or any of several."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise _core.ValueError(f"[isdtype] no kind is called {kind!r}; they are "
                                   f"{', '.join(KINDS)}")
        return dtype in KINDS[kind]
    return dtype == kind


def result_type(*arrays_and_dtypes):
    """The dtype that arrays, dtypes and numbers together promote to."""
    dtypes = [_dtype_of(value) for value in arrays_and_dtypes if not is_scalar(value)]
    if not dtypes:
        raise _core.ValueError("[result_type] expected at least one array or dtype")
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = promoted(result, dtype)
    for value in arrays_and_dtypes:
        if is_scalar(value):
            result = promoted(result, scalar_dtype(value, result))
    return result
