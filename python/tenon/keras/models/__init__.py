"""Models, and files of them."""

from .functional import Functional
from .model import Model
from .py_dataset import PyDataset
from .sequential import Sequential

__all__ = ["Functional", "Model", "PyDataset", "Sequential"]
