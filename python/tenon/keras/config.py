"""What holds for all of Keras."""

from ._config import (epsilon, floatx, image_data_format, set_epsilon, set_floatx,
                      set_image_data_format)
from ._dtype_policy import dtype_policy, set_dtype_policy

__all__ = ["dtype_policy", "epsilon", "floatx", "image_data_format", "set_dtype_policy",
           "set_epsilon", "set_floatx", "set_image_data_format"]
