"""Arrays of tf.experimental.numpy, and the dtypes that they meet in."""

import functools

import numpy

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.tensor import CoreTensor, failed, own


def asarray(a, dtype=None):
    """A tensor of a value: of Python's numbers int64, float64, complex128 or bool."""
    if isinstance(a, CoreTensor):
        made = a if type(a) is not CoreTensor else own(_core.view(a, a.shape))
    elif isinstance(a, (list, tuple)) and any(isinstance(one, CoreTensor) for one in a):
        made = _core.stack(promoted(a), 0)
    else:
        made = convert.tensor(numpy.asarray(a))
    return own(made if dtype is None else made.to(dtypes.as_dtype(dtype)))


def array(val, dtype=None, copy=True, ndmin=0):
    """As `asarray`, of memory of its own, with at least `ndmin` dims."""
    made = asarray(val, dtype)
    made = _core.clone(made) if copy else made
    return own(made.reshape((*[1] * (ndmin - made.dim()), *made.shape)))



def _numpys(tensor):
    return numpy.dtype(dtypes.name_of(tensor.dtype))


def result_type(*arrays_and_dtypes):
    """The dtype that NumPy computes in with these tensors, dtypes and Python numbers."""
    def known(one):
        if isinstance(one, CoreTensor):
            return _numpys(one)
        if isinstance(one, (bool, int, float, complex)):
            return one
        return numpy.dtype(dtypes.name_of(dtypes.as_dtype(one))) if isinstance(
            one, (_core.dtype, str, type, numpy.dtype)) else _numpys(asarray(one))

    return dtypes.as_dtype(numpy.result_type(*map(known, arrays_and_dtypes)).name)


def promote_types(type1, type2):
    """The dtype that holds both."""
    return result_type(dtypes.as_dtype(type1), dtypes.as_dtype(type2))


def promoted(values):
    """Tensors of these values, of the dtype that they meet in."""
    kept = [one if isinstance(one, (bool, int, float, complex)) else asarray(one) for one in values]
    dtype = result_type(*kept)
    return [one.to(dtype) if isinstance(one, CoreTensor) else asarray(one, dtype) for one in kept]


def floats_of(tensor):
    exact = not (tensor.is_floating_point() or tensor.is_complex())
    return tensor.to(_core.float64) if exact else tensor


def named(name, text):
    """Gives a function its name and what it does, and TensorFlow's kind of results and errors."""
    def wrap(function):
        @functools.wraps(function)
        def call(*arguments, **keywords):
            try:
                return own(function(*arguments, **keywords))
            except _core.Error as error:
                raise failed(error, name) from error

        call.__name__ = call.__qualname__ = name
        call.__doc__ = text or function.__doc__
        return call

    return wrap


def public(function):
    return named(function.__name__, None)(function)


def unary(name, function, floats=False):
    @named(name, f"{name} of each element.")
    def call(x):
        x = asarray(x)
        return function(floats_of(x) if floats else x)

    return call


def binary(name, function, floats=False):
    @named(name, f"{name} of the elements of x1 and x2, in the dtype that they meet in.")
    def call(x1, x2):
        x1, x2 = promoted((x1, x2))
        return function(floats_of(x1), floats_of(x2)) if floats else function(x1, x2)

    return call
