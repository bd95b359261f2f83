"""Gradients held against finite differences."""

from .. import _core
from .._modes import enable_grad


class GradcheckError(RuntimeError):
    """A gradient that differs from the finite differences."""


def _checked(name, func, inputs, eps, atol, rtol, raise_exception, second):
    inputs = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    places = [i for i, value in enumerate(inputs) if isinstance(value, _core.Tensor)]

    def call(tensors):
        arguments = list(inputs)
        for i, tensor in zip(places, tensors):
            arguments[i] = tensor
        results = func(*arguments)
        results = results if isinstance(results, (tuple, list)) else (results,)
        return [value for value in results if isinstance(value, _core.Tensor)]

    try:
        return _core._gradcheck(call, [inputs[i] for i in places], eps, atol, rtol, second)
    except _core.AutogradError as error:
        if raise_exception:
            raise GradcheckError(f"{name}: {error}") from None
        return False


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, **_):
    """Whether the gradients of `func` agree with central finite differences at `inputs`, of which
    those that require a gradient are float64: |analytic - numeric| <= atol + rtol |numeric|,
    element by element. Raises GradcheckError, or gives False, where they don't."""
    return _checked("gradcheck", func, inputs, eps, atol, rtol, raise_exception, False)


def gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3,
                  raise_exception=True, **_):
    """The same of the gradients' gradients, at `grad_outputs` or at pseudo-random ones."""
    if grad_outputs is None:
        return _checked("gradgradcheck", func, inputs, eps, atol, rtol, raise_exception, True)
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    starts = (tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,))

    @enable_grad()
    def gradients(*arguments):
        results = func(*arguments[:len(inputs)])
        results = results if isinstance(results, (tuple, list)) else (results,)
        wanted = [value for value in arguments[:len(inputs)]
                  if isinstance(value, _core.Tensor) and value.requires_grad]
        return [grad for grad in _core.grad(list(results), wanted, list(arguments[len(inputs):]),
                                            True, True, True) if grad is not None]

    return _checked("gradgradcheck", gradients, inputs + starts, eps, atol, rtol, raise_exception,
                    False)
