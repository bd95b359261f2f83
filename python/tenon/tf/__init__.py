"""TensorFlow's names over Tenon's tensors, gradients and compiler.

    import tenon.tf as tf
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = w * w
    print(tape.gradient(loss, w))
"""

import importlib as _importlib

from .._eager import dtypes as _dtypes
from .._eager import shapes as _shapes

_dtypes.add_names()
_shapes.add_names()

from .._eager.dtypes import (DType, as_dtype, bfloat16, complex64, complex128,  # noqa: E402
                             double, float16, float32, float64, half, int8, int16, int32, int64,
                             string, uint8, uint16, uint32, uint64)
from .._eager.dtypes import bool_ as bool  # noqa: E402
from .._eager.ragged import RaggedTensor, RaggedTensorSpec  # noqa: E402
from .._eager.shapes import TensorShape  # noqa: E402
from .._eager.tensor import Tensor  # noqa: E402
from .._eager.tensor import operators as _operators, own as _own  # noqa: E402
from .._eager.indexing import get as _get  # noqa: E402
from ..keras._variable import Variable as _KerasVariable  # noqa: E402
from ._blocks import (batch_to_space, space_to_batch, space_to_batch_nd)  # noqa: E402
from ._clipping import clip_by_global_norm, clip_by_norm, clip_by_value  # noqa: E402
from ._clipping import print_ as print  # noqa: E402
from ._control import *  # noqa: E402, F403
from ._function import (TensorSpec, function, type_spec_from_value)  # noqa: E402
from ._gathering import *  # noqa: E402, F403
from ._making import *  # noqa: E402, F403
from ._more_math import (edit_distance, fingerprint, histogram_fixed_width,  # noqa: E402
                         histogram_fixed_width_bins, reverse_sequence, truncatediv, truncatemod,
                         unravel_index)
from ._module import *  # noqa: E402, F403
from ._shaping import *  # noqa: E402, F403
from ._tape import *  # noqa: E402, F403
from ._variable import Variable  # noqa: E402
from .debugging import (Assert, assert_equal, assert_greater, assert_less,  # noqa: E402
                        assert_rank)
from ._slices import IndexedSlices, methods as _methods  # noqa: E402
from ._sparse import SparseTensor, SparseTensorSpec  # noqa: E402
from .linalg import (eig, eigvals, einsum, matmul, norm, tensordot)  # noqa: E402
from .linalg import sqrtm as matrix_square_root  # noqa: E402
from .math import (abs, acos, acosh, add, add_n, argmax, argmin, asin, asinh, atan,  # noqa: E402
                   atan2, atanh, complex, cos, cosh, cumsum, divide, equal, exp, floor, greater,
                   greater_equal, less, less_equal, logical_and, logical_not, logical_or,
                   maximum, minimum, multiply, negative, not_equal, pow, reduce_all, reduce_any,
                   reduce_logsumexp, reduce_max, reduce_mean, reduce_min, reduce_prod,
                   reduce_sum, round, scalar_mul, sigmoid, sign, sin, sinh, sqrt, square,
                   subtract, tan, tanh, truediv)

newaxis = None
realdiv = truediv
#: The version of TensorFlow whose names these are.
__version__ = "2.21.0"
VERSION = __version__

#: Of `tenon.keras`, under TensorFlow's names.
_OF_KERAS = {"initializers": "initializers", "losses": "losses", "metrics": "metrics",
             "optimizers": "optimizers"}
_INITIALIZERS = {"constant_initializer": "Constant", "ones_initializer": "Ones",
                 "random_normal_initializer": "RandomNormal",
                 "random_uniform_initializer": "RandomUniform", "zeros_initializer": "Zeros"}
_MODULES = ("autodiff", "autograph", "bitwise", "compat", "config", "data", "debugging",
            "distribute", "dtypes", "errors", "experimental", "image", "io", "linalg", "lookup",
            "math", "nest", "nn", "ragged", "random", "saved_model", "sets", "signal", "sparse",
            "strings", "summary", "test", "train", "version")


def _add_operators():
    """Keras's variables follow TensorFlow's rules from here on."""
    for name, method in (_operators() | _methods()).items():
        setattr(_KerasVariable, name, method)
    _KerasVariable.__hash__ = Tensor.__hash__
    _KerasVariable.__getitem__ = lambda self, index: _get(_own(self.clone(), (self,)), index)
    _KerasVariable.__iter__ = lambda self: iter(unstack(self))  # noqa: F405
    for name in ("__array_function__", "__array_ufunc__", "get_shape", "set_shape", "ref"):
        setattr(_KerasVariable, name, getattr(Tensor, name))


_add_operators()


class VariableAggregation:
    """How several replicas' changes of a variable become one."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = "none", "sum", "mean", "only_first_replica"


class VariableSynchronization:
    """When several replicas' copies of a variable are made equal."""

    AUTO, NONE, ON_WRITE, ON_READ = "auto", "none", "on_write", "on_read"


def timestamp(name=None):
    """The seconds since 1970, as float64."""
    import time

    return constant(time.time(), float64)  # noqa: F405


def get_current_name_scope():
    """The name scope that this stands in."""
    return current_name_scope()  # noqa: F405


def grad_pass_through(f):
    """f, whose gradient is that of the identity."""
    def call(*arguments, **keywords):
        @custom_gradient  # noqa: F405
        def passed(*given):
            made = f(*given, **keywords)
            return made, lambda *upstream: upstream if len(given) > 1 else upstream[0]

        return passed(*arguments)

    return call


def get_logger():
    """The logger of TensorFlow's name."""
    import logging

    return logging.getLogger("tensorflow")


def __getattr__(name):
    if name in _MODULES:
        return _importlib.import_module(f".{name}", __name__)
    if name == "keras":
        return _importlib.import_module("..keras", __name__)
    if name == "as_string":
        return _importlib.import_module(".strings", __name__).as_string
    if name in _OF_KERAS:
        return _importlib.import_module(f"..keras.{_OF_KERAS[name]}", __name__)
    if name in _INITIALIZERS:
        return getattr(_importlib.import_module("..keras.initializers", __name__),
                       _INITIALIZERS[name])
    raise AttributeError(f"module 'tenon.tf' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_MODULES, *_OF_KERAS, *_INITIALIZERS, "keras"})
