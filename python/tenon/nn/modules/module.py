"""Module: what has parameters, buffers and other modules, and computes by its `forward`."""

from ... import _core
from ..._compile import compile as compile_function
from ..._modes import no_grad
from ..parameter import Buffer, Parameter, is_lazy
from ..._hooks import HookRegistry
from . import global_hooks
from .global_hooks import (  # noqa: F401: imported from here by users
    register_module_backward_hook, register_module_forward_hook, register_module_forward_pre_hook,
    register_module_full_backward_hook, register_module_full_backward_pre_hook)
from .state_dict import StateDict, _IncompatibleKeys  # noqa: F401: imported from here by users
from .tree import Tree

Tensor = _core.Tensor


def _indented(text, spaces):
    return text.replace("\n", "\n" + " " * spaces)


def _kind(value):
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    return module + kind.__qualname__


class Module(Tree, StateDict, _core.ModuleBase):
    """The base of all modules.

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(784, 10)

            def forward(self, x):
                return self.linear(x).relu()

    Parameters, buffers and modules that are assigned as attributes belong to it from then on.
    """

    training: bool
    call_super_init = False

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        cls._look_up_once(cls)

    def __init__(self, *args, **kwargs):
        if not self.call_super_init and (args or kwargs):
            given = (f"an unexpected keyword argument '{next(iter(kwargs))}'" if kwargs
                     else f"{len(args)} positional arguments that it doesn't take")
            raise TypeError(f"{type(self).__name__}.__init__() got {given}")
        state = self.__dict__
        state["training"] = True
        state["_parameters"] = {}
        state["_buffers"] = {}
        state["_non_persistent_buffers_set"] = set()
        state["_modules"] = {}
        for name in ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
                     "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_backward_hooks",
                     "_backward_pre_hooks"):
            state[name] = HookRegistry()
        state["_compiled_call_impl"] = None
        self._make_state_dict_hooks()
        object.__setattr__(self, "_has_hooks", False)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args, **kwargs):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function')

    # Attributes.

    def _forget(self, name, *registries):
        for registry in registries:
            held = self.__dict__.get(registry)
            if held is not None:
                held.pop(name, None)
        self.__dict__.pop(name, None)
        self.__dict__["_non_persistent_buffers_set"].discard(name)

    def __setattr__(self, name, value):
        state = self.__dict__
        parameters = state.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(f"cannot assign '{_kind(value)}' as parameter '{name}' "
                                "(tenon.nn.Parameter or None expected)")
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if parameters is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            state["_modules"][name] = value
        elif parameters is not None and name in state["_modules"]:
            if value is not None:
                raise TypeError(f"cannot assign '{_kind(value)}' as child module '{name}' "
                                "(tenon.nn.Module or None expected)")
            state["_modules"][name] = None
        elif isinstance(value, Buffer):
            if parameters is None:
                raise AttributeError("cannot assign buffers before Module.__init__() call")
            self._forget(name, "_parameters", "_modules")
            self.register_buffer(name, value, value.persistent)
        elif parameters is not None and name in state["_buffers"]:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign '{_kind(value)}' as buffer '{name}' "
                                "(tenon.Tensor, tenon.nn.Buffer or None expected)")
            state["_buffers"][name] = value
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name):
        for registry in "_parameters", "_buffers", "_modules":
            held = self.__dict__.get(registry)
            if held is not None and name in held:
                del held[name]
                self.__dict__["_non_persistent_buffers_set"].discard(name)
                return
        super().__delattr__(name)

    def __dir__(self):
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules,
                 *self._buffers}
        return sorted(name for name in names if not name[:1].isdigit())

    def _check_name(self, what, name):
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_kind(name)}")
        if "." in name:
            raise KeyError(f"{what} name can't contain \".\", got: {name}")
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')

    def _check_free(self, name, registry):
        if hasattr(self, name) and name not in registry:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name, param):
        """Adds a parameter, or None, as attribute `name`."""
        self._check_name("parameter", name)
        self._check_free(name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(f"cannot assign '{_kind(param)}' object to parameter '{name}' "
                                "(tenon.nn.Parameter or None required)")
            if not param.is_leaf:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must "
                    f"be created explicitly. To express '{name}' as a function of another Tensor, "
                    "compute the value in the forward() method.")
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Adds a tensor that is no parameter, or None, as attribute `name`: it is moved and
        converted with the module, and part of its state dict where it is `persistent`."""
        self._check_name("buffer", name)
        self._check_free(name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{_kind(tensor)}' object to buffer '{name}' "
                            "(tenon Tensor or None required)")
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name, module):
        """Adds a child, or None, as attribute `name`."""
        self._check_name("module", name)
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_kind(module)} is not a Module subclass")
        self._check_free(name, self._modules)
        self._modules[name] = module

    def register_module(self, name, module):
        """As `add_module`."""
        self.add_module(name, module)

    # Calls.

    def _slow_call(self, *args, **kwargs):
        """What calls do that have more to do than `forward`."""
        if "_compiled_call_impl" not in self.__dict__:
            raise AttributeError(f"cannot call {type(self).__name__} before Module.__init__() call")
        if self._compiled_call_impl is not None:
            return self._compiled_call_impl(*args, **kwargs)
        return self._call_impl(*args, **kwargs)

    def _call_impl(self, *args, **kwargs):
        for number, hook in [*global_hooks.forward_pre_hooks.items(),
                             *self._forward_pre_hooks.items()]:
            if number in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not isinstance(changed, tuple) or len(changed) != 2:
                        raise RuntimeError("forward pre-hook must return None or a tuple of "
                                           f"(new_args, new_kwargs), but got {changed}.")
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        backward = None
        if (self._backward_hooks or self._backward_pre_hooks or global_hooks.backward_hooks or
                global_hooks.backward_pre_hooks):
            from .backward_hooks import BackwardPass  # for modules that have such hooks alone

            backward = BackwardPass(self)
            args = backward.of_inputs(args)
        called = set()
        try:
            result = self.forward(*args, **kwargs)
            for number, hook in [*global_hooks.forward_hooks.items(),
                                 *self._forward_hooks.items()]:
                called.add(number)
                changed = self._call_forward_hook(number, hook, args, kwargs, result)
                if changed is not None:
                    result = changed
            return result if backward is None else backward.of_outputs(result)
        except Exception:
            for number, hook in [*global_hooks.forward_hooks.items(),
                                 *self._forward_hooks.items()]:
                always = (number in self._forward_hooks_always_called or
                          number in global_hooks.always_called)
                if always and number not in called:
                    self._call_forward_hook(number, hook, args, kwargs, None)
            raise

    def _call_forward_hook(self, number, hook, args, kwargs, result):
        if number in self._forward_hooks_with_kwargs or number in global_hooks.takes_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _take_hooks(self):
        """From now on calls have more to do than `forward`."""
        object.__setattr__(self, "_has_hooks", True)

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """hook(module, args) is called before `forward`; what it returns takes the place of args.
        With `with_kwargs`, hook(module, args, kwargs), which returns both."""
        self._take_hooks()
        flags = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return self._forward_pre_hooks.add(hook, *flags, prepend=prepend)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """hook(module, args, output) is called after `forward`; what it returns takes the place of
        the output. With `with_kwargs`, hook(module, args, kwargs, output); with `always_call`, the
        hook is called (with None) when `forward` raises, too."""
        self._take_hooks()
        flags = [self._forward_hooks_with_kwargs] if with_kwargs else []
        flags += [self._forward_hooks_always_called] if always_call else []
        return self._forward_hooks.add(hook, *flags, prepend=prepend)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """hook(module, grad_output) is called when the gradients of a call's outputs are there;
        what it returns takes their place."""
        self._take_hooks()
        return self._backward_pre_hooks.add(hook, prepend=prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """hook(module, grad_input, grad_output) is called when the gradients of a call's inputs are
        there (those given by place; None where there is none); what it returns takes the place of
        grad_input."""
        self._take_hooks()
        return self._backward_hooks.add(hook, prepend=prepend)

    def register_backward_hook(self, hook):
        """As `register_full_backward_hook`, an older name."""
        return self.register_full_backward_hook(hook)

    def compile(self, **options):
        """From now on calls of this module run compiled; `options` are those of `tenon.compile`."""
        self.__dict__["_compiled_call_impl"] = compile_function(self._call_impl, **options)
        self._take_hooks()

    # State.

    def __getstate__(self):
        state = self.__dict__.copy()
        state["_compiled_call_impl"] = None
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)
        has_hooks = any((self._forward_hooks, self._forward_pre_hooks, self._backward_hooks,
                         self._backward_pre_hooks))
        object.__setattr__(self, "_has_hooks", has_hooks)

    def _apply(self, fn, recurse=True):
        """Gives every parameter, gradient and buffer fn's result of it as its data."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                grad, parameter.grad = parameter.grad, None
                parameter.data = fn(parameter.data)
                if grad is not None:
                    parameter.grad = fn(grad)
            for name, buffer in self._buffers.items():
                if is_lazy(buffer):
                    buffer.data = fn(buffer.data)
                elif buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn):
        """Calls fn(module) for every child and this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _convert_floating(self, dtype):
        return self._apply(lambda x: x.to(dtype) if x.is_floating_point() else x)

    def float(self):
        """All floating-point parameters and buffers become float32."""
        return self._convert_floating(_core.float32)

    def double(self):
        """All floating-point parameters and buffers become float64."""
        return self._convert_floating(_core.float64)

    def half(self):
        """All floating-point parameters and buffers become float16."""
        return self._convert_floating(_core.float16)

    def bfloat16(self):
        """All floating-point parameters and buffers become bfloat16."""
        return self._convert_floating(_core.bfloat16)

    def type(self, dst_type):
        """All parameters and buffers become of this dtype."""
        return self._apply(lambda x: x.to(dst_type))

    def cpu(self):
        """Moves all parameters and buffers to the CPU."""
        return self._apply(lambda x: x.cpu())

    def cuda(self, device=None):
        """Moves all parameters and buffers to a GPU."""
        return self._apply(lambda x: x.cuda(device))

    def to(self, *args, **kwargs):
        """Moves and converts parameters and buffers: `to(device)`, `to(dtype)`, `to(device, dtype)`
        or `to(tensor)`. A dtype is for those of floating point or complex numbers only."""
        device, dtype = _target(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError("nn.Module.to only accepts floating point or complex dtypes, but got "
                            f"desired dtype={dtype}")

        def move(x):
            if dtype is not None and (x.is_floating_point() or x.is_complex()):
                x = x.to(dtype)
            return x if device is None else x.to(device)

        return self._apply(move)

    def to_empty(self, *, device, recurse=True):
        """Moves parameters and buffers to a device without copying their elements."""
        return self._apply(lambda x: _core.empty(x.shape, dtype=x.dtype, device=device), recurse)

    def share_memory(self):
        """Moves all parameters and buffers into memory that other processes may share."""
        return self._apply(lambda x: x.share_memory_())

    def train(self, mode=True):
        """Sets the module and its children to training (or, with False, to evaluation)."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self):
        """Sets the module and its children to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Asks for gradients of all parameters, or not."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drops the gradients of all parameters, or sets them to zero."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad = parameter.grad.detach()
                    parameter.grad.zero_()

    # Text.

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """What stands between the brackets of the module's text; defined by subclasses."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indented(repr(module), 2)}"
                    for name, module in self._modules.items()]
        if len(lines) == 1 and not children:
            return f"{self._get_name()}({lines[0]})"
        if not lines and not children:
            return f"{self._get_name()}()"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def _repr_html_(self):
        from ..._drawings import html_of_module  # for notebooks alone

        return html_of_module(self)


Module._look_up_once(Module)


def _target(*args, device=None, dtype=None, tensor=None, non_blocking=False, memory_format=None):
    """The device and dtype that arguments of `Module.to` ask for."""
    for value in (*args, tensor):
        if isinstance(value, Tensor):
            device, dtype = value.device, value.dtype
        elif isinstance(value, _core.dtype):
            dtype = value
        elif isinstance(value, (str, _core.device)):
            device = _core.device(value) if isinstance(value, str) else value
        elif value is not None and not isinstance(value, bool):
            raise TypeError(f"to() takes a device, a dtype or a tensor, not {type(value).__name__}")
    return device, dtype
