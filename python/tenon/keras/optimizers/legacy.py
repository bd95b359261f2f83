"""Optimizers as in tf.keras before 2.11: `decay` divides the rate by 1 + decay * step."""

from . import _formulas
from .schedules import InverseTimeDecay


def _with_decay(kind):
    """The optimizer with the argument `decay`."""

    def __init__(self, *args, decay=0.0, **kwargs):
        kind.__init__(self, *args, **kwargs)
        if decay:
            self.learning_rate = InverseTimeDecay(self._rate(), 1, decay)

    return type(kind.__name__, (kind,), {"__init__": __init__, "__doc__": kind.__doc__,
                                         "__module__": __name__})


SGD, Adam, RMSprop, Adagrad, Adadelta, Adamax, Nadam, Ftrl = map(_with_decay, (
    _formulas.SGD, _formulas.Adam, _formulas.RMSprop, _formulas.Adagrad, _formulas.Adadelta,
    _formulas.Adamax, _formulas.Nadam, _formulas.Ftrl))
