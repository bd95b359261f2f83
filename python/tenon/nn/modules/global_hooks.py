"""Hooks that the calls of all modules have."""

from ... import _core
from ..._hooks import HookRegistry


class _Registry(HookRegistry):
    """Hooks of all modules: while there are any, calls look for them."""

    def __setitem__(self, number, hook):
        super().__setitem__(number, hook)
        _look()

    def pop(self, number, default=None):
        hook = super().pop(number, default)
        _look()
        return hook


def _look():
    there = forward_pre_hooks or forward_hooks or backward_pre_hooks or backward_hooks
    _core.ModuleBase._set_all_have_hooks(bool(there))


forward_pre_hooks, forward_hooks = _Registry(), _Registry()
backward_pre_hooks, backward_hooks = _Registry(), _Registry()
takes_kwargs, always_called = HookRegistry(), HookRegistry()


def register_module_forward_pre_hook(hook):
    """hook(module, args) is called before `forward` of every module, and before the module's own
    hooks; what it returns takes the place of args."""
    return forward_pre_hooks.add(hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """hook(module, args, output) is called after `forward` of every module, and before the module's
    own hooks; what it returns takes the place of the output. With `with_kwargs`,
    hook(module, args, kwargs, output); with `always_call`, the hook is called (with None) when
    `forward` raises, too."""
    flags = [takes_kwargs] if with_kwargs else []
    flags += [always_called] if always_call else []
    return forward_hooks.add(hook, *flags)


def register_module_full_backward_pre_hook(hook):
    """hook(module, grad_output) is called when the gradients of the outputs of any module's call
    are there; what it returns takes their place."""
    return backward_pre_hooks.add(hook)


def register_module_full_backward_hook(hook):
    """hook(module, grad_input, grad_output) is called when the gradients of the inputs of any
    module's call are there; what it returns takes the place of grad_input."""
    return backward_hooks.add(hook)


register_module_backward_hook = register_module_full_backward_hook
