"""Data sets, read from files in ~/.keras/datasets (or $KERAS_HOME/datasets): nothing is
downloaded."""

import importlib

_MODULES = ("boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb",
            "mnist", "reuters")


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'tenon.keras.datasets' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_MODULES})
