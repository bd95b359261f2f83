"""tf.compat: strings and dims alike in all versions, and the names of TensorFlow 1."""

import importlib as _importlib
import os as _os

integral_types, real_types, complex_types = (int,), (int, float), (int, float, complex)
bytes_or_text_types = (bytes, str)


def as_bytes(bytes_or_text, encoding="utf-8"):
    """Bytes of a text, or as they are."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text, encoding="utf-8"):
    """A text of bytes, or as it is."""
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value, encoding="utf-8"):
    """A text of anything."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path):
    """A path as a text."""
    return _os.fspath(path) if hasattr(path, "__fspath__") else path


def dimension_value(dimension):
    """The size: sizes are numbers."""
    return dimension


def dimension_at_index(shape, index):
    """The size with this number."""
    return None if shape.rank is None else shape[index]


def forward_compatible(year, month, day):
    """Whether this is after a day, for which nothing is kept back."""
    return True


def __getattr__(name):
    if name == "v1":
        return _importlib.import_module(".v1", __name__)
    if name == "v2":
        return _importlib.import_module("..", __name__)
    raise AttributeError(f"module 'tenon.tf.compat' has no attribute '{name}'")
