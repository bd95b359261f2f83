"""tf.errors: TensorFlow's exceptions."""

from .._eager.errors import *  # noqa: F403
