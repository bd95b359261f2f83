"""Variable, where PyTorch has it."""

from . import Variable

__all__ = ["Variable"]
