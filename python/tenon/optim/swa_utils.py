"""Averages of a model's parameters over the steps of training."""

import copy
from itertools import chain
from math import cos, pi

from .. import _core
from .._modes import no_grad
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from .lr_scheduler import LRScheduler

__all__ = ["AveragedModel", "SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
           "get_swa_multi_avg_fn", "update_bn"]


def get_ema_avg_fn(decay=0.999):
    """Of an averaged and a present parameter: averaged * decay + present * (1 - decay)."""
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] "
                         "range.")
    return no_grad()(lambda averaged, present, _: decay * averaged + (1 - decay) * present)


def get_swa_avg_fn():
    """Of a mean of `count` parameters and a present one: the mean of all of them."""
    return no_grad()(lambda averaged, present, count: averaged + (present - averaged) / (count + 1))


def _of_lists(average):
    """An average of one parameter for lists of them, in place."""

    @no_grad()
    def update(averaged, present, count):
        for one, other in zip(averaged, present):
            fractional = one.is_floating_point() or one.is_complex()
            one.copy_(average(one, other, count) if fractional else other)

    return update


def get_ema_multi_avg_fn(decay=0.999):
    """`get_ema_avg_fn` of lists of parameters, in place."""
    return _of_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn():
    """`get_swa_avg_fn` of lists of parameters, in place."""
    return _of_lists(get_swa_avg_fn())


class AveragedModel(Module):
    """A copy of a model, `module`, whose parameters are averages of those that `update_parameters`
    is given: their mean, or what `avg_fn(averaged, present, count)` gives of a parameter or
    `multi_avg_fn` writes in place of lists of them. With `use_buffers` buffers are averaged, too;
    otherwise they are copied."""

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", _core.zeros((), dtype=_core.int64, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)

    def _averaged(self, model):
        """The tensors of a model that are averaged, detached."""
        buffers = model.buffers() if self.use_buffers else ()
        return [tensor.detach() for tensor in chain(model.parameters(), buffers)]

    @no_grad()
    def update_parameters(self, model):
        """Takes the model's present parameters into the average."""
        averaged, present = self._averaged(self.module), self._averaged(model)
        if self.n_averaged == 0:
            for one, other in zip(averaged, present):
                one.copy_(other)
        elif self.avg_fn is not None:
            _of_lists(self.avg_fn)(averaged, present, self.n_averaged)
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averaged, present, self.n_averaged)
        if not self.use_buffers:
            for one, other in zip(self.module.buffers(), model.buffers()):
                one.detach().copy_(other)
        self.n_averaged += 1


@no_grad()
def update_bn(loader, model, device=None):
    """Makes the running statistics of batch normalisations anew: their means over a run through
    `loader`, whose batches, or the first parts of them, the model is called with."""
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    was_training, momenta = model.training, [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    model.train()
    for batch in loader:
        input = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(input if device is None else input.to(device))
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the present rate to `swa_lr` within `anneal_epochs` steps, by a cosine or linearly."""

    def __init__(self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1):
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError("anneal_strategy must by one of 'cos' or 'linear', instead got "
                             f"{anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError("anneal_epochs must be equal or greater than 0, got "
                             f"{anneal_epochs}")
        rates = (swa_lr if isinstance(swa_lr, (list, tuple))
                 else [swa_lr] * len(optimizer.param_groups))
        if len(rates) != len(optimizer.param_groups):
            raise ValueError(f"swa_lr must have the same length as optimizer.param_groups: swa_lr "
                             f"has {len(rates)}, optimizer.param_groups has "
                             f"{len(optimizer.param_groups)}")
        for group, rate in zip(optimizer.param_groups, rates):
            group["swa_lr"] = rate
        self.anneal_epochs, self._anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _way(self, step):
        """How far the rate is from where it began (0) to swa_lr (1)."""
        part = max(0, min(1, step / max(1, self.anneal_epochs)))
        return part if self._anneal_strategy == "linear" else (1 - cos(pi * part)) / 2

    def get_lr(self):
        step = max(1, self.last_epoch) if self.anneal_epochs == 0 else self.last_epoch
        before, now = self._way(step - 1), self._way(step)
        rates = []
        for group, rate in zip(self.optimizer.param_groups, self._rates()):
            end = group["swa_lr"]
            start = end if before == 1 else (rate - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
