"""Where PyTorch has what users import although it isn't public."""

from . import collate

__all__ = ["collate"]
