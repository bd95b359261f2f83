"""Convolutions of one, two and three dims. Kernels are as TensorFlow's: (window ..., in, out)."""

from .. import activations
from .._input_spec import InputSpec
from .._windows import convolved, of_each_channel, out_in_window, transposed
from ._base import BuiltIn, ChannelsMixin, checked_positive, listed


class _Convolution(ChannelsMixin, BuiltIn):
    """What all convolutions share: windows, padding, the bias and the activation."""

    _rank = 2
    _paddings = ("valid", "same")

    def _set_windows(self, kernel_size, strides, padding, data_format, dilation_rate):
        self.kernel_size = listed(kernel_size, self._rank, "kernel_size")
        self.strides = listed(strides, self._rank, "strides")
        self.dilation_rate = listed(dilation_rate, self._rank, "dilation_rate")
        self.padding = str(padding).lower()
        paddings = (*self._paddings, "causal") if self._rank == 1 else self._paddings
        if self.padding not in paddings:
            raise ValueError(f"{type(self).__name__}(): padding is one of {', '.join(paddings)}, "
                             f"not {padding!r}")
        if min(*self.kernel_size, *self.strides, *self.dilation_rate) < 1:
            raise ValueError(f"{type(self).__name__}(): kernel_size, strides and dilation_rate are "
                             f"positive, not {self.kernel_size}, {self.strides}, "
                             f"{self.dilation_rate}")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(f"{type(self).__name__}(): strides above 1 don't go with "
                             f"dilation_rate above 1: {self.strides}, {self.dilation_rate}")
        self._set_format(data_format)
        self.input_spec = InputSpec(min_ndim=self._rank + 2)

    def _set_bias(self, activation, use_bias, initializer, regularizer, constraint):
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._set_rules("bias", initializer, regularizer, constraint)

    def _channels(self, input_shape):
        size = input_shape[self._channel_axis]
        if size is None:
            raise ValueError(f"{type(self).__name__}: the channels of the input aren't known: "
                             f"{tuple(input_shape)}")
        axis = self._channel_axis
        self.input_spec = InputSpec(min_ndim=self._rank + 2, axes={axis: size})
        return size

    def _add_bias(self, size):
        self.bias = None
        if self.use_bias:
            self.bias = self._add_by_rules("bias", (size,))

    def _convolved(self, x, weight, bias, groups=1):
        """The convolution of x (batch, channels, ...) with (out, in / groups, window ...)."""
        return convolved(x, weight, bias, self.strides, self.padding, self.dilation_rate, groups)

    def call(self, inputs):
        x = inputs
        extra = x.shape[:x.dim() - self._rank - 1]  # more axes in front are of the batch
        if len(extra) != 1:
            x = x.reshape((-1, *x.shape[len(extra):]))
        y = self._back(self._convolve(self._first(x)))
        if len(extra) != 1:
            y = y.reshape((*extra, *y.shape[1:]))
        return y if self.activation is activations.linear else self.activation(y)


class _Plain(_Convolution):
    """Convolutions with one kernel."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, groups=1, activation=None, use_bias=True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = checked_positive(type(self).__name__, "filters", filters)
        self.groups = checked_positive(type(self).__name__, "groups", groups)
        if filters % groups:
            raise ValueError(f"{type(self).__name__}(): filters is a multiple of groups, not "
                             f"{filters} and {groups}")
        self._set_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._set_bias(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self._set_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(f"{type(self).__name__}: the {channels} channels of the input aren't "
                             f"a multiple of the {self.groups} groups")
        self.kernel = self._add_by_rules(
            "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)

    def _convolve(self, x):
        return self._convolved(x, out_in_window(self.kernel), self.bias, self.groups)


class Conv1D(_Plain):
    """Convolution of (batch, steps, features)."""

    _rank = 1


class Conv2D(_Plain):
    """Convolution of (batch, height, width, channels)."""


class Conv3D(_Plain):
    """Convolution of (batch, depth, height, width, channels)."""

    _rank = 3


class _Transposed(_Convolution):
    """The gradient of a convolution as a layer."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", output_padding=None,
                 data_format=None, dilation_rate=1, activation=None, use_bias=True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = checked_positive(type(self).__name__, "filters", filters)
        self._set_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self.output_padding = None if output_padding is None else listed(output_padding, self._rank,
                                                                         "output_padding")
        if any(more >= stride for more, stride in zip(self.output_padding or (), self.strides)):
            raise ValueError(f"{type(self).__name__}(): output_padding is below strides, not "
                             f"{self.output_padding} and {self.strides}")
        self._set_bias(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self._set_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self._add_by_rules("kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)

    def _convolve(self, x):
        return transposed(x, self.kernel, self.bias, self.strides, self.padding,
                          self.output_padding, self.dilation_rate)


class Conv1DTranspose(_Transposed):
    """Transposed convolution of (batch, steps, features)."""

    _rank = 1


class Conv2DTranspose(_Transposed):
    """Transposed convolution of (batch, height, width, channels)."""


class Conv3DTranspose(_Transposed):
    """Transposed convolution of (batch, depth, height, width, channels)."""

    _rank = 3


class _Depthwise(_Convolution):
    """A convolution of each channel by itself, with `depth_multiplier` results."""

    def __init__(self, kernel_size, strides=1, padding="valid", depth_multiplier=1,
                 data_format=None, dilation_rate=1, activation=None, use_bias=True,
                 depthwise_initializer="glorot_uniform", bias_initializer="zeros",
                 depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = checked_positive(type(self).__name__, "depth_multiplier",
                                                 depth_multiplier)
        self._set_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._set_bias(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self._set_rules("depthwise", depthwise_initializer, depthwise_regularizer,
                        depthwise_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self._add_by_rules(
            "depthwise", (*self.kernel_size, channels, self.depth_multiplier), name="kernel")
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, x):
        return self._convolved(x, of_each_channel(self.kernel), self.bias, x.shape[1])


class DepthwiseConv1D(_Depthwise):
    """A convolution of each feature of (batch, steps, features) by itself."""

    _rank = 1


class DepthwiseConv2D(_Depthwise):
    """A convolution of each channel of (batch, height, width, channels) by itself."""


class _Separable(_Convolution):
    """A convolution of each channel by itself, then one of all channels at each place."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, depth_multiplier=1, activation=None, use_bias=True,
                 depthwise_initializer="glorot_uniform", pointwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, pointwise_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None,
                 pointwise_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = checked_positive(type(self).__name__, "filters", filters)
        self.depth_multiplier = checked_positive(type(self).__name__, "depth_multiplier",
                                                 depth_multiplier)
        self._set_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._set_bias(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self._set_rules("depthwise", depthwise_initializer, depthwise_regularizer,
                        depthwise_constraint)
        self._set_rules("pointwise", pointwise_initializer, pointwise_regularizer,
                        pointwise_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        multiplied = channels * self.depth_multiplier
        self.depthwise_kernel = self._add_by_rules(
            "depthwise", (*self.kernel_size, channels, self.depth_multiplier), "depthwise_kernel")
        self.pointwise_kernel = self._add_by_rules(
            "pointwise", (*(1,) * self._rank, multiplied, self.filters), "pointwise_kernel")
        self._add_bias(self.filters)

    def _convolve(self, x):
        y = self._convolved(x, of_each_channel(self.depthwise_kernel), None, x.shape[1])
        ones = (1,) * self._rank
        return convolved(y, out_in_window(self.pointwise_kernel), self.bias, ones, "valid", ones)


class SeparableConv1D(_Separable):
    """A convolution of each feature of (batch, steps, features), then of all at each step."""

    _rank = 1


class SeparableConv2D(_Separable):
    """A convolution of each channel of (batch, height, width, channels), then of all at each
    place."""
