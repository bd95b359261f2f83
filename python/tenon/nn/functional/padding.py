"""Padding."""

from ... import _core


def pad(input, pad, mode="constant", value=None):
    """Adds elements before and behind dims: `pad` has two numbers a dim, the last dim's first.
    `mode` is "constant" (with `value`, 0 where None), "reflect", "replicate" or "circular"."""
    return _core.pad(input, pad, mode, 0.0 if value is None else value)
