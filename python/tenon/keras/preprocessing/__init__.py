"""keras.preprocessing: images, sequences and texts as arrays."""

import importlib

_MODULES = ("image", "sequence", "text")
_DATASETS = ("image_dataset_from_directory", "text_dataset_from_directory",
             "timeseries_dataset_from_array")


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _DATASETS:
        return getattr(importlib.import_module("..utils", __name__), name)
    raise AttributeError(f"module 'tenon.keras.preprocessing' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_MODULES, *_DATASETS})
