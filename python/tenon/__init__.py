"""Tenon: tensors, gradients and compiled functions, under the names that PyTorch users know.

    import tenon as torch
    x = torch.randn(4, 3, requires_grad=True)
    (x.exp().sum() * 2).backward()
    print(x.grad)
"""

import importlib
from math import e, inf, nan, pi

from . import _core
from ._core import *  # noqa: F403: every op, dtype and error
from ._core import (AutogradError, DeviceError, DTypeError, Error, IndexError, IoError,
                    OutOfMemoryError, ShapeError, Tensor, ValueError, device, dtype,
                    get_num_threads, is_anomaly_enabled, is_grad_enabled, set_num_threads)
from ._core import __version__
from ._compile import compile
from ._creation import (arange, as_tensor, asarray, empty, empty_like, eye, from_numpy, full,
                        full_like, linspace, normal, ones, ones_like, rand, rand_like, randint,
                        randint_like, randn, randn_like, randperm, tensor, zeros, zeros_like)
from ._dtypes import (channels_last, channels_last_3d, clone, contiguous_format, finfo,
                      get_default_dtype, iinfo, layout, memory_format, preserve_format,
                      set_default_dtype, set_default_tensor_type, set_printoptions, strided,
                      tensor_types)
from ._exchange import from_dlpack, to_dlpack
from ._forms import (absolute, allclose, arccos, arccosh, arcsin, arcsinh, arctan, arctan2,
                     arctanh, argwhere, atleast_1d, atleast_2d, atleast_3d, block_diag,
                     broadcast_shapes, broadcast_tensors, cartesian_prod, clamp, clip, dist,
                     divide, dsplit, einsum, equal, fix, float_power, ger, hsplit, index_add,
                     istft, median, meshgrid, moveaxis, nanmedian, norm, positive, qr, ravel,
                     repeat_interleave, resolve_conj, row_stack, scatter, std_mean, stft, swapaxes,
                     swapdims, tensor_split, tensordot, trapz, true_divide, unique,
                     unique_consecutive, var_mean, vdot, vsplit)
from ._functions import (is_complex, is_floating_point, is_tensor, max, min, numel, split, std, var,
                         where)
from ._modes import autocast, enable_grad, inference_mode, no_grad, set_grad_enabled
from .random import (default_generator, fork_rng, get_rng_state, initial_seed, manual_seed, seed,
                     set_rng_state)
from ._serialization import load, save
from ._settings import (are_deterministic_algorithms_enabled, get_float32_matmul_precision,
                        is_deterministic_algorithms_warn_only_enabled, set_float32_matmul_precision,
                        use_deterministic_algorithms)
from . import _tensor, _ufuncs  # noqa: F401: give Tensor its other methods
from . import autograd

TYPE_CHECKING = False  # type checkers take it for true; `typing` itself takes long to import
if TYPE_CHECKING:
    from . import (amp, array_api, backends, cuda, data, distributions, fft, func, keras, linalg,
                   nn, optim, tf, utils, version)
    from .func import vmap

globals().update(tensor_types)  # FloatTensor, LongTensor and so on

# PyTorch's other names of dtypes.
half, float, double = _core.float16, _core.float32, _core.float64
short, int, long = _core.int16, _core.int32, _core.int64
cfloat, cdouble = _core.complex64, _core.complex128
subtract, multiply, negative = _core.sub, _core.mul, _core.neg
concat = concatenate = _core.cat
greater, greater_equal, less, less_equal = _core.gt, _core.ge, _core.lt, _core.le
not_equal = _core.ne

#: Imported when they are first looked at, so that `import tenon` stays quick.
_LATER = ("amp", "array_api", "backends", "cuda", "data", "distributions", "fft", "func", "keras",
          "linalg", "nn", "optim", "tf", "utils", "version")


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f".{name}", __name__)
    if name == "vmap":
        return importlib.import_module(".func", __name__).vmap
    raise AttributeError(f"module 'tenon' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_LATER, "vmap"})
