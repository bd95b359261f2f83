"""tenon.nn: modules, under the names that PyTorch users know.

    import tenon as torch
    import tenon.nn as nn
    import tenon.nn.functional as F
"""

from . import attention, functional, init, modules, parallel, utils
from .modules import *  # noqa: F403: every module
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
