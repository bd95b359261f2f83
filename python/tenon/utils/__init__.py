"""What training needs around models: data, memory for time, progress."""

import importlib

from .. import _core
from . import checkpoint, data

__all__ = ["checkpoint", "data", "swap_tensors"]

#: Imported when they are first looked at.
_LATER = ("_pytree", "benchmark", "collect_env", "dlpack", "hooks", "model_zoo", "progress",
          "tensorboard")


def swap_tensors(t1, t2):
    """Each object is, from here on, what the other was."""
    first = t1.detach().requires_grad_(t1.requires_grad)
    grads = t1.grad, t2.grad
    _core.become(t1, t2.detach().requires_grad_(t2.requires_grad))
    _core.become(t2, first)
    t1.grad, t2.grad = grads[1], grads[0]
    t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'tenon.utils' has no attribute '{name}'")
