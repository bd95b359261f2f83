"""Batched tensors, with which `func.vmap` calls a function once for all indices."""

from .batched import (Batched, Unbatchable, active_levels, base_of, batched_like, is_batched,
                      levels, rewrapped)
from . import rules  # noqa: F401: registers what ops mean for batched tensors

__all__ = ["Batched", "Unbatchable", "active_levels", "base_of", "batched_like", "is_batched",
           "levels", "rewrapped"]
