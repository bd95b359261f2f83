"""Padding as modules: a number for all sides, or two a dim, the last dim's first."""

from .. import functional as F
from .module import Module
from .utils import _ntuple


class _Pad(Module):
    """Padding over `_dims` dims."""

    _mode = "constant"

    def __init__(self, padding):
        super().__init__()
        self.padding = _ntuple(2 * self._dims)(padding)

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    """Padding with one number."""

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Padding of the last dim with one number."""

    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    """Padding of the last two dims with one number."""

    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    """Padding of the last three dims with one number."""

    _dims = 3


class ZeroPad1d(ConstantPad1d):
    """Padding of the last dim with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ZeroPad2d(ConstantPad2d):
    """Padding of the last two dims with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ZeroPad3d(ConstantPad3d):
    """Padding of the last three dims with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ReflectionPad1d(_Pad):
    """Padding of the last dim with what lies behind the border, mirrored."""

    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Padding of the last two dims with what lies behind the border, mirrored."""

    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Padding of the last three dims with what lies behind the border, mirrored."""

    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Padding of the last dim with its border."""

    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Padding of the last two dims with their borders."""

    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Padding of the last three dims with their borders."""

    _dims, _mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Padding of the last dim as if it began anew at its end."""

    _dims, _mode = 1, "circular"


class CircularPad2d(_Pad):
    """Padding of the last two dims as if they began anew at their ends."""

    _dims, _mode = 2, "circular"


class CircularPad3d(_Pad):
    """Padding of the last three dims as if they began anew at their ends."""

    _dims, _mode = 3, "circular"
