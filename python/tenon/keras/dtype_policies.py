"""In what dtypes layers keep their weights and compute."""

from ._dtype_policy import DTypePolicy, deserialize, get, serialize

FloatDTypePolicy = DTypePolicy  # its other name in Keras

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]
