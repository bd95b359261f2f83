"""Recurrent networks, over whole sequences and step by step."""

import math
import numbers
import warnings

from ..._creation import empty
from ... import _core
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module
from .projected_lstm import projected_lstm

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _permuted(state, order):
    return state if order is None else _core.index_select(state, 1, order)


class RNNBase(Module):
    """What recurrent networks have in common: weights a layer and direction, uniform in [-k, k],
    k = 1 / sqrt(hidden_size)."""

    def __init__(self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None):
        super().__init__()
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        self._check_arguments(dropout)
        self._all_names = []
        for layer in range(num_layers):
            for suffix in ["", "_reverse"][:1 + bidirectional]:
                self._add_layer(layer, suffix, {"device": device, "dtype": dtype})
        self._flat_weights_names = [name for names in self._all_names for name in names]
        self.reset_parameters()

    def _check_arguments(self, dropout):
        if isinstance(dropout, bool) or not isinstance(dropout, numbers.Number) or \
                not 0 <= dropout <= 1:
            raise ValueError("dropout should be a number in range [0, 1] representing the "
                             "probability of an element being zeroed")
        if dropout > 0 and self.num_layers == 1:
            warnings.warn("dropout option adds dropout after all but last recurrent layer, so "
                          "non-zero dropout expects num_layers greater than 1, but got "
                          f"dropout={dropout} and num_layers=1", stacklevel=4)
        for name in "hidden_size", "num_layers":
            if not isinstance(getattr(self, name), int):
                raise TypeError(f"{name} should be of type int, got: "
                                f"{type(getattr(self, name)).__name__}")
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable "
                             "projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _add_layer(self, layer, suffix, where):
        rows = _GATES[self.mode] * self.hidden_size
        real = self.proj_size or self.hidden_size
        inputs = self.input_size if layer == 0 else real * (1 + self.bidirectional)
        shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, real)}
        if self.bias:
            shapes.update(bias_ih=(rows,), bias_hh=(rows,))
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = [f"{name}_l{layer}{suffix}" for name in shapes]
        for name, shape in zip(names, shapes.values()):
            self.register_parameter(name, Parameter(empty(shape, **where)))
        self._all_names.append(names)

    @property
    def _flat_weights(self):
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self):
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_names]

    def flatten_parameters(self):
        """For code that is written for GPUs; there is nothing to do."""

    def reset_parameters(self):
        """Draws the initial values anew."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size != 0:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        for name in "bias", "batch_first", "dropout", "bidirectional":
            if getattr(self, name) != (name == "bias"):
                text += f", {name}={getattr(self, name)}"
        return text

    def _zeros(self, size, batch, like):
        layers = self.num_layers * (1 + self.bidirectional)
        return _core.zeros((layers, batch, size), dtype=like.dtype, device=like.device)

    def _check_state(self, state, size, batch, name):
        expected = (self.num_layers * (1 + self.bidirectional), batch, size)
        if tuple(state.shape) != expected:
            raise RuntimeError(f"Expected {name} size {expected}, got {list(state.shape)}")

    def _states(self, hx):
        """The given states as a tuple."""
        return (hx,)

    def _state_sizes(self):
        return [(self.hidden_size, "hidden")]

    def _whole(self, input, states, batch_sizes):
        """Runs the op over the whole sequence: the output, and the last states."""
        return self._op(input, *states, self._flat_weights, self.bias, self.num_layers,
                        self.dropout, self.training, self.bidirectional,
                        self.batch_first and not batch_sizes, batch_sizes)

    def _run(self, input, hx):
        packed = input if isinstance(input, PackedSequence) else None
        is_single = packed is None and input.dim() == 2
        order = None
        if packed is not None:
            input, sizes, order, _ = packed
            batch_sizes = sizes.tolist()
            batch = batch_sizes[0]
        else:
            if input.dim() not in (2, 3):
                raise ValueError(f"{self.mode}: Expected input to be 2D or 3D, got {input.dim()}D "
                                 "instead")
            if is_single:
                input = input.unsqueeze(0 if self.batch_first else 1)
                hx = None if hx is None else tuple(x.unsqueeze(1) for x in self._states(hx))
            batch_sizes, batch = (), input.shape[0 if self.batch_first else 1]
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected "
                               f"{self.input_size}, got {input.shape[-1]}")
        if hx is None:
            states = [self._zeros(size, batch, input) for size, _ in self._state_sizes()]
        else:
            states = hx if is_single else self._states(hx)
            for state, (size, name) in zip(states, self._state_sizes()):
                self._check_state(state, size, batch, name)
            states = [_permuted(state, order) for state in states]
        output, *states = self._whole(input, states, batch_sizes)
        if packed is not None:
            output = PackedSequence(output, sizes, order, packed.unsorted_indices)
            states = [_permuted(state, packed.unsorted_indices) for state in states]
        elif is_single:
            output = output.squeeze(0 if self.batch_first else 1)
            states = [state.squeeze(1) for state in states]
        return output, states


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or with relu for tanh, in layers."""

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True,
                 batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or "
                             "'relu'.")
        self.__dict__["nonlinearity"] = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias,
                         batch_first, dropout, bidirectional, 0, device, dtype)

    @property
    def _op(self):
        return _core.rnn_tanh if self.nonlinearity == "tanh" else _core.rnn_relu

    def forward(self, input, hx=None):
        output, (last,) = self._run(input, hx)
        return output, last


class GRU(RNNBase):
    """Gated recurrent units in layers: Cho et al. 2014."""

    _op = staticmethod(_core.gru)

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, device=None, dtype=None):
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, 0, device, dtype)

    def forward(self, input, hx=None):
        output, (last,) = self._run(input, hx)
        return output, last


class LSTM(RNNBase):
    """Long short-term memory in layers: Hochreiter and Schmidhuber 1997. With `proj_size`, what
    goes on to the next step is the product of the hidden state with another weight."""

    _op = staticmethod(_core.lstm)

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None):
        super().__init__("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, proj_size, device, dtype)

    def _states(self, hx):
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise RuntimeError("LSTM: the state is a pair of tensors (h_0, c_0)")
        return tuple(hx)

    def _state_sizes(self):
        return [(self.proj_size or self.hidden_size, "hidden[0]"), (self.hidden_size, "hidden[1]")]

    def _whole(self, input, states, batch_sizes):
        if self.proj_size:
            return projected_lstm(self, input, states, batch_sizes)
        return super()._whole(input, states, batch_sizes)

    def forward(self, input, hx=None):
        output, (h, c) = self._run(input, hx)
        return output, (h, c)


class RNNCellBase(Module):
    """One step of a recurrent network: weights uniform in [-k, k], k = 1 / sqrt(hidden_size)."""

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        where = {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty((rows, input_size), **where))
        self.weight_hh = Parameter(empty((rows, hidden_size), **where))
        for name in "bias_ih", "bias_hh":
            self.register_parameter(name, Parameter(empty((rows,), **where)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draws the initial values anew."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _step(self, op, input, states, count):
        """One step of a batch, or of one sample; states are zeros where there are none."""
        if input.dim() not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected input to be 1D or 2D, got "
                             f"{input.dim()}D instead")
        is_single = input.dim() == 1
        if is_single:
            input = input.unsqueeze(0)
            states = None if states is None else [state.unsqueeze(0) for state in states]
        if states is None:
            sizes = (input.shape[0], self.hidden_size)
            states = [_core.zeros(sizes, dtype=input.dtype, device=input.device)] * count
        result = op(input, *states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if not is_single:
            return result
        return (tuple(x.squeeze(0) for x in result) if isinstance(result, tuple)
                else result.squeeze(0))


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu for tanh."""

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None,
                 dtype=None):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or "
                             "'relu'.")
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        op = _core.rnn_tanh_cell if self.nonlinearity == "tanh" else _core.rnn_relu_cell
        return self._step(op, input, None if hx is None else (hx,), 1)


class GRUCell(RNNCellBase):
    """One step of `GRU`."""

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        return self._step(_core.gru_cell, input, None if hx is None else (hx,), 1)


class LSTMCell(RNNCellBase):
    """One step of `LSTM`: the new hidden and cell state of a pair of them."""

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        return self._step(_core.lstm_cell, input, hx, 2)
