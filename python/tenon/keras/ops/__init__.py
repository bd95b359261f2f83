"""keras.ops: functions of tensors, of arrays, numbers and lists, and of symbolic tensors."""

import importlib

from . import _core_ops, _elementwise, _making, _matrices, _network, _reductions, _shaping, _signals
from ._core_ops import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._making import *  # noqa: F403
from ._matrices import *  # noqa: F403
from ._network import *  # noqa: F403
from ._reductions import *  # noqa: F403
from ._shaping import *  # noqa: F403
from ._signals import *  # noqa: F403

__all__ = sorted({name for _part in (_core_ops, _elementwise, _making, _matrices, _network,
                                     _reductions, _shaping, _signals) for name in _part.__all__})


def __getattr__(name):
    if name in ("image", "linalg", "nn", "numpy"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'tenon.keras.ops' has no attribute '{name}'")


def __dir__():
    return [*__all__, "image", "linalg", "nn", "numpy"]
