"""tf.experimental: NumPy's functions."""

from . import numpy

__all__ = ["numpy"]
