"""Functions of a user's own with gradients of their own."""

import functools

from .. import _core
from .._modes import no_grad


class FunctionCtx:
    """What one call of a Function keeps from forward to backward: saved tensors, and whatever
    attributes forward sets."""

    needs_input_grad = ()
    _to_save, _dirty, _non_differentiable, _materialize, _saved = (), (), (), True, None

    def save_for_backward(self, *tensors):
        """Keeps inputs, results or others, or None; writing them in place before backward is an
        error there."""
        self._to_save = tensors

    @property
    def saved_tensors(self):
        """The tensors that were kept, in backward."""
        return tuple(self._to_save) if self._saved is None else self._saved.get()

    def mark_dirty(self, *args):
        """Says that forward wrote these inputs in place, which it must give as results."""
        self._dirty = args

    def mark_non_differentiable(self, *args):
        """Says that no gradient flows through these results."""
        self._non_differentiable = args

    def set_materialize_grads(self, value):
        """Whether backward gets zeros where no gradient arrived (the default), or None."""
        self._materialize = value


class Function:
    """An op with a gradient of its own: subclasses have static `forward(ctx, *args)` and
    `backward(ctx, *grads)`, which gives a gradient, or None, for each argument of forward; or
    `forward(*args)` and `setup_context(ctx, inputs, output)`. Called as `Cube.apply(x)`. A backward
    of ordinary ops can be differentiated again.

        class Cube(Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x ** 3

            @staticmethod
            def backward(ctx, grad):
                x, = ctx.saved_tensors
                return grad * 3 * x ** 2
    """

    def __init__(self, *_, **__):
        raise RuntimeError(f"{type(self).__name__} is not to be made: forward and backward are "
                           f"static, and it is called as {type(self).__name__}.apply(...)")

    @staticmethod
    def forward(ctx, *args, **kwargs):
        raise NotImplementedError("you must implement the forward function for custom "
                                  "autograd.Function")

    @staticmethod
    def setup_context(ctx, inputs, output):
        raise NotImplementedError("setup_context was not implemented for a custom "
                                  "autograd.Function")

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError("you must implement either the backward or vjp method for your "
                                  "custom autograd.Function to use it with backward")

    vjp = backward

    @classmethod
    def apply(cls, *args, **kwargs):
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(value, _core.Tensor) and value.requires_grad
                                     for value in args)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args, **kwargs)
            else:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
        if not (_core.is_grad_enabled() and any(ctx.needs_input_grad)):
            return output
        return _recorded(cls, ctx, args, output)


def _recorded(cls, ctx, args, output):
    """The output as part of the graph."""
    outputs = output if isinstance(output, tuple) else (output,)
    places = [i for i, value in enumerate(args) if isinstance(value, _core.Tensor)]
    of_tensors = [i for i, value in enumerate(outputs) if isinstance(value, _core.Tensor)]
    backward = functools.partial(_run_backward, cls, ctx, len(args), places, len(outputs),
                                 of_tensors)
    results, ctx._saved = _core._record_function(
        backward, f"{cls.__name__}Backward", [args[i] for i in places],
        [outputs[i] for i in of_tensors], list(ctx._to_save), list(ctx._dirty),
        list(ctx._non_differentiable), ctx._materialize)
    dirty = {id(tensor) for tensor in ctx._dirty}
    # What is held in C++ now; here it would be a cycle through the results.
    ctx._to_save = ctx._dirty = ctx._non_differentiable = ()
    made = list(outputs)
    for i, result in zip(of_tensors, results):
        if id(made[i]) not in dirty:
            made[i] = result
    return tuple(made) if isinstance(output, tuple) else made[0]


def _run_backward(cls, ctx, count, places, outputs, of_tensors, grads):
    """The gradients of the tensors among the arguments."""
    given = [None] * outputs
    for i, grad in zip(of_tensors, grads):
        given[i] = grad
    rule = cls.vjp if cls.backward is Function.backward else cls.backward
    result = rule(ctx, *given)
    result = result if isinstance(result, tuple) else (result,)
    while len(result) > count and result[-1] is None:
        result = result[:-1]
    if len(result) != count:
        raise RuntimeError(f"function {cls.__name__}Backward returned an incorrect number of "
                           f"gradients (expected {count}, got {len(result)})")
    for i, grad in enumerate(result):
        if i not in places and grad is not None:
            raise RuntimeError(f"function {cls.__name__}Backward returned a gradient different "
                               f"from None at position {i + 1}, but the corresponding forward "
                               "input was not a Tensor")
    return [result[i] for i in places]


class _Once(Function):
    """Gradients that can't be differentiated again."""

    @staticmethod
    def forward(ctx, count, *tensors):
        return tensors[:count]

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError("trying to differentiate twice a function that was marked with "
                           "@once_differentiable")


def once_differentiable(backward):
    """Stands before a backward that ordinary ops don't make up: gradients of its gradients are an
    error, not wrong."""

    @functools.wraps(backward)
    def wrapped(ctx, *grads):
        with no_grad():
            results = backward(ctx, *grads)
        if not _core.is_grad_enabled():
            return results
        given = [grad for grad in grads if isinstance(grad, _core.Tensor) and grad.requires_grad]
        kept = [tensor for tensor in ctx.saved_tensors if tensor is not None]
        if not any(tensor.requires_grad for tensor in (*given, *kept)):
            return results
        several = results if isinstance(results, tuple) else (results,)
        made = [i for i, value in enumerate(several) if isinstance(value, _core.Tensor)]
        refusing = _Once.apply(len(made), *(several[i] for i in made), *given, *kept)
        filled = list(several)
        for i, value in zip(made, refusing):
            filled[i] = value
        return tuple(filled) if isinstance(results, tuple) else filled[0]

    return wrapped
