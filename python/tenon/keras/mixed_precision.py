"""Computing in half types with float32 weights, by one name for all layers."""

from ._dtype_policy import DTypePolicy, Policy, dtype_policy, set_dtype_policy
from .optimizers import LossScaleOptimizer

global_policy, set_global_policy = dtype_policy, set_dtype_policy

__all__ = ["DTypePolicy", "LossScaleOptimizer", "Policy", "dtype_policy", "global_policy",
           "set_dtype_policy", "set_global_policy"]
