"""Keras's names over Tenon's tensors, modules and compiler.

    from tenon import keras
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=3)
"""

import importlib

__version__ = "3.15.1"  # of Keras, whose names these are: programs ask for it

#: Where names come from that are looked up when they are first used.
_HOMES = {
    "_dtype_policy": ("DTypePolicy",),
    "_input": ("Input", "InputLayer"),
    "_input_spec": ("InputSpec",),
    "_layer": ("Layer",),
    "_symbolic": ("KerasTensor",),
    "_variable": ("Variable",),
    "dtype_policies": ("FloatDTypePolicy",),
    "initializers": ("Initializer",),
    "losses": ("Loss",),
    "metrics": ("Metric",),
    "models": ("Functional", "Model", "Sequential"),
    "optimizers": ("Optimizer",),
    "regularizers": ("Regularizer",),
}
_NAMES = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("activations", "applications", "backend", "callbacks", "config", "constraints",
            "datasets", "dtype_policies", "initializers", "layers", "losses", "metrics",
            "mixed_precision", "models", "ops", "optimizers", "preprocessing", "random",
            "regularizers", "saving", "tree", "utils")


def version():
    """The version of Keras whose names these are."""
    return __version__


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'tenon.keras' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_NAMES, *_MODULES})
