"""Arrays of labels and vectors."""

import numpy

from ..._core import Tensor


def to_categorical(x, num_classes=None):
    """Class numbers as rows with a one at their place; a last axis of size 1 falls away. Tensors
    give a tensor."""
    array = x.detach().numpy() if isinstance(x, Tensor) else numpy.asarray(x)
    labels = array.astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if outside.size:
        raise ValueError(f"to_categorical(): label {outside[0]} is outside [0, {num_classes})")
    rows = numpy.zeros((labels.size, num_classes))
    rows[numpy.arange(labels.size), labels.ravel()] = 1
    rows = rows.reshape(*labels.shape, num_classes)
    if isinstance(x, Tensor):
        from ..._creation import from_numpy

        return from_numpy(rows.astype("float32"))
    return rows


def normalize(x, axis=-1, order=2):
    """Vectors along an axis divided by their norm; zeros stay."""
    norms = numpy.atleast_1d(numpy.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / numpy.expand_dims(norms, axis)
