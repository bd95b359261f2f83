"""Names for annotations: what functions take as a number, a device or sizes."""

import builtins
from collections.abc import Sequence

from . import _core, _dtypes

Device = _core.device | str | builtins.int | None
Number = builtins.int | builtins.float | builtins.bool
_TensorOrTensors = _core.Tensor | Sequence[_core.Tensor]
_bool, _bytes, _complex, _float, _int = (builtins.bool, builtins.bytes, builtins.complex,
                                         builtins.float, builtins.int)
_device, _dtype, _layout = _core.device, _core.dtype, _dtypes.layout
_size = _core.Size | list[builtins.int] | tuple[builtins.int, ...]

__all__ = ["Device", "Number"]
