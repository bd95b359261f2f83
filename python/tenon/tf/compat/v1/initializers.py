"""tf.compat.v1.initializers: `tf.initializers` by their older names."""

from ....keras.initializers import GlorotNormal as glorot_normal  # noqa: F401
from ....keras.initializers import GlorotUniform as glorot_uniform  # noqa: F401
from ....keras.initializers import HeNormal as he_normal  # noqa: F401
from ....keras.initializers import HeUniform as he_uniform  # noqa: F401
from ....keras.initializers import Constant as constant  # noqa: F401
from ....keras.initializers import Identity as identity  # noqa: F401
from ....keras.initializers import LecunNormal as lecun_normal  # noqa: F401
from ....keras.initializers import LecunUniform as lecun_uniform  # noqa: F401
from ....keras.initializers import Ones as ones  # noqa: F401
from ....keras.initializers import Orthogonal as orthogonal  # noqa: F401
from ....keras.initializers import RandomNormal as random_normal  # noqa: F401
from ....keras.initializers import RandomUniform as random_uniform  # noqa: F401
from ....keras.initializers import TruncatedNormal as truncated_normal  # noqa: F401
from ....keras.initializers import VarianceScaling as variance_scaling  # noqa: F401
from ....keras.initializers import Zeros as zeros  # noqa: F401
