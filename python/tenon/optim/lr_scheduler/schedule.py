"""The base of schedules."""

import warnings

from ..optimizer import Optimizer


def rate_of(group, key="lr"):
    """A group's learning rate, which may be a tensor, as a number."""
    return float(group[key])


def set_rate(group, rate):
    """A rate that is a tensor is written in place, so that who holds it sees it."""
    if hasattr(group["lr"], "fill_"):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def check_optimizer(optimizer):
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """Sets the learning rates of an optimizer's groups: at once, and at each `step()`. Subclasses
    have `get_lr()`, which gives a rate for each group, from `self.last_epoch` (the number of
    steps), `self.base_lrs` (the rates at first) and the groups' present rates."""

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", rate_of(group))
            elif "initial_lr" not in group:
                raise KeyError("param 'initial_lr' is not specified in param_groups"
                               f"[{i}] when resuming scheduler with last_epoch >= 0")
        self.base_lrs = [rate_of(group, "initial_lr") for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self):
        self._step_count = 0
        self._last_lr = None
        self.optimizer.__dict__.setdefault("_opt_called", False)
        self.step()

    def get_lr(self):
        """The rates of the present step, one for each group."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr(), which subclasses of "
                                  "LRScheduler must have")

    def get_last_lr(self):
        """The rates that the last step set."""
        return self._last_lr

    def step(self, epoch=None):
        """Moves on by one step, or to one."""
        if self._step_count == 1 and not self.optimizer.__dict__.get("_opt_called", True):
            warnings.warn("lr_scheduler.step() was called before optimizer.step(): the first rate "
                          "of the schedule is skipped; call optimizer.step() first", stacklevel=2)
        self._step_count += 1
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            closed = getattr(self, "_get_closed_form_lr", self.get_lr)
            rates = closed()
        self._set(rates)

    def _set(self, rates):
        for group, rate in zip(self.optimizer.param_groups, rates):
            set_rate(group, rate)
        self._last_lr = [rate_of(group) for group in self.optimizer.param_groups]

    def _rates(self):
        return [rate_of(group) for group in self.optimizer.param_groups]

    def state_dict(self):
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict):
        self.__dict__.update(state_dict)
