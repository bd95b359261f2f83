"""Hooks that a module calls while gradients flow back through it."""

from ... import _core
from ...autograd.function import Function
from . import global_hooks

Tensor = _core.Tensor


class _Through(Function):
    """The same tensors; `watch(grads)` sees their gradients, and gives others or None."""

    @staticmethod
    def forward(ctx, watch, *tensors):
        ctx.watch = watch
        ctx.set_materialize_grads(False)
        return tuple(tensor.view_as(tensor) for tensor in tensors)

    @staticmethod
    def backward(ctx, *grads):
        changed = ctx.watch(grads)
        return None, *(grads if changed is None else changed)


def _watched(values, watch):
    """The values of which the tensors' gradients, or None at other places, are shown to `watch`."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not any(values[place].requires_grad for place in places):
        return values, False
    count = len(values)

    def seen(grads):  # holds none of the tensors, whose graph holds it
        every = [None] * count
        for place, grad in zip(places, grads):
            every[place] = grad
        changed = watch(tuple(every))
        return [changed[place] for place in places]

    watched = list(values)
    for place, made in zip(places, _Through.apply(seen, *(values[place] for place in places))):
        watched[place] = made
    return tuple(watched), True


def _changed(what, given, replaced):
    """What takes the place of `given` after a hook that returned `replaced`."""
    if replaced is None:
        return given
    replaced = replaced if isinstance(replaced, tuple) else (replaced,)
    if len(replaced) != len(given):
        raise RuntimeError(f"Backward hook returned an invalid number of {what}, got "
                           f"{len(replaced)}, but expected {len(given)}")
    return replaced


class BackwardPass:
    """What one call of a module with backward hooks keeps until gradients arrive."""

    def __init__(self, module):
        self.module, self.grad_output, self.inputs_have_grads = module, None, False
        self.pre_hooks = [*global_hooks.backward_pre_hooks.values(),
                          *module._backward_pre_hooks.values()]
        self.hooks = [*global_hooks.backward_hooks.values(), *module._backward_hooks.values()]

    def of_inputs(self, args):
        args, self.inputs_have_grads = _watched(args, self._input_grads)
        self.count = len(args)
        return args

    def of_outputs(self, result):
        if not isinstance(result, (Tensor, tuple)):
            return result
        outputs, _ = _watched(result if isinstance(result, tuple) else (result,),
                              self._output_grads)
        if not isinstance(result, tuple):
            return outputs[0]
        return type(result)(*outputs) if hasattr(result, "_fields") else outputs

    def _output_grads(self, grads):
        for hook in self.pre_hooks:
            grads = _changed("grad_output", grads, hook(self.module, grads))
        self.grad_output = grads
        if not self.inputs_have_grads:  # nothing will arrive there
            for hook in self.hooks:
                hook(self.module, (None,) * self.count, grads)
        return grads

    def _input_grads(self, grads):
        for hook in self.hooks:
            grads = _changed("grad_input", grads, hook(self.module, grads, self.grad_output))
        return grads
