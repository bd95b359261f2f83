"""tf.compat.v1.random: `tf.random`, and its older names."""

from ...random import *  # noqa: F401, F403
from ...random import set_seed as set_random_seed  # noqa: F401
from ...random import stateless_categorical as stateless_multinomial  # noqa: F401
from ._reducing import multinomial  # noqa: F401
