"""Normalisation and dropout."""

from ... import _core

layer_norm, group_norm, batch_norm = _core.layer_norm, _core.group_norm, _core.batch_norm
rms_norm, local_response_norm = _core.rms_norm, _core.local_response_norm
instance_norm = _core.instance_norm


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """x / max(|x|, eps), with the norm of order p along `dim`."""
    result = _core.normalize(input, p, dim, eps)
    return result if out is None else out.copy_(result)


def _check_probability(p):
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _into(input, result, inplace):
    return input.copy_(result) if inplace else result


def dropout(input, p=0.5, training=True, inplace=False):
    """While training, zeroes each element with probability p and scales the others by
    1 / (1 - p)."""
    return _into(input, _core.dropout(input, p, training), inplace)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, length), or of (channels, length)."""
    return _into(input, _core.dropout1d(input, p, training), inplace)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, height, width)."""
    return _into(input, _core.dropout2d(input, p, training), inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """`dropout` of whole channels of (batch, channels, depth, height, width), or of one sample."""
    return _into(input, _core.dropout3d(input, p, training), inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """`dropout` that keeps mean 0 and variance 1, for `selu`: Klambauer et al. 2017."""
    return _into(input, _core.alpha_dropout(input, p, training), inplace)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """`alpha_dropout` of whole channels."""
    return _into(input, _core.feature_alpha_dropout(input, p, training), inplace)
