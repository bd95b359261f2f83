"""SimpleRNN, LSTM and GRU: layers of one cell, whose arguments they take."""

import inspect

from ..._input_spec import InputSpec
from ..._layer import Layer
from .._base import serialized
from .cells import GRUCell, LSTMCell, SimpleRNNCell
from .rnn import RNN

_RNN_NAMES = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll",
              "zero_output_for_mask")


class _OfCell(RNN):
    """A layer of its `_cell`. Arguments are those of the cell, then those of RNN."""

    _cell = None

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        cell = cls.__dict__.get("_cell")
        if cell is None:
            return
        own = list(inspect.signature(cell.__init__).parameters.values())[1:-1]
        cls._cell_names = [parameter.name for parameter in own]
        rnn = [parameter for name, parameter in inspect.signature(RNN.__init__).parameters.items()
               if name in _RNN_NAMES]
        base = inspect.signature(RNN.__init__).parameters
        cls.__signature__ = inspect.Signature([*own, *rnn, base["kwargs"]])
        for name in cls._cell_names:
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name)))

    def __init__(self, units, *args, **kwargs):
        for old in "use_cudnn", "implementation":
            kwargs.pop(old, None)
        positional = [*self._cell_names, *_RNN_NAMES]
        if 1 + len(args) > len(positional):
            raise TypeError(f"{type(self).__name__}() takes at most {len(positional)} arguments")
        given = dict(zip(positional, (units, *args)))
        twice = given.keys() & kwargs.keys()
        if twice:
            raise TypeError(f"{type(self).__name__}() got {min(twice)!r} twice")
        given.update(kwargs)
        cell = {name: given.pop(name) for name in self._cell_names if name in given}
        cell.update({name: given[name] for name in ("dtype", "trainable") if name in given})
        super().__init__(self._cell(**cell), **given)
        self.input_spec = InputSpec(ndim=3)

    def get_config(self):
        return {**Layer.get_config(self), **self._rnn_config(),
                **{name: serialized(getattr(self.cell, name)) for name in self._cell_names}}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class SimpleRNN(_OfCell):
    __doc__ = SimpleRNNCell.__doc__
    _cell = SimpleRNNCell


class LSTM(_OfCell):
    __doc__ = LSTMCell.__doc__
    _cell = LSTMCell


class GRU(_OfCell):
    __doc__ = GRUCell.__doc__
    _cell = GRUCell
