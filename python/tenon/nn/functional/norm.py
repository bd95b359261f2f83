"""Normalisation and dropout."""

from ... import _core

layer_norm, group_norm, batch_norm = _core.layer_norm, _core.group_norm, _core.batch_norm
rms_norm = _core.rms_norm


def _check_probability(p):
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input, p=0.5, training=True, inplace=False):
    """While training, zeroes each element with probability p and scales the others by 1 / (1 -
    p)."""
    result = _core.dropout(input, p, training)
    return input.copy_(result) if inplace and training else result


def _dropout_of_maps(input, p, training, inplace):
    """`dropout` of whole maps: all elements of a sample's channel share their fate."""
    _check_probability(p)
    if not training or p == 0:
        return input
    kept = _core.dropout(_core.ones(input.shape[:2], dtype=input.dtype, device=input.device), p)
    kept = kept.view((*input.shape[:2], *[1] * (input.dim() - 2)))
    return input.mul_(kept) if inplace else input * kept


def dropout1d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, length), or of (channels, length)."""
    if input.dim() == 2:
        return _dropout_of_maps(input.unsqueeze(0), p, training, inplace).squeeze(0)
    return _dropout_of_maps(input, p, training, inplace)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, height, width)."""
    return _dropout_of_maps(input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, depth, height, width), or of one sample."""
    if input.dim() == 4:
        return _dropout_of_maps(input.unsqueeze(0), p, training, inplace).squeeze(0)
    return _dropout_of_maps(input, p, training, inplace)
