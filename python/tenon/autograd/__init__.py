"""Backward passes as functions, functions with gradients of their own, and checks of gradients."""

from .. import _core
from .._modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import functional, graph
from .function import Function, FunctionCtx
from .gradcheck import GradcheckError, gradcheck, gradgradcheck


def _listed(value):
    """A tensor, None, or tensors of any iterable, such as `model.parameters()`."""
    if value is None:
        return []
    return [value] if isinstance(value, _core.Tensor) else list(value)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Adds the gradients of `tensors` to the `grad` of all leaves that they depend on, or of
    `inputs` alone."""
    if inputs is None:
        _core.backward(_listed(tensors), _listed(grad_tensors), retain_graph, create_graph)
        return
    inputs = _listed(inputs)
    if not inputs:
        raise RuntimeError("backward(): inputs argument cannot be empty")
    grads = grad(tensors, inputs, grad_tensors, retain_graph, create_graph, allow_unused=True)
    for tensor, one in zip(inputs, grads):
        if one is not None:
            tensor.grad = one if tensor.grad is None else tensor.grad + one
            _core.run_post_accumulate_grad_hooks(tensor)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False,
         only_inputs=True, allow_unused=None, is_grads_batched=False, materialize_grads=False):
    """The gradients of `outputs` with respect to `inputs`, which are added nowhere. Of inputs that
    no output depends on: an error, or with `allow_unused` None, or with `materialize_grads`
    zeros. With `is_grads_batched`, one gradient for each first index of `grad_outputs`, stacked.
    `only_inputs` is for old programs, and must be True."""
    if not only_inputs:
        raise ValueError("grad(): only_inputs=False is no longer there; call backward() to have "
                         "the gradients of all leaves added up")
    inputs = _listed(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when "
                         "materialize_grads=True")
    if is_grads_batched:
        return _batched_grad(outputs, inputs, _listed(grad_outputs), retain_graph, create_graph,
                             allow_unused, materialize_grads)
    grads = _core.grad(_listed(outputs), inputs, _listed(grad_outputs), retain_graph, create_graph,
                       bool(allow_unused or materialize_grads))
    if materialize_grads:
        return tuple(_core.zeros_like(tensor) if one is None else one
                     for tensor, one in zip(inputs, grads))
    return tuple(grads)


def _batched_grad(outputs, inputs, grad_outputs, retain_graph, create_graph, *options):
    count = len(next(start for start in grad_outputs if start is not None))
    rows = []
    for i in range(count):
        keep = True if i + 1 < count else retain_graph
        starts = [None if start is None else start[i] for start in grad_outputs]
        rows.append(grad(outputs, inputs, starts, keep, create_graph, True, options[0], False,
                         options[1]))
    return tuple(None if column[0] is None else _core.stack(column, 0) for column in zip(*rows))


def Variable(data, requires_grad=False):
    """A tensor: the two have long been one."""
    return data.requires_grad_() if requires_grad else data


detect_anomaly, set_detect_anomaly = _core._detect_anomaly, _core._set_detect_anomaly

__all__ = ["Function", "FunctionCtx", "GradcheckError", "Variable", "backward", "detect_anomaly",
           "enable_grad", "functional", "grad", "gradcheck", "gradgradcheck", "graph",
           "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled"]


def __getattr__(name):
    if name == "profiler":
        from importlib import import_module

        return import_module(".profiler", __name__)
    raise AttributeError(f"module 'tenon.autograd' has no attribute '{name}'")
