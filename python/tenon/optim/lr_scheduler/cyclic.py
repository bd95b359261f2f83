"""Schedules that go up and down."""

from math import cos, floor, log, pi

from .schedule import LRScheduler, check_optimizer, set_rate


def _per_group(name, optimizer, value):
    if not isinstance(value, (list, tuple)):
        return [value] * len(optimizer.param_groups)
    if len(value) != len(optimizer.param_groups):
        raise ValueError(f"expected {len(optimizer.param_groups)} values for {name}, got "
                         f"{len(value)}")
    return list(value)


def _momentum_of(group):
    return group["betas"][0] if "betas" in group else group["momentum"]


def _set_momentum(group, momentum):
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def _check_has_momentum(optimizer):
    if not ("momentum" in optimizer.defaults or "betas" in optimizer.defaults):
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option "
                         "enabled")


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that starts again after T_0 steps, then T_0 * T_mult, ... (Loshchilov and
    Hutter 2016). `step(epoch)` may be given parts of an epoch."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min, self.T_cur = T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        height = (1 + cos(pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch=None):
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            self._jump_to(epoch)
        self.last_epoch = floor(epoch)
        self._set(self.get_lr())

    def _jump_to(self, epoch):
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        self.T_i, self.T_cur = self.T_0, epoch
        if epoch < self.T_0:
            return
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            cycle = int(log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**cycle - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**cycle


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to max_lr, then down to max_lr / div_factor / final_div_factor
    (Smith and Topin 2017); momentum goes the other way. Steps once a batch, `total_steps` or
    `epochs * steps_per_epoch` times."""

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None,
                 pct_start=0.3, anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85,
                 max_momentum=0.95, div_factor=25.0, final_div_factor=1e4, three_phase=False,
                 last_epoch=-1):
        check_optimizer(optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: define total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0 or not isinstance(total_steps, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError("OneCycleLR: anneal_strategy is 'cos' or 'linear', not "
                             f"{anneal_strategy!r}")
        self.optimizer, self.total_steps = optimizer, total_steps
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = self._phases(pct_start, three_phase)
        rates = _per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, most in zip(optimizer.param_groups, rates):
                group["initial_lr"] = most / div_factor
                group["max_lr"] = most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            _check_has_momentum(optimizer)
            if last_epoch == -1:
                for group, most, base in zip(
                        optimizer.param_groups,
                        _per_group("max_momentum", optimizer, max_momentum),
                        _per_group("base_momentum", optimizer, base_momentum)):
                    _set_momentum(group, most)
                    group["max_momentum"], group["base_momentum"] = most, base
        super().__init__(optimizer, last_epoch)

    def _phases(self, start, three):
        """(last step, from, to, momentum from, momentum to) of each phase."""
        up = {"start_lr": "initial_lr", "end_lr": "max_lr", "start_momentum": "max_momentum",
              "end_momentum": "base_momentum"}
        top = float(start * self.total_steps) - 1
        down = {"end_step": self.total_steps - 1, "start_lr": "max_lr", "end_lr": "min_lr",
                "start_momentum": "base_momentum", "end_momentum": "max_momentum"}
        if not three:
            return [{"end_step": top, **up}, down]
        back = {"end_step": float(2 * start * self.total_steps) - 2, "start_lr": "max_lr",
                "end_lr": "initial_lr", "start_momentum": "base_momentum",
                "end_momentum": "max_momentum"}
        return [{"end_step": top, **up}, back,
                {**down, "start_lr": "initial_lr", "start_momentum": "max_momentum"}]

    def _between(self, start, end, part):
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (cos(pi * part) + 1)

    def get_lr(self):
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is "
                             f"{self.total_steps}")
        begin = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            begin = phase["end_step"]
        part = (step - begin) / (phase["end_step"] - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                _set_momentum(group, self._between(group[phase["start_momentum"]],
                                                   group[phase["end_momentum"]], part))
        return rates


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr in `step_size_up` steps, down in `step_size_down`, again and again
    (Smith 2015). The height is constant ("triangular"), halves every cycle ("triangular2"), is
    gamma^step ("exp_range"), or is scale_fn of the cycle's or step's number (`scale_mode`)."""

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None,
                 mode="triangular", gamma=1.0, scale_fn=None, scale_mode="cycle",
                 cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1):
        check_optimizer(optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("CyclicLR: mode is 'triangular', 'triangular2' or 'exp_range', or "
                             "scale_fn is given")
        base_lrs = _per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, base in zip(optimizer.param_groups, base_lrs):
                set_rate(group, base)
        self.max_lrs = _per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode, self.gamma, self._scale_fn = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else (
            "iterations" if mode == "exp_range" else "cycle")
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            _check_has_momentum(optimizer)
            self.base_momentums = _per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = _per_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, most in zip(optimizer.param_groups, self.max_momentums):
                    _set_momentum(group, most)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """The height of the cycle or step of number `x`."""
        if self._scale_fn is not None:
            return self._scale_fn(x)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (x - 1))
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self):
        cycle = floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = height * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, base, most in zip(self.optimizer.param_groups, self.base_momentums,
                                         self.max_momentums):
                _set_momentum(group, most - (most - base) * scale)
        return [base + (most - base) * scale for base, most in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self):
        """A scale_fn that is a plain function isn't part of it."""
        state = super().state_dict()
        function = state.pop("_scale_fn")
        if function is not None and hasattr(function, "__dict__") and function.__dict__:
            state["_scale_fn"] = dict(function.__dict__)
        return state

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        kept = state.pop("_scale_fn", None)
        if kept is not None and self._scale_fn is not None:
            self._scale_fn.__dict__.update(kept)
        super().load_state_dict(state)
