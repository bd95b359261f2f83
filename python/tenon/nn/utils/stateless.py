"""Modules with other parameters for one call."""

from ...func import functional_call

__all__ = ["functional_call"]
