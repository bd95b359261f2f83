"""Training in float16 or bfloat16: casts by op, and the scaling of losses."""

import functools
import warnings

from . import _core
from ._modes import autocast

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


def is_autocast_available(device_type):
    """Whether `autocast(device_type)` does anything."""
    return str(device_type).split(":")[0] == "cpu"


class GradScaler:
    """Loss scaling for training in float16, whose smallest number, 6e-8, is above many a gradient:
    the loss is multiplied by a scale before backward and the gradients divided by it before the
    update (Micikevicius et al. 2018, section 3.2). A step whose gradients hold infinities or NaN is
    left out and the scale is multiplied by `backoff_factor`; after `growth_interval` steps in a row
    without such it is multiplied by `growth_factor`.

        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)  # only to see gradients, as clipping does
        scaler.step(optimizer)
        scaler.update()
    """

    def __init__(self, device="cuda", init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5,
                 growth_interval=2000, enabled=True):
        if enabled and not is_autocast_available(device):
            warnings.warn(f"GradScaler is enabled, but '{device}' is not available: disabled",
                          stacklevel=2)
            enabled = False
        if enabled and not (growth_factor > 1.0 and 0 < backoff_factor < 1.0 and init_scale > 0):
            raise ValueError("GradScaler: expected init_scale > 0, growth_factor > 1 and "
                             "0 < backoff_factor < 1")
        self._enabled = enabled
        self._scale, self._growth_factor = float(init_scale), growth_factor
        self._backoff_factor, self._growth_interval = backoff_factor, growth_interval
        self._growth_tracker = 0
        self._found, self._stepped = {}, set()  # since the last update, by optimizer

    def scale(self, outputs):
        """Times the scale: a tensor, or containers of them."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, _core.Tensor):
            return outputs * self._scale
        return type(outputs)(self.scale(value) for value in outputs)

    def unscale_(self, optimizer):
        """Divides the gradients of the optimizer's parameters by the scale, in place."""
        if not self._enabled:
            return
        if id(optimizer) in self._stepped:
            raise RuntimeError("unscale_() is being called after step().")
        if id(optimizer) in self._found:
            raise RuntimeError("unscale_() has already been called on this optimizer since the "
                               "last update().")
        params = [param for group in optimizer.param_groups for param in group["params"]]
        self._found[id(optimizer)] = not _core._optim.unscale(params, self._scale)

    def step(self, optimizer, *args, **kwargs):
        """The optimizer's step, on divided gradients, unless they hold infinities or NaN: what it
        returned, or None."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        if id(optimizer) in self._stepped:
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        if self._found[id(optimizer)]:
            return None
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale=None):
        """Adapts the scale to what gradients held since the last call, or sets it."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._found:
            raise RuntimeError("No inf checks were recorded prior to update.")
        elif any(self._found.values()):
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale *= self._growth_factor
                self._growth_tracker = 0
        self._found, self._stepped = {}, set()

    def get_scale(self):
        return self._scale if self._enabled else 1.0

    def is_enabled(self):
        return self._enabled

    def get_growth_factor(self):
        return self._growth_factor

    def set_growth_factor(self, new_factor):
        self._growth_factor = new_factor

    def get_backoff_factor(self):
        return self._backoff_factor

    def set_backoff_factor(self, new_factor):
        self._backoff_factor = new_factor

    def get_growth_interval(self):
        return self._growth_interval

    def set_growth_interval(self, new_interval):
        self._growth_interval = new_interval

    def state_dict(self):
        if not self._enabled:
            return {}
        return {"scale": self._scale, "growth_factor": self._growth_factor,
                "backoff_factor": self._backoff_factor, "growth_interval": self._growth_interval,
                "_growth_tracker": self._growth_tracker}

    def load_state_dict(self, state_dict):
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("The source state dict is empty, possibly because it was saved from "
                               "a disabled instance of GradScaler.")
        self._scale = float(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = int(state_dict["_growth_tracker"])


def _cast(value, dtype):
    if isinstance(value, _core.Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _cast(item, dtype) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(item, dtype) for item in value)
    return value


def custom_fwd(fwd=None, *, device_type="cpu", cast_inputs=None):
    """Stands before the forward of a Function: with `cast_inputs`, what it takes is cast to that
    dtype where autocast is on, and it runs without."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx, *args, **kwargs):
        ctx._autocast_dtype = _core.autocast_dtype()
        if cast_inputs is None or ctx._autocast_dtype == _core.float32:
            return fwd(ctx, *args, **kwargs)
        ctx._autocast_dtype = _core.float32
        with autocast("cpu", enabled=False):
            return fwd(ctx, *_cast(args, cast_inputs), **_cast(kwargs, cast_inputs))

    return forward


def custom_bwd(bwd=None, *, device_type="cpu"):
    """Stands before the backward that goes with `custom_fwd`: it runs in the same mode."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx, *grads):
        before = _core.autocast_dtype()
        _core.set_autocast_dtype(ctx._autocast_dtype)
        try:
            return bwd(ctx, *grads)
        finally:
            _core.set_autocast_dtype(before)

    return backward
