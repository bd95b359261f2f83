"""Batches of samples."""

from ..collate import default_collate, default_convert

__all__ = ["default_collate", "default_convert"]
