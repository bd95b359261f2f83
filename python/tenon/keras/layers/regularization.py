"""Layers that only act in training, and penalties on activities."""

from ... import _core
from .. import regularizers
from .._config import standardize_data_format
from .._input_spec import InputSpec
from .._seeds import generator_of
from ._base import BuiltIn


class _Random(BuiltIn):
    """Draws from a generator of its own where it has a seed."""

    def _set_seed(self, seed):
        self.seed = seed
        self.__dict__["_generator"] = generator_of(seed)

    def _config_value(self, name):
        value = super()._config_value(name)
        return value if name != "seed" or isinstance(value, (int, type(None))) else None

    def compute_output_shape(self, input_shape):
        return input_shape


class Dropout(_Random):
    """In training, zeroes each element with probability `rate`, and scales the others by
    1 / (1 - rate). With a noise_shape, elements that share a place of it go together."""

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = _checked_rate(type(self).__name__, rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self._set_seed(seed)
        self.supports_masking = True

    def _noise_shape(self, inputs):
        if self.noise_shape is None:
            return None
        return [size if given is None else given
                for given, size in zip(self.noise_shape, inputs.shape)]

    def call(self, inputs, training=None):
        if not training or self.rate == 0:
            return inputs
        shape = self._noise_shape(inputs)
        if shape is None:
            return _core.dropout(inputs, self.rate, True, generator=self._generator)
        ones = _core.ones(shape, dtype=inputs.dtype, device=inputs.device)
        return inputs * _core.dropout(ones, self.rate, True, generator=self._generator)


def _checked_rate(layer, rate):
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise ValueError(f"{layer}(): rate is a number in [0, 1], not {rate!r}")
    return rate


class _SpatialDropout(Dropout):
    """Dropout of whole channels."""

    _rank = 1

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(rate, None, seed, **kwargs)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _noise_shape(self, inputs):
        return [inputs.shape[0], *(1,) * self._rank, inputs.shape[-1]]


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole features of (batch, steps, features)."""


class _SpatialDropoutOfImages(_SpatialDropout):
    def __init__(self, rate, data_format=None, seed=None, **kwargs):
        super().__init__(rate, seed, **kwargs)
        self.data_format = standardize_data_format(data_format)

    def _noise_shape(self, inputs):
        if self.data_format == "channels_last":
            return super()._noise_shape(inputs)
        return [*inputs.shape[:2], *(1,) * self._rank]


class SpatialDropout2D(_SpatialDropoutOfImages):
    """Dropout of whole channels of (batch, height, width, channels)."""

    _rank = 2


class SpatialDropout3D(_SpatialDropoutOfImages):
    """Dropout of whole channels of (batch, depth, height, width, channels)."""

    _rank = 3


class GaussianNoise(_Random):
    """In training, adds normally distributed numbers."""

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= stddev <= 1:
            raise ValueError(f"GaussianNoise(): stddev is in [0, 1], not {stddev}")
        self.stddev = stddev
        self._set_seed(seed)
        self.supports_masking = True

    def call(self, inputs, training=None):
        if not training or self.stddev == 0:
            return inputs
        return inputs + self.stddev * _core.randn_like(inputs, generator=self._generator)


class GaussianDropout(_Random):
    """In training, multiplies by normally distributed numbers of mean 1 and variance
    rate / (1 - rate): Srivastava et al. 2014."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = _checked_rate("GaussianDropout", rate)
        self._set_seed(seed)
        self.supports_masking = True

    def call(self, inputs, training=None):
        if not training or self.rate == 0:
            return inputs
        deviation = (self.rate / (1.0 - self.rate)) ** 0.5
        return inputs * (1.0 + deviation * _core.randn_like(inputs, generator=self._generator))


class AlphaDropout(_Random):
    """In training, dropout that keeps mean 0 and variance 1, for `selu`: Klambauer et al. 2017."""

    _LOWEST = -1.7580993408473766  # what selu gives far below zero

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = _checked_rate("AlphaDropout", rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self._set_seed(seed)
        self.supports_masking = True

    def call(self, inputs, training=None):
        if not training or self.rate == 0:
            return inputs
        shape = inputs.shape if self.noise_shape is None else [
            size if given is None else given for given, size in zip(self.noise_shape, inputs.shape)]
        drawn = _core.rand(tuple(shape), dtype=inputs.dtype, generator=self._generator)
        a = ((1 - self.rate) * (1 + self.rate * self._LOWEST**2)) ** -0.5
        return a * _core.where(drawn >= self.rate, inputs,
                               self._LOWEST) - a * self._LOWEST * self.rate


class ActivityRegularization(BuiltIn):
    """Adds l1 * sum(|x|) + l2 * sum(x^2) to the loss."""

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config
