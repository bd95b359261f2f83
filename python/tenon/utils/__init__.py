"""What training needs around models: data, memory for time, progress."""

from . import checkpoint, data

__all__ = ["checkpoint", "data"]
