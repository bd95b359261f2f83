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
from ._creation import (arange, as_tensor, asarray, bartlett_window, blackman_window, empty,
                        empty_like, empty_strided, eye, from_numpy, frombuffer, full, full_like,
                        get_default_device, hamming_window, hann_window, kaiser_window, linspace,
                        logspace, normal, ones, ones_like, rand, rand_like, randint, randint_like,
                        randn, randn_like, randperm, range, scalar_tensor, set_default_device,
                        tensor, zeros, zeros_like)
from ._dtypes import (channels_last, channels_last_3d, clone, contiguous_format, finfo,
                      get_default_dtype, iinfo, layout, memory_format, preserve_format,
                      set_default_dtype, set_default_tensor_type, set_printoptions, strided,
                      tensor_types)
from ._exchange import from_dlpack, to_dlpack
from ._forms import (absolute, allclose, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh,
                     argwhere, atleast_1d, atleast_2d, atleast_3d, binomial, block_diag,
                     broadcast_shapes, broadcast_tensors, cartesian_prod, chain_matmul, clamp, clip,
                     dist, divide, dsplit, einsum, equal, fill, fix, float_power, ger, hsplit,
                     index_add, istft, median, meshgrid, moveaxis, msort, nanmedian, norm,
                     pca_lowrank, poisson, positive, qr, ravel, repeat_interleave, resolve_conj,
                     row_stack, rsub, scatter, std_mean, stft, svd_lowrank, swapaxes, swapdims,
                     tensor_split, tensordot, trapz, true_divide, unique, unique_consecutive,
                     unravel_index, vander, var_mean, vdot, vsplit)
from ._functions import (_assert, is_complex, is_conj, is_floating_point, is_inference, is_nonzero,
                         is_same_size, is_tensor, max, min, numel, split, std, typename, var, where)
from ._modes import (autocast, enable_grad, get_autocast_cpu_dtype, get_autocast_dtype,
                     get_autocast_gpu_dtype, inference_mode, is_autocast_cpu_enabled,
                     is_autocast_enabled, no_grad, set_grad_enabled)
from .random import (default_generator, fork_rng, get_rng_state, initial_seed, manual_seed, seed,
                     set_rng_state)
from ._serialization import load, save
from .storage import TypedStorage, UntypedStorage
from ._settings import (are_deterministic_algorithms_enabled, get_deterministic_debug_mode,
                        get_float32_matmul_precision, get_num_interop_threads,
                        is_deterministic_algorithms_warn_only_enabled,
                        set_deterministic_debug_mode, set_float32_matmul_precision,
                        set_flush_denormal, set_num_interop_threads,
                        use_deterministic_algorithms)
from ._factors import gradient, histogram, histogramdd, lu, lu_solve, lu_unpack, orgqr
from . import _tensor, _ufuncs  # noqa: F401: give Tensor its other methods
from . import autograd, overrides

TYPE_CHECKING = False  # type checkers take it for true; `typing` itself takes long to import
if TYPE_CHECKING:
    from . import (_C, __config__, accelerator, amp, array_api, backends, compiler, cpu, cuda, data,
                   distributed, distributions, export, fft, func, hub, jit, keras, linalg, mps,
                   multiprocessing, nn, optim, profiler, serialization, signal, special, testing,
                   tf, types, utils, version, xpu)
    from ._program import Program, save_program
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
get_device, is_signed, index_put = Tensor.get_device, Tensor.is_signed, Tensor.index_put
conj_physical, resolve_neg, is_neg = Tensor.conj_physical, Tensor.resolve_neg, Tensor.is_neg
is_distributed = Tensor.is_distributed
newaxis = None

# PyTorch's functions that write into their first argument.
globals().update({f"{name}_": getattr(Tensor, f"{name}_") for name in """abs acos acosh addmv arccos
    arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil clamp clamp_max clamp_min clip
    cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd i0 lcm ldexp log log10
    log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu round rsqrt sigmoid sin sinc
    sinh sqrt square tan tanh trunc xlogy zero resize_as index_put""".split()})

#: Imported when they are first looked at, so that `import tenon` stays quick.
_LATER = ("_C", "__config__", "accelerator", "amp", "array_api", "backends", "compiler", "cpu",
          "cuda", "data", "distributed", "distributions", "export", "fft", "func", "hub", "jit",
          "keras", "linalg", "mps", "multiprocessing", "nn", "optim", "profiler", "serialization",
          "signal", "special", "testing", "tf", "types", "utils", "version", "xpu")
_LATER_NAMES = {"GradScaler": "amp", "Program": "_program", "save_program": "_program",
                "vmap": "func", "celu_": "nn.functional", "rrelu_": "nn.functional",
                "selu_": "nn.functional", "threshold_": "nn.functional"}


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f".{name}", __name__)
    if name.startswith("_foreach_"):
        found = importlib.import_module("._foreach", __name__).functions()
        if name in found:
            return found[name]
    if name in _LATER_NAMES:
        return getattr(importlib.import_module(f".{_LATER_NAMES[name]}", __name__), name)
    raise AttributeError(f"module 'tenon' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_LATER, *_LATER_NAMES})
