"""Initial values of weights: callables of a shape and a dtype. One with a seed, or none, gives the
same numbers in every call; one with a generator goes on with its numbers."""

import math

from .. import _core
from .._core import Generator
from ..nn import init
from ._arrays import as_dtype, as_tensor
from ._registry import Registry
from ._seeds import drawn_seed, generator_of

_registry = Registry("initializer", "keras.initializers")


class Initializer:
    """The base: a callable that makes a tensor of a shape and a dtype."""

    def __call__(self, shape, dtype=None):
        raise NotImplementedError(f"{type(self).__name__} has no __call__(shape, dtype=None), "
                                  "which initializers must have")

    def get_config(self):
        """The arguments that make it again."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The initializer of a config."""
        config = {**config}
        config.pop("dtype", None)  # of configs of TensorFlow 1
        return cls(**config)

    def clone(self):
        """Another one of the same arguments."""
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape, dtype=None):
        return _core.zeros(tuple(shape), dtype=as_dtype(dtype))


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape, dtype=None):
        return _core.ones(tuple(shape), dtype=as_dtype(dtype))


class Constant(Initializer):
    """`value` everywhere; a tensor or list is broadcast to the shape."""

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        if isinstance(self.value, (int, float)):
            return _core.full(tuple(shape), self.value, dtype=as_dtype(dtype))
        value = as_tensor(self.value, as_dtype(dtype))
        return _core.broadcast_to(value, tuple(shape)).contiguous().clone()

    def get_config(self):
        return {"value": self.value}


class Identity(Initializer):
    """gain times the matrix with ones on its diagonal."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, not shape {tuple(shape)}")
        return _core.eye(*shape, dtype=as_dtype(dtype)) * self.gain

    def get_config(self):
        return {"gain": self.gain}


class RandomInitializer(Initializer):
    """The base of those that draw numbers."""

    def __init__(self, seed=None):
        generator_of(seed)  # complains of what is no seed
        self._given_seed = seed
        self.seed = drawn_seed() if seed is None else seed

    def _generator(self):
        """The generator of one call."""
        return generator_of(self.seed)

    def _drawn(self, fill, shape, dtype, *arguments):
        """A tensor that `fill` of nn.init wrote its numbers to."""
        made = _core.empty(tuple(shape), dtype=as_dtype(dtype))
        return fill(made, *arguments, generator=self._generator())

    def get_config(self):
        seed = self._given_seed
        return {"seed": None if isinstance(seed, Generator) or hasattr(seed, "generator") else seed}


class RandomNormal(RandomInitializer):
    """Normally distributed numbers."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        return self._drawn(init.normal_, shape, dtype, self.mean, self.stddev)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers within two standard deviations of the mean."""

    def __call__(self, shape, dtype=None):
        if self.stddev == 0:
            return _core.full(tuple(shape), float(self.mean), dtype=as_dtype(dtype))
        return self._drawn(init.trunc_normal_, shape, dtype, self.mean, self.stddev,
                           self.mean - 2 * self.stddev, self.mean + 2 * self.stddev)


class RandomUniform(RandomInitializer):
    """Numbers from minval to maxval."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        dtype = as_dtype(dtype)
        if not dtype.is_floating_point:
            return _core.randint(int(self.minval), int(self.maxval), tuple(shape), dtype=dtype,
                                 generator=self._generator())
        return self._drawn(init.uniform_, shape, dtype, self.minval, self.maxval)

    def get_config(self):
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


def compute_fans(shape):
    """How many inputs an output, and outputs an input, is connected with: of kernels whose last two
    sizes are those of inputs and outputs."""
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


# The standard deviation of a standard normal distribution cut off at two.
_CUT_OFF_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Numbers of variance scale / fan."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        if scale <= 0:
            raise ValueError(f"VarianceScaling(): scale is positive, not {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling(): mode is fan_in, fan_out or fan_avg, not {mode!r}")
        distribution = str(distribution).lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError("VarianceScaling(): distribution is uniform, truncated_normal or "
                             f"untruncated_normal, not {distribution!r}")
        self.scale, self.mode, self.distribution = scale, mode, distribution
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(tuple(shape))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self._drawn(init.uniform_, shape, dtype, -limit, limit)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return self._drawn(init.normal_, shape, dtype, 0.0, stddev)
        stddev /= _CUT_OFF_STDDEV
        return self._drawn(init.trunc_normal_, shape, dtype, 0.0, stddev, -2 * stddev, 2 * stddev)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "mode": self.mode,
                "distribution": self.distribution}


class _Named(VarianceScaling):
    """A VarianceScaling of one paper."""

    _arguments = ()

    def __init__(self, seed=None):
        super().__init__(*self._arguments, seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


class GlorotUniform(_Named):
    """Uniform with variance 2 / (fan in + fan out): Glorot and Bengio 2010."""

    _arguments = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (fan in + fan out): Glorot and Bengio 2010."""

    _arguments = 1.0, "fan_avg", "truncated_normal"


class LecunNormal(_Named):
    """Truncated normal with variance 1 / fan in: LeCun et al. 1998."""

    _arguments = 1.0, "fan_in", "truncated_normal"


class LecunUniform(_Named):
    """Uniform with variance 1 / fan in: LeCun et al. 1998."""

    _arguments = 1.0, "fan_in", "uniform"


class HeNormal(_Named):
    """Truncated normal with variance 2 / fan in: He et al. 2015."""

    _arguments = 2.0, "fan_in", "truncated_normal"


class HeUniform(_Named):
    """Uniform with variance 2 / fan in: He et al. 2015."""

    _arguments = 2.0, "fan_in", "uniform"


class Orthogonal(RandomInitializer):
    """gain times a (semi-)orthogonal matrix of all sizes but the last, and the last: Saxe et al.
    2013."""

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal makes tensors of two dims or more, not shape {shape}")
        matrix = math.prod(shape[:-1]), shape[-1]
        return self._drawn(init.orthogonal_, matrix, dtype, self.gain).reshape(shape)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


# Keras's older names.
_WINDOWS = {"hann": _core.hann_window, "hamming": _core.hamming_window,
            "blackman": _core.blackman_window, "bartlett": _core.bartlett_window}


class STFT(Initializer):
    """Filters (frame_length, 1, frequencies) of the short-time Fourier transform: w(t) cos(2 pi t f
    / n), or of side "imag" -w(t) sin(2 pi t f / n), with n = 2 (frequencies - 1). The window w, by
    name or its numbers, is divided by the root of its squares' sum ("density"), or by its sum
    ("spectrum")."""

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"side should be 'real' or 'imag', not {side!r}")
        if isinstance(window, str) and window not in _WINDOWS:
            raise ValueError(f"STFT(): window is one of {', '.join(_WINDOWS)}, its numbers or "
                             f"None, not {window!r}")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError("Scaling is invalid, it must be `None`, 'density' or 'spectrum'. "
                             f"Received scaling={scaling!r}")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape, dtype=None):
        length, _, count = shape
        times = _core.arange(0, length, dtype=_core.float64).reshape((-1, 1, 1))
        frequencies = _core.arange(0, count, dtype=_core.float64) / (2 * (count - 1))
        angles = times * frequencies * (-2 * math.pi)
        kernel = angles.cos() if self.side == "real" else angles.sin()
        return (kernel * self._weights(length)).to(as_dtype(dtype))

    def _weights(self, length):
        if self.window is None:
            return 1.0
        if isinstance(self.window, str):
            window = _WINDOWS[self.window](length, self.periodic, dtype=_core.float64)
        else:
            window = as_tensor(self.window, _core.float64)
        if tuple(window.shape) != (length,):
            raise ValueError("The shape of `window` must be equal to [frame_length]. Received: "
                             f"window shape={tuple(window.shape)}")
        if self.scaling == "density":
            window = window / window.square().sum().sqrt()
        elif self.scaling == "spectrum":
            window = window / window.abs().sum()
        return window.reshape((-1, 1, 1))

    def get_config(self):
        return {"side": self.side, "window": self.window, "scaling": self.scaling,
                "periodic": self.periodic}


zeros, ones, constant, identity = Zeros, Ones, Constant, Identity
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, orthogonal = VarianceScaling, Orthogonal
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
stft = STFT
he_uniform, he_normal = HeUniform, HeNormal
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT

for _class, _aliases in {
        Zeros: (), Ones: (), Constant: (), Identity: ("eye",), RandomNormal: ("normal",),
        RandomUniform: ("uniform",), TruncatedNormal: (), VarianceScaling: (), GlorotUniform: (),
        GlorotNormal: (), LecunUniform: (), LecunNormal: (), HeUniform: (), HeNormal: (),
        Orthogonal: ("OrthogonalInitializer",), STFT: ("STFTInitializer",)}.items():
    _registry.register(_class, *_aliases)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
