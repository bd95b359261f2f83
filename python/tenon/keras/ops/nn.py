"""keras.ops.nn: what networks are made of."""

from ._network import *  # noqa: F403
from ._shaping import depth_to_space, space_to_depth  # noqa: F401
from ._elementwise import polar  # noqa: F401
