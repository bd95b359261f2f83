"""Convolutions."""

import math

from ..._creation import empty
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module
from .utils import _pair, _reverse_repeat_tuple, _single, _triple

_PADDING_MODES = "zeros", "reflect", "replicate", "circular"


class _ConvNd(Module):
    """What all convolutions have in common. Weights and biases are uniform in [-k, k],
    k = sqrt(groups / (in_channels * kernel elements))."""

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation,
                 transposed, output_padding, groups, bias, padding_mode, device=None, dtype=None):
        super().__init__()
        self._check(in_channels, out_channels, groups, padding, stride, padding_mode)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.transposed, self.output_padding = dilation, transposed, output_padding
        self.groups, self.padding_mode = groups, padding_mode
        self._reversed_padding_repeated_twice = self._amounts_of_padding()
        sizes = ((in_channels, out_channels // groups) if transposed
                 else (out_channels, in_channels // groups))
        self.weight = Parameter(empty((*sizes, *kernel_size), dtype=dtype, device=device))
        self.register_parameter(
            "bias", Parameter(empty((out_channels,), dtype=dtype, device=device)) if bias else None)
        self.reset_parameters()

    @staticmethod
    def _check(in_channels, out_channels, groups, padding, stride, padding_mode):
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', "
                                 "'valid'")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {set(_PADDING_MODES)}, but got "
                             f"padding_mode='{padding_mode}'")

    def _amounts_of_padding(self):
        """As `pad` takes them."""
        if self.padding == "same":
            return F.conv._same_padding(self.kernel_size, self.dilation)
        if self.padding == "valid":
            return [0, 0] * len(self.kernel_size)
        return _reverse_repeat_tuple(self.padding, 2)

    def reset_parameters(self):
        """Draws the initial values anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self):
        text = (f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
                f"stride={self.stride}")
        count = len(self.kernel_size)
        if self.padding != (0,) * count:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * count:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * count:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    """A convolution over as many dims as `_sizes` makes tuples of, by `_convolve`."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
                 groups=1, bias=True, padding_mode="zeros", device=None, dtype=None):
        sizes = self._sizes
        super().__init__(in_channels, out_channels, sizes(kernel_size), sizes(stride),
                         padding if isinstance(padding, str) else sizes(padding), sizes(dilation),
                         False, sizes(0), groups, bias, padding_mode, device, dtype)

    def _conv_forward(self, input, weight, bias):
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, self.padding_mode)
            return self._convolve(input, weight, bias, self.stride, 0, self.dilation, self.groups)
        return self._convolve(input, weight, bias, self.stride, self.padding, self.dilation,
                              self.groups)

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Convolution of (batch, channels, length), or (channels, length)."""

    _sizes, _convolve = staticmethod(_single), staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Convolution of (batch, channels, height, width), or (channels, height, width)."""

    _sizes, _convolve = staticmethod(_pair), staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolution of (batch, channels, depth, height, width), or of one sample."""

    _sizes, _convolve = staticmethod(_triple), staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    """The transpose of a convolution over as many dims as `_sizes` makes tuples of: what its
    gradient with respect to its input is."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0,
                 output_padding=0,
                 groups=1, bias=True, dilation=1, padding_mode="zeros", device=None, dtype=None):
        if padding_mode != "zeros":
            raise ValueError('Only "zeros" padding mode is supported for '
                             f"{type(self).__name__}")
        sizes = self._sizes
        super().__init__(in_channels, out_channels, sizes(kernel_size), sizes(stride),
                         sizes(padding), sizes(dilation), True, sizes(output_padding), groups, bias,
                         padding_mode, device, dtype)

    def _output_padding(self, input, output_size):
        """What has to be added behind the result for it to have `output_size`."""
        if output_size is None:
            return self.output_padding
        count = len(self.kernel_size)
        output_size = tuple(output_size)[-count:]
        if len(output_size) != count:
            raise ValueError(f"{type(self).__name__}: output_size must have {count} or "
                             f"{count + 2} elements")
        least = [(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
                 for size, stride, padding, dilation, kernel in
                 zip(input.shape[-count:], self.stride, self.padding, self.dilation,
                     self.kernel_size)]
        most = [size + stride - 1 for size, stride in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, output_size, most)):
            raise ValueError(f"requested an output size of {list(output_size)}, but valid sizes "
                             f"range from {least} to {most} (for an input of "
                             f"{input.shape[-count:]})")
        return [size - low for size, low in zip(output_size, least)]

    def forward(self, input, output_size=None):
        return self._convolve(input, self.weight, self.bias, self.stride, self.padding,
                              self._output_padding(input, output_size), self.groups, self.dilation)


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of (batch, channels, length), or of one sample."""

    _sizes, _convolve = staticmethod(_single), staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution of (batch, channels, height, width), or of one sample."""

    _sizes, _convolve = staticmethod(_pair), staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of (batch, channels, depth, height, width), or of one sample."""

    _sizes, _convolve = staticmethod(_triple), staticmethod(F.conv_transpose3d)
