"""Learning rates that change with the steps."""

import math

from ... import _core
from .._arrays import Tensor
from .._registry import Registry

_registry = Registry("learning rate schedule", "keras.optimizers.schedules")


class LearningRateSchedule:
    """The base: a callable of the step that gives the learning rate.

        class Warmup(keras.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                return tf.minimum(tf.cast(step, tf.float32) / 1000, 1.0) * 1e-3
    """

    _takes_numbers = False  # whether a Python number as the step gives a Python number

    def __call__(self, step):
        raise NotImplementedError(f"{type(self).__name__} has no __call__(step), which schedules "
                                  "must have")

    def get_config(self):
        """The arguments that make it again."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config(), which schedules "
                                  "that are written to files must have")

    @classmethod
    def from_config(cls, config):
        """The schedule of a config."""
        return cls(**config)


class _Formula(LearningRateSchedule):
    """A schedule by a formula of Python numbers; of a tensor it gives a tensor."""

    _takes_numbers = True
    _config_names = ()

    def __call__(self, step):
        if isinstance(step, Tensor):
            return _core.full((), self._rate(step.item()), dtype=_core.float32)
        return self._rate(step)

    def get_config(self):
        return {name: getattr(self, name) for name in self._config_names}


def _checked_steps(kind, name, steps):
    if steps <= 0:
        raise ValueError(f"{kind}(): {name} is positive, not {steps}")
    return steps


class ExponentialDecay(_Formula):
    """initial * decay_rate^(step / decay_steps); with `staircase`, of the whole quotient."""

    _config_names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False,
                 name="ExponentialDecay"):
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = _checked_steps("ExponentialDecay", "decay_steps", decay_steps)
        self.staircase, self.name = staircase, name

    def _part(self, step):
        part = step / self.decay_steps
        return math.floor(part) if self.staircase else part

    def _rate(self, step):
        return self.initial_learning_rate * self.decay_rate ** self._part(step)


class InverseTimeDecay(ExponentialDecay):
    """initial / (1 + decay_rate * step / decay_steps); with `staircase`, of the whole quotient."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False,
                 name="InverseTimeDecay"):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def _rate(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self._part(step))


class PiecewiseConstantDecay(_Formula):
    """values[0] up to and with the step boundaries[0], then values[1] up to boundaries[1] ..."""

    _config_names = ("boundaries", "values", "name")

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError("PiecewiseConstantDecay(): there is one boundary less than values, "
                             f"not {len(boundaries)} and {len(values)}")
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def _rate(self, step):
        for boundary, value in zip(self.boundaries, self.values):
            if step <= boundary:
                return value
        return self.values[-1]


class PolynomialDecay(_Formula):
    """end + (initial - end) * (1 - step / decay_steps)^power, where steps go up to decay_steps;
    with `cycle`, decay_steps is multiplied until it holds the step."""

    _config_names = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle",
                     "name")

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0,
                 cycle=False, name="PolynomialDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.end_learning_rate = end_learning_rate
        self.decay_steps = _checked_steps("PolynomialDecay", "decay_steps", decay_steps)
        self.power, self.cycle, self.name = power, cycle, name

    def _rate(self, step):
        steps = self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(step / steps))
        else:
            step = min(step, steps)
        span = self.initial_learning_rate - self.end_learning_rate
        return self.end_learning_rate + span * (1 - step / steps) ** self.power


class CosineDecay(_Formula):
    """Half a cosine from the initial rate to alpha times it over decay_steps (Loshchilov and Hutter
    2016); with `warmup_target`, first a line from the initial rate to it over warmup_steps."""

    _config_names = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target",
                     "warmup_steps")

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay",
                 warmup_target=None, warmup_steps=0):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.decay_steps = _checked_steps("CosineDecay", "decay_steps", decay_steps)
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def _rate(self, step):
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, step = self.warmup_target, step - self.warmup_steps
        part = min(step, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1 + math.cos(math.pi * part))
        return top * ((1 - self.alpha) * cosine + self.alpha)


class CosineDecayRestarts(_Formula):
    """Half cosines from the rate to alpha times it, each t_mul times as long and m_mul times as
    high as the one before: Loshchilov and Hutter 2016."""

    _config_names = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha",
                     "name")

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0,
                 name="SGDRDecay"):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.first_decay_steps = _checked_steps("CosineDecayRestarts", "first_decay_steps",
                                                first_decay_steps)
        self.t_mul, self.m_mul = t_mul, m_mul

    def _rate(self, step):
        part, restarts = step / self.first_decay_steps, 0
        if self.t_mul == 1.0:
            restarts = math.floor(part)
            part -= restarts
        else:
            # The small number keeps what is a whole one but for rounding.
            restarts = math.floor(math.log(1 - part * (1 - self.t_mul)) / math.log(self.t_mul) +
                                  1e-9)
            before = (1 - self.t_mul**restarts) / (1 - self.t_mul)
            part = max(0.0, part - before) / self.t_mul**restarts
        cosine = 0.5 * self.m_mul**restarts * (1 + math.cos(math.pi * part))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)


for _class in (ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay,
               CosineDecay, CosineDecayRestarts):
    _registry.register(_class)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
