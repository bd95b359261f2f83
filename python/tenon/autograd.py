"""Backward passes as functions."""

from . import _core
from ._modes import _Mode


def _listed(value):
    return list(value) if isinstance(value, (tuple, list)) else [] if value is None else [value]


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False):
    """Adds the gradients of `tensors` to the `grad` of all leaves that they depend on."""
    _core.backward(_listed(tensors), _listed(grad_tensors), retain_graph, create_graph)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False,
         allow_unused=False):
    """The gradients of `outputs` with respect to `inputs`, which are added nowhere. With
    `allow_unused`, None for inputs that no output depends on."""
    return tuple(_core.grad(_listed(outputs), _listed(inputs), _listed(grad_outputs), retain_graph,
                            create_graph, allow_unused))


class detect_anomaly(_Mode):
    """Gradients that hold NaN are an error, which names the forward call they come from."""

    _get = staticmethod(_core.is_anomaly_enabled)
    _set = staticmethod(_core.set_anomaly_enabled)

    def __init__(self):
        super().__init__(True)
