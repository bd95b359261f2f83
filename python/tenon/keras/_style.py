"""Functions that go by the style of what they are called with: TensorFlow's values give such."""

import functools

from .._eager.tensor import call_layer


def styled(function):
    """The function, whose results are of the kind of its first tensor: plain tensors of plain ones,
    TensorFlow's values of such and of arrays."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        return call_layer(function, args, kwargs, args)

    return call
