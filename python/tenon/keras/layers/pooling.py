"""Pooling over windows, and over everything."""

from ... import _core
from .._input_spec import InputSpec
from .._windows import average_pooled, max_pooled
from ._base import BuiltIn, ChannelsMixin, checked_positive, listed


class _Pooling(ChannelsMixin, BuiltIn):
    """Pooling over windows of `_rank` dims."""

    _rank = 2

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = listed(pool_size, self._rank, "pool_size")
        self.strides = self.pool_size if strides is None else listed(strides, self._rank, "strides")
        self.padding = str(padding).lower()
        if self.padding not in ("valid", "same"):
            raise ValueError(f"{type(self).__name__}(): padding is 'valid' or 'same', not "
                             f"{padding!r}")
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs):
        return self._back(self._pool(self._first(inputs), self.pool_size, self.strides,
                                     self.padding))


class _MaxPooling(_Pooling):
    """The largest element of each window."""

    _pool = staticmethod(max_pooled)


class _AveragePooling(_Pooling):
    """The mean of each window, of what is in the input."""

    _pool = staticmethod(average_pooled)


class MaxPooling1D(_MaxPooling):
    """The largest element of each window of (batch, steps, features)."""

    _rank = 1


class MaxPooling2D(_MaxPooling):
    """The largest element of each window of (batch, height, width, channels)."""


class MaxPooling3D(_MaxPooling):
    """The largest element of each window of (batch, depth, height, width, channels)."""

    _rank = 3


class AveragePooling1D(_AveragePooling):
    """The mean of each window of (batch, steps, features)."""

    _rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window of (batch, height, width, channels)."""


class AveragePooling3D(_AveragePooling):
    """The mean of each window of (batch, depth, height, width, channels)."""

    _rank = 3


class _GlobalPooling(ChannelsMixin, BuiltIn):
    """Pooling over all places of each channel."""

    _rank = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self._set_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self._rank + 2)

    @property
    def _places(self):
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self._rank))

    def compute_output_shape(self, input_shape):
        if self.keepdims:
            return tuple(1 if i in self._places else size for i, size in enumerate(input_shape))
        return input_shape[0], input_shape[self._channel_axis]


class _GlobalMax(_GlobalPooling):
    """The largest element of each channel."""

    def call(self, inputs):
        return _core.amax(inputs, self._places, self.keepdims)


class _GlobalAverage(_GlobalPooling):
    """The mean of each channel."""

    def call(self, inputs):
        return _core.mean(inputs, self._places, self.keepdims)


class GlobalMaxPooling1D(_GlobalMax):
    """The largest step of each feature of (batch, steps, features)."""

    _rank = 1


class GlobalMaxPooling2D(_GlobalMax):
    """The largest element of each channel of (batch, height, width, channels)."""


class GlobalMaxPooling3D(_GlobalMax):
    """The largest element of each channel of (batch, depth, height, width, channels)."""

    _rank = 3


class GlobalAveragePooling1D(_GlobalAverage):
    """The mean over the steps of (batch, steps, features), of those that aren't masked."""

    _rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        steps = self._places[0]
        kept = mask.to(inputs.dtype).unsqueeze(2 if steps == 1 else 1)
        return (inputs * kept).sum(steps, self.keepdims) / kept.sum(steps, self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel of (batch, height, width, channels)."""


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean of each channel of (batch, depth, height, width, channels)."""

    _rank = 3


class _AdaptivePooling(ChannelsMixin, BuiltIn):
    """Pooling to a given size: window i of n covers floor(i size / n) to ceil((i + 1) size / n)."""

    _rank = 2

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        sizes = listed(output_size, self._rank, "output_size")
        for size in sizes:
            checked_positive(type(self).__name__, "output_size", size)
        self.output_size = sizes
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs):
        return self._back(self._pool(self._first(inputs), self.output_size))

    def compute_output_shape(self, input_shape):
        if self.data_format == "channels_last":
            return (input_shape[0], *self.output_size, input_shape[-1])
        return (*input_shape[:2], *self.output_size)


class AdaptiveAveragePooling1D(_AdaptivePooling):
    """The means of `output_size` windows of (batch, steps, features)."""

    _rank = 1
    _pool = staticmethod(_core.adaptive_avg_pool1d)


class AdaptiveAveragePooling2D(_AdaptivePooling):
    """The means of `output_size` windows of (batch, height, width, channels)."""

    _pool = staticmethod(_core.adaptive_avg_pool2d)


class AdaptiveAveragePooling3D(_AdaptivePooling):
    """The means of `output_size` windows of (batch, depth, height, width, channels)."""

    _rank = 3
    _pool = staticmethod(_core.adaptive_avg_pool3d)


class AdaptiveMaxPooling1D(_AdaptivePooling):
    """The largest elements of `output_size` windows of (batch, steps, features)."""

    _rank = 1
    _pool = staticmethod(_core.adaptive_max_pool1d)


class AdaptiveMaxPooling2D(_AdaptivePooling):
    """The largest elements of `output_size` windows of (batch, height, width, channels)."""

    _pool = staticmethod(_core.adaptive_max_pool2d)


class AdaptiveMaxPooling3D(_AdaptivePooling):
    """The largest elements of `output_size` windows of (batch, depth, height, width, channels)."""

    _rank = 3
    _pool = staticmethod(_core.adaptive_max_pool3d)
