"""Models, and files of them."""

from .configs import clone_model, model_from_json
from .functional import Functional
from .model import Model
from .py_dataset import PyDataset
from .saving import load_model, save_model
from .sequential import Sequential

__all__ = ["Functional", "Model", "PyDataset", "Sequential", "clone_model", "load_model",
           "model_from_json", "save_model"]
