"""Tensors to and from other libraries' arrays."""

from .._exchange import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
