"""The base of optimizers: groups of parameters, what is kept of each, hooks and states."""

import functools
import warnings
from collections import defaultdict
from copy import deepcopy
from itertools import chain

from .. import _core
from .._hooks import HookRegistry
from .._modes import enable_grad


class _Required:
    def __repr__(self):
        return "<required parameter>"


required = _Required()  # a default that each group must replace


def _with_hooks(step):
    """`step` between the hooks of its optimizer."""

    @functools.wraps(step)
    def stepped(self, *arguments, **keywords):
        own = self.__dict__
        if before := own.get("_optimizer_step_pre_hooks"):
            for hook in (*before.values(),):
                replaced = hook(self, arguments, keywords)
                if replaced is not None:
                    arguments, keywords = _checked(replaced)
        result = step(self, *arguments, **keywords)
        own["_opt_called"] = True
        if after := own.get("_optimizer_step_post_hooks"):
            for hook in (*after.values(),):
                hook(self, arguments, keywords)
        return result

    stepped._has_hooks = True
    return stepped


def _checked(replaced):
    """The arguments of a step that a pre-hook returned."""
    if not isinstance(replaced, tuple) or len(replaced) != 2:
        raise RuntimeError("a step pre-hook returns None or a tuple (args, kwargs), not "
                           f"{replaced!r}")
    return replaced


def _run_closure(closure):
    """The loss of a step's closure, computed with gradients."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


class Optimizer:
    """Changes parameters by their gradients. Subclasses pass tensors, or dicts of a group's tensors
    and options, and the options' defaults to `__init__`, and have a `step`:

        class Descent(Optimizer):
            def __init__(self, params, lr=0.1):
                super().__init__(params, {"lr": lr})

            @torch.no_grad()
            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            p.sub_(p.grad * group["lr"])

    `param_groups` is a list of dicts, which may be changed at any time; `state` has a dict for each
    parameter, by the parameter itself.
    """

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        step = cls.__dict__.get("step")
        if callable(step) and not hasattr(step, "_has_hooks"):
            cls.step = _with_hooks(step)

    def __init__(self, params, defaults):
        if isinstance(params, _core.Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of "
                            "Tensors or dicts, but got one tensor; put it in a list")
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._make_hooks()
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hooks(self):
        for name in ("step_pre", "step_post", "state_dict_pre", "state_dict_post",
                     "load_state_dict_pre", "load_state_dict_post"):
            self.__dict__.setdefault(f"_optimizer_{name}_hooks", HookRegistry())

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._make_hooks()

    def __repr__(self):
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    def add_param_group(self, param_group):
        """Further parameters to step: {"params": [...], "lr": ...}; options that are left out are
        the optimizer's defaults. Parameters may come as (name, parameter)."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be in an order that doesn't change from "
                            "run to run, which sets have not; use a list")
        params = [params] if isinstance(params, _core.Tensor) else list(params)
        if params and all(isinstance(param, tuple) for param in params):
            param_group["param_names"] = [name for name, _ in params]
            params = [param for _, param in params]
        param_group["params"] = params
        for param in params:
            if not isinstance(param, _core.Tensor):
                raise TypeError("optimizer can only optimize Tensors, but one of the params is "
                                f"{type(param).__name__}")
            if not param.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor: the result of an op, of shape "
                                 f"{tuple(param.shape)}; detach() it and set requires_grad")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError("parameter group didn't specify a value of required optimization "
                                 f"parameter {name}")
            param_group.setdefault(name, default)
        if len(set(params)) != len(params):
            warnings.warn("optimizer contains a parameter group with duplicate parameters",
                          stacklevel=3)
        known = set(chain.from_iterable(group["params"] for group in self.param_groups))
        if not known.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none=True):
        """Drops the gradients of all parameters, or makes them zeros."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    grad = param.grad.detach()
                    grad.zero_()
                    param.grad = grad

    def step(self, closure=None):
        """Changes the parameters once; `closure`, where given, computes the loss, which is
        returned."""
        raise NotImplementedError(f"{type(self).__name__} has no step(), which subclasses of "
                                  "Optimizer must have")

    # Hooks.

    def register_step_pre_hook(self, hook):
        """hook(optimizer, args, kwargs) before each step; may return other (args, kwargs)."""
        return self._optimizer_step_pre_hooks.add(hook)

    def register_step_post_hook(self, hook):
        """hook(optimizer, args, kwargs) after each step."""
        return self._optimizer_step_post_hooks.add(hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """hook(optimizer) before state_dict()."""
        return self._optimizer_state_dict_pre_hooks.add(hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """hook(optimizer, state_dict) after state_dict(); may return another one."""
        return self._optimizer_state_dict_post_hooks.add(hook, prepend=prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """hook(optimizer, state_dict) before load_state_dict(); may return another one."""
        return self._optimizer_load_state_dict_pre_hooks.add(hook, prepend=prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """hook(optimizer) after load_state_dict()."""
        return self._optimizer_load_state_dict_post_hooks.add(hook, prepend=prepend)

    # States.

    def state_dict(self):
        """{"state": {number: {...}}, "param_groups": [...]}, parameters by their number over all
        groups. The tensors are the optimizer's own."""
        for hook in (*self._optimizer_state_dict_pre_hooks.values(),):
            hook(self)
        numbers = {}
        for group in self.param_groups:
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
        result = {
            "state": {numbers[id(key)] if isinstance(key, _core.Tensor) else key: value
                      for key, value in self.state.items()},
            "param_groups": [{**{key: value for key, value in group.items() if key != "params"},
                              "params": [numbers[id(param)] for param in group["params"]]}
                             for group in self.param_groups],
        }
        for hook in (*self._optimizer_state_dict_post_hooks.values(),):
            replaced = hook(self, result)
            result = result if replaced is None else replaced
        return result

    def load_state_dict(self, state_dict):
        """Goes on from what `state_dict` gave: the options of all groups and the states, which are
        copied, with the parameters' dtypes."""
        state_dict = dict(state_dict)
        for hook in (*self._optimizer_load_state_dict_pre_hooks.values(),):
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups: "
                             f"{len(saved)}, not {len(self.param_groups)}")
        for own, other in zip(self.param_groups, saved):
            if len(own["params"]) != len(other["params"]):
                raise ValueError("loaded state dict contains a parameter group that doesn't match "
                                 f"the size of optimizer's group: {len(other['params'])} "
                                 f"parameters, not {len(own['params'])}")
        params = dict(zip(chain.from_iterable(group["params"] for group in saved),
                          chain.from_iterable(group["params"] for group in self.param_groups)))
        state = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _like_parameter(params[key], value)
            else:
                state[key] = value
        groups = [{**other, "params": own["params"]}
                  for own, other in zip(self.param_groups, saved)]
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in (*self._optimizer_load_state_dict_post_hooks.values(),):
            hook(self)


def _like_parameter(param, value, key=None):
    """A copy of a state, with the dtype of its parameter; counts of steps keep theirs."""
    if isinstance(value, _core.Tensor):
        is_count = key == "step" or not param.is_floating_point()
        copied = value.detach().clone()
        return copied if is_count else copied.to(dtype=param.dtype, device=param.device)
    if isinstance(value, dict):
        return {name: _like_parameter(param, item, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_like_parameter(param, item, key) for item in value)
    return deepcopy(value)


class _CapturableGroup(dict):
    """A group whose steps read its learning rate from a tensor: `rate`, which follows a "lr" that
    is a number."""

    def __init__(self, group, rate=None):
        super().__init__(group)
        self.rate = rate
        self._follow()

    def _follow(self):
        if self.rate is not None and not isinstance(self["lr"], _core.Tensor):
            self.rate.fill_(self["lr"])

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if key == "lr":
            self._follow()

    def update(self, *others, **more):
        super().update(*others, **more)
        self._follow()

    def __reduce__(self):
        return dict, (dict(self),)


def _rate_of(group):
    """The learning rate of a capturable group, as its formula takes it."""
    rate = group["lr"]
    if isinstance(rate, _core.Tensor):
        return rate
    held = getattr(group, "rate", None)
    if held is None:
        held = _core._optim.rate(rate, group["params"])
        if isinstance(group, _CapturableGroup):
            group.rate = held
    return held


class FormulaOptimizer(Optimizer):
    """An optimizer whose step of a group is one run in C++, of the formula that the subclass's
    `_formula(group)` gives, which depends on the group's options alone."""

    _defaults_of_older_states = {}

    def __init__(self, params, defaults):
        self._steps = _core._optim.Steps()
        if not 0.0 <= defaults["lr"]:
            raise ValueError(f"Invalid learning rate: {defaults['lr']}")
        if defaults.get("differentiable"):
            raise ValueError(f"{type(self).__name__}: differentiable=True isn't offered: steps "
                             "write parameters in place; compose the update of ops instead")
        self._formula(defaults)
        super().__init__(params, defaults)

    def add_param_group(self, param_group):
        super().add_param_group(param_group)
        if self.param_groups[-1]["capturable"]:
            self.param_groups[-1] = _CapturableGroup(self.param_groups[-1])

    def __setstate__(self, state):
        before = self.__dict__.get("param_groups", [])
        super().__setstate__(state)
        self._steps = _core._optim.Steps()
        for i, group in enumerate(self.param_groups):
            group.setdefault("capturable", False)
            for name, value in self._defaults_of_older_states.items():
                group.setdefault(name, value)
            if group["capturable"]:
                rate = getattr(before[i], "rate", None) if i < len(before) else None
                self.param_groups[i] = _CapturableGroup(group, rate)

    def load_state_dict(self, state_dict):
        """As every optimizer's; of capturable groups into the tensors that are there already, since
        programs of pure compiled functions hold them."""
        held = {param: self.state[param] for group in self.param_groups if group["capturable"]
                for param in group["params"] if param in self.state}
        super().load_state_dict(state_dict)
        for param, before in held.items():
            after = self.state.get(param, {})
            for name, tensor in before.items():
                if (isinstance(tensor, _core.Tensor) and isinstance(after.get(name), _core.Tensor)
                        and tensor.shape == after[name].shape):
                    after[name] = tensor.copy_(after[name])

    def step(self, closure=None):
        """Changes every parameter that has a gradient. `closure`, where given, computes the loss,
        which is returned."""
        loss = None if closure is None else _run_closure(closure)
        self._steps.run(self._formula, _rate_of, self.param_groups, self.state)
        return loss
