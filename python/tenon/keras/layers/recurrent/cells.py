"""Cells: one step of a recurrent layer. Gates stand in Keras's order."""

from .... import _core
from ...._eager.tensor import own
from ... import _tree, activations, initializers
from ..._arrays import as_dtype
from ..._layer import Layer
from ..._registry import deserialize, serialize
from ..._seeds import generator_of
from .._base import BuiltIn, checked_positive


class Cell(BuiltIn):
    """What the cells share: two kernels, a bias and dropout of inputs and states, whose zeros are
    the same in all steps of a sequence."""

    _gates = 1

    def _set(self, units, activation, use_bias, rules, dropout, recurrent_dropout, seed):
        self.units = checked_positive(type(self).__name__, "units", units)
        self.activation, self.use_bias = activations.get(activation), use_bias
        for what, of_weight in rules.items():
            self._set_rules(what, *of_weight)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.__dict__["_generator"] = generator_of(seed)
        self.__dict__["_masks"] = None

    state_size = property(lambda self: self.units)
    output_size = property(lambda self: self.units)

    def _bias_shape(self):
        return (self.units * self._gates,)

    def _bias_start(self):
        return self.bias_initializer

    def build(self, input_shape):
        width = self.units * self._gates
        self.kernel = self._add_by_rules("kernel", (input_shape[-1], width))
        self.recurrent_kernel = self._add_by_rules("recurrent", (self.units, width),
                                                   "recurrent_kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self._add_by_rules("bias", self._bias_shape(),
                                           initializer=self._bias_start())

    def get_initial_state(self, batch_size=None):
        """Zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        dtype = as_dtype(self.variable_dtype)
        return [own(_core.zeros((int(batch_size), size), dtype=dtype)) for size in sizes]

    def begin_sequence(self):
        """What the next step drops, all until `end_sequence` drop."""
        self.__dict__["_masks"] = []

    def end_sequence(self):
        """Each step draws for itself again."""
        self.__dict__["_masks"] = None

    def _dropped(self, inputs, state, training):
        """Inputs and state without what is dropped."""
        if not training or not (self.dropout or self.recurrent_dropout):
            return inputs, state
        masks = self._masks or [
            _core.dropout(_core.ones_like(x), rate, True, generator=self._generator) if rate
            else None
            for x, rate in ((inputs, self.dropout), (state, self.recurrent_dropout))]
        if self._masks is not None:
            self.__dict__["_masks"] = masks
        return tuple(x if mask is None else x * mask for x, mask in zip((inputs, state), masks))

    def can_run_at_once(self, training):
        """Whether the op for whole sequences computes what this cell's steps do."""
        return not (training and (self.dropout or self.recurrent_dropout))


class SimpleRNNCell(Cell):
    """h = activation(x @ kernel + h @ recurrent_kernel + bias)."""

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._set(units, activation, use_bias, {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }, dropout, recurrent_dropout, seed)

    def call(self, inputs, states, training=None):
        given = states[0] if isinstance(states, (list, tuple)) else states
        inputs, h = self._dropped(inputs, given, training)
        y = self.activation(_core.linear(inputs, self.kernel.t(), self.bias)
                            + h @ self.recurrent_kernel)
        return y, [y]

    def can_run_at_once(self, training):
        return (super().can_run_at_once(training)
                and self.activation in (activations.tanh, activations.relu))

    def run_at_once(self, x, states):
        """All steps of x (batch, time, features)."""
        op = _core.rnn_tanh if self.activation is activations.tanh else _core.rnn_relu
        weights = [self.kernel.t(), self.recurrent_kernel.t()]
        if self.use_bias:
            weights += [self.bias, _core.zeros_like(self.bias)]
        y, h = op(x, states[0].unsqueeze(0), weights, self.use_bias, batch_first=True)
        return y, [h[0]]


class LSTMCell(Cell):
    """Hochreiter and Schmidhuber 1997: i, f, g, o = the parts of x @ kernel + h @ recurrent_kernel
    + bias; c = f * c + i * activation(g); h = o * activation(c), gates by recurrent_activation."""

    _gates = 4

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal",
                 bias_initializer="zeros", unit_forget_bias=True, kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._set(units, activation, use_bias, {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }, dropout, recurrent_dropout, seed)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    state_size = property(lambda self: [self.units, self.units])

    def _bias_start(self):
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape, dtype=None):
            parts = [self.bias_initializer((self.units,), dtype=dtype),
                     initializers.Ones()((self.units,), dtype=dtype),
                     self.bias_initializer((2 * self.units,), dtype=dtype)]
            return _core.cat(parts)

        return start

    def call(self, inputs, states, training=None):
        inputs, h = self._dropped(inputs, states[0], training)
        gates = _core.linear(inputs, self.kernel.t(), self.bias) + h @ self.recurrent_kernel
        i, f, g, o = gates.chunk(4, -1)
        gate = self.recurrent_activation
        c = gate(f) * states[1] + gate(i) * self.activation(g)
        y = gate(o) * self.activation(c)
        return y, [y, c]

    def can_run_at_once(self, training):
        return (super().can_run_at_once(training) and self.activation is activations.tanh
                and self.recurrent_activation is activations.sigmoid)

    def run_at_once(self, x, states):
        """All steps of x (batch, time, features)."""
        weights = [self.kernel.t(), self.recurrent_kernel.t()]
        if self.use_bias:
            weights += [self.bias, _core.zeros_like(self.bias)]
        y, h, c = _core.lstm(x, states[0].unsqueeze(0), states[1].unsqueeze(0), weights,
                             self.use_bias, batch_first=True)
        return y, [h[0], c[0]]


class GRUCell(Cell):
    """Cho et al. 2014: z, r by recurrent_activation of x @ kernel + h @ recurrent_kernel + bias;
    g = activation(x @ kernel + r * (h @ recurrent_kernel + recurrent bias) + bias);
    h = z * h + (1 - z) * g. Without `reset_after`, r * h takes the place of h in g."""

    _gates = 3

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal",
                 bias_initializer="zeros", kernel_regularizer=None, recurrent_regularizer=None,
                 bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None,
                 bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, reset_after=True,
                 seed=None, **kwargs):
        super().__init__(**kwargs)
        self._set(units, activation, use_bias, {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }, dropout, recurrent_dropout, seed)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _biases(self):
        """Of inputs and of states."""
        if self.bias is None:
            return None, None
        return (self.bias[0], self.bias[1]) if self.reset_after else (self.bias, None)

    def call(self, inputs, states, training=None):
        given = states[0] if isinstance(states, (list, tuple)) else states
        inputs, h = self._dropped(inputs, given, training)
        of_inputs, of_states = self._biases()
        x_z, x_r, x_g = _core.linear(inputs, self.kernel.t(), of_inputs).chunk(3, -1)
        gate = self.recurrent_activation
        if self.reset_after:
            h_z, h_r, h_g = _core.linear(h, self.recurrent_kernel.t(), of_states).chunk(3, -1)
            z, r = gate(x_z + h_z), gate(x_r + h_r)
            g = self.activation(x_g + r * h_g)
        else:
            gates, inner = self.recurrent_kernel.split([2 * self.units, self.units], 1)
            h_z, h_r = (h @ gates).chunk(2, -1)
            z, r = gate(x_z + h_z), gate(x_r + h_r)
            g = self.activation(x_g + (r * h) @ inner)
        y = z * given + (1 - z) * g
        return y, [y]

    def can_run_at_once(self, training):
        return (super().can_run_at_once(training) and self.reset_after
                and self.activation is activations.tanh
                and self.recurrent_activation is activations.sigmoid)

    def run_at_once(self, x, states):
        """All steps of x (batch, time, features). The op has r before z."""
        def reordered(w):
            z, r, g = w.chunk(3, -1)
            return _core.cat([r, z, g], -1)

        weights = [reordered(self.kernel).t(), reordered(self.recurrent_kernel).t()]
        if self.use_bias:
            weights += [reordered(bias) for bias in self._biases()]
        y, h = _core.gru(x, states[0].unsqueeze(0), weights, self.use_bias, batch_first=True)
        return y, [h[0]]


class StackedRNNCells(Layer):
    """Cells on each other as one."""

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError("StackedRNNCells(): a cell has `call` and `state_size`, not "
                                 f"{cell}")
        self.cells = list(cells)

    @property
    def state_size(self):
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        return output_size_of(self.cells[-1])

    def begin_sequence(self):
        for cell in self.cells:
            begin_sequence(cell)

    def end_sequence(self):
        for cell in self.cells:
            end_sequence(cell)

    def get_initial_state(self, batch_size=None):
        return [initial_state_of(cell, batch_size) for cell in self.cells]

    def call(self, inputs, states, training=None):
        after = []
        for cell, state in zip(self.cells, states):
            listed = list(state) if isinstance(state, (list, tuple)) else [state]
            inputs, state = called_cell(cell, inputs, listed, training)
            after.append(state)
        return inputs, after

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size_of(cell))

    def get_config(self):
        return {**super().get_config(), "cells": [serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cells": [deserialize(cell) for cell in config["cells"]]})


def output_size_of(cell):
    """How many features a cell gives."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = _tree.flatten(cell.state_size)[0]
    return size


def initial_state_of(cell, batch):
    """A list of a cell's states before the first step."""
    make = getattr(cell, "get_initial_state", None)
    if make is not None:
        state = make(batch_size=batch)
        return list(state) if isinstance(state, (list, tuple)) else [state]
    sizes = cell.state_size if isinstance(cell.state_size, (list, tuple)) else [cell.state_size]
    return [_core.zeros((batch, size)) for size in sizes]


def begin_sequence(cell):
    """Tells a cell of this library that steps of one sequence follow."""
    if isinstance(cell, (Cell, StackedRNNCells)):
        cell.begin_sequence()


def end_sequence(cell):
    """Tells a cell of this library that a sequence is over."""
    if isinstance(cell, (Cell, StackedRNNCells)):
        cell.end_sequence()


def called_cell(cell, inputs, states, training):
    """The output and the list of states after one step."""
    if isinstance(cell, (Cell, StackedRNNCells)):
        return cell.call(inputs, states, training)
    y, after = cell(inputs, states, training=training) if isinstance(cell, Layer) else cell.call(
        inputs, states)
    return y, list(after) if isinstance(after, (list, tuple)) else [after]
