"""The Python array API standard, version 2025.12, over Tenon's ops: what
`tensor.__array_namespace__()` returns.

    xp = tensor.__array_namespace__()
    centred = xp.subtract(tensor, xp.mean(tensor, axis=0))

Arrays are tensors; gradients flow through these functions as through the ops behind them. What the
standard leaves open is as in PyTorch: integers divide and become floats in the default float dtype,
NaNs are sorted last.

Where a tensor itself is PyTorch's and not the standard's: `x.size` is a method (`x.numel()`
counts); slices have no negative steps (flip() turns axes round); `bool(x)`, `int(x)` and `float(x)`
take any tensor of one element, not only 0-d ones; `x.T` turns all axes round, however many.
"""

from . import (constants, creation, data_types, elementwise, fft, indexing, info, linalg,
               linear_algebra, manipulation, searching, sets, sorting, statistical, utility)
from .constants import *  # noqa: F403
from .creation import *  # noqa: F403
from .data_types import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .indexing import *  # noqa: F403
from .info import *  # noqa: F403
from .linear_algebra import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .searching import *  # noqa: F403
from .sets import *  # noqa: F403
from .sorting import *  # noqa: F403
from .statistical import *  # noqa: F403
from .utility import *  # noqa: F403

__array_api_version__ = "2025.12"
_SECTIONS = (constants, creation, data_types, elementwise, indexing, info, linear_algebra,
             manipulation, searching, sets, sorting, statistical, utility)
__all__ = sorted(["__array_api_version__", "fft", "linalg", *(name for section in _SECTIONS
                                              for name in section.__all__)])
#: Versions of which this one has all that they ask for of the same functions.
VERSIONS = ("2022.12", "2023.12", "2024.12", "2025.12")
