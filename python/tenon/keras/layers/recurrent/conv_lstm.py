"""LSTMs whose products are convolutions: Shi et al. 2015."""

from .... import _core
from ... import activations
from ..._input_spec import InputSpec
from ..._windows import convolved, out_in_window, pairs_of
from .._base import ChannelsMixin, checked_positive, listed, serialized
from .cells import Cell
from .rnn import RNN


class ConvLSTMCell(ChannelsMixin, Cell):
    """One step: the gates are convolutions of the input and of the state before."""

    _gates = 4

    def __init__(self, rank, filters, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal",
                 bias_initializer="zeros", unit_forget_bias=True, kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rank, self.filters = rank, checked_positive("ConvLSTM", "filters", filters)
        self.kernel_size = listed(kernel_size, rank, "kernel_size")
        self.strides = listed(strides, rank, "strides")
        self.dilation_rate = listed(dilation_rate, rank, "dilation_rate")
        self.padding = str(padding).lower()
        if self.padding not in ("valid", "same"):
            raise ValueError(f"ConvLSTM(): padding is 'valid' or 'same', not {padding!r}")
        self._set_format(data_format)
        self._set(filters, activation, use_bias, {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }, dropout, recurrent_dropout, seed)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    state_size = property(lambda self: [self.filters, self.filters])

    def build(self, input_shape):
        channels, width = input_shape[self._channel_axis], 4 * self.filters
        self.kernel = self._add_by_rules("kernel", (*self.kernel_size, channels, width))
        self.recurrent_kernel = self._add_by_rules(
            "recurrent", (*self.kernel_size, self.filters, width), "recurrent_kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self._add_by_rules("bias", (width,), initializer=self._bias_start())

    def _bias_start(self):
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape, dtype=None):
            parts = [self.bias_initializer((self.filters,), dtype=dtype) for _ in range(3)]
            return _core.cat([parts[0], _core.ones_like(parts[0]), *parts[1:]])

        return start

    def places(self, sizes):
        """The sizes of a step's output for those of its input, without batch and channels; None
        where they aren't known."""
        made = []
        for size, window, stride, step in zip(sizes, self.kernel_size, self.strides,
                                              self.dilation_rate):
            if size is not None:
                ((before, behind),) = pairs_of(self.padding, [size], [window], [stride], [step])
                size = (size + before + behind - (window - 1) * step - 1) // stride + 1
            made.append(size)
        return made

    def call(self, inputs, states, training=None):
        inputs, h = self._dropped(inputs, states[0], training)
        ones = (1,) * self.rank
        gates = convolved(self._first(inputs), out_in_window(self.kernel), self.bias, self.strides,
                          self.padding, self.dilation_rate)
        gates = gates + convolved(self._first(h), out_in_window(self.recurrent_kernel), None, ones,
                                  "same", ones)
        i, f, g, o = (self._back(part) for part in gates.chunk(4, 1))
        gate = self.recurrent_activation
        c = gate(f) * states[1] + gate(i) * self.activation(g)
        y = gate(o) * self.activation(c)
        return y, [y, c]

    def can_run_at_once(self, training):
        return False


_OF_RNN = ("return_sequences", "return_state", "go_backwards", "stateful")


class _ConvLSTM(RNN):
    """A convolutional LSTM over the steps of (batch, time, ..., channels)."""

    _rank = 2

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal",
                 bias_initializer="zeros", unit_forget_bias=True, kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False,
                 return_state=False, go_backwards=False, stateful=False, **kwargs):
        given = dict(locals())
        self.__dict__["_of_cell"] = names = [
            name for name in given if name not in (
                "self", "kwargs", "__class__", "activity_regularizer", *_OF_RNN)]
        cell = ConvLSTMCell(self._rank, **{name: given[name] for name in names},
                            dtype=kwargs.get("dtype"))
        kwargs.pop("unroll", None)
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=self._rank + 3)

    def _sizes(self, shape):
        """What a state has beside the batch, for sequences of this shape."""
        sizes = [*shape[2:]]
        axis = self.cell._channel_axis
        places = self.cell.places(sizes[:-1] if axis == -1 else sizes[1:])
        return (*places, self.cell.filters) if axis == -1 else (self.cell.filters, *places)

    def build(self, sequences_shape, initial_state_shape=None):
        self.__dict__["_state_sizes"] = self._sizes(sequences_shape)
        super().build(sequences_shape, initial_state_shape)

    def get_initial_state(self, batch_size):
        return [_core.zeros((batch_size, *self._state_sizes), dtype=self.cell.kernel.dtype)
                for _ in range(2)]

    def _first_states(self, sequences, initial_state):
        self.__dict__["_state_sizes"] = self._sizes(sequences.shape)
        return super()._first_states(sequences, initial_state)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[:2]
        state = (batch, *self._sizes(sequences_shape))
        shape = (batch, steps, *state[1:]) if self.return_sequences else state
        return (shape, state, state) if self.return_state else shape

    def get_config(self):
        config = super().get_config()
        for name in ("cell", "unroll", "zero_output_for_mask"):
            del config[name]
        return {**config, **{name: serialized(getattr(self.cell, name)) for name in self._of_cell}}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class ConvLSTM1D(_ConvLSTM):
    """An LSTM of (batch, time, steps, features) with convolutions over the steps."""

    _rank = 1


class ConvLSTM2D(_ConvLSTM):
    """An LSTM of (batch, time, height, width, channels) with convolutions over images."""


class ConvLSTM3D(_ConvLSTM):
    """An LSTM of (batch, time, depth, height, width, channels) with convolutions over volumes."""

    _rank = 3
