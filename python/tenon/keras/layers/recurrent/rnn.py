"""RNN: a cell over the steps of sequences."""

from .... import _core
from ...._modes import no_grad
from ... import _tree
from ..._layer import Layer
from ..._registry import deserialize, serialize
from ..._variable import Variable
from .cells import (StackedRNNCells, begin_sequence, called_cell, end_sequence, initial_state_of,
                    output_size_of)


class RNN(Layer):
    """A cell over the steps of (batch, time, features): the last output, or all with
    `return_sequences`; with `return_state`, the states after the last step, too. Where a step is
    masked, states stay and the output is that of before (zeros with `zero_output_for_mask`).
    go_backwards: from the last step to the first, outputs in that order. stateful: the next batch
    goes on from the states that this one ended with. `unroll` is taken, and changes nothing."""

    def __init__(self, cell, return_sequences=False, return_state=False, go_backwards=False,
                 stateful=False, unroll=False, zero_output_for_mask=False, **kwargs):
        for old in "time_major", "input_length":
            if kwargs.pop(old, None) and old == "time_major":
                raise ValueError("RNN(): time_major isn't an argument any more; transpose the "
                                 "input")
        super().__init__(**kwargs)
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
            raise ValueError(f"RNN(): the cell has a `call` method and a `state_size`, not {cell}")
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.__dict__["states"] = None  # which aren't weights

    @property
    def state_size(self):
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ValueError("a stateful RNN needs to know its batch size: give it by "
                                 f"batch_shape or batch_size, not {tuple(sequences_shape)}")
            self.__dict__["states"] = _tree.map_structure(
                lambda state: Variable(state, trainable=False, name="rnn_state"),
                self.get_initial_state(sequences_shape[0]))

    def get_initial_state(self, batch_size):
        """A list of states of zeros."""
        return initial_state_of(self.cell, batch_size)

    def reset_state(self):
        """States are zeros again."""
        for state in _tree.flatten(self.states or []):
            state.assign(_core.zeros_like(state))

    reset_states = reset_state

    def call(self, sequences, initial_state=None, mask=None, training=None):
        if sequences.dim() < 3:
            raise ValueError(f"{type(self).__name__} takes (batch, time, features), not "
                             f"{tuple(sequences.shape)}")
        states = self._first_states(sequences, initial_state)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        # gradients end with the batch, and the variables are written before backward
        if self.stateful:
            states = _tree.map_structure(lambda state: state.detach().clone(), states)
        whole = getattr(self.cell, "can_run_at_once", None)
        runs = whole is not None and whole(training) and sequences.shape[1] > 0
        # Of states that aren't outputs the op gives those after the last step only.
        shows_states = self.return_state or self.stateful
        if runs and (mask is None or len(states) == 1 or not shows_states):
            output, states = self._at_once(sequences, states, mask)
        else:
            output, states = self._stepped(sequences, states, mask, training)
        if self.stateful:
            with no_grad():
                for held, state in zip(_tree.flatten(self.states), _tree.flatten(states)):
                    held.copy_(state)
        return (output, *states) if self.return_state else output

    def _first_states(self, sequences, initial_state):
        if initial_state is None:
            if self.stateful:
                size = _tree.flatten(self.states)[0].shape[0]
                if size != sequences.shape[0]:
                    raise ValueError(f"a stateful RNN was built for batches of {size} sequences, "
                                     f"this one has {sequences.shape[0]}")
                return list(self.states)
            return self.get_initial_state(sequences.shape[0])
        given = initial_state if isinstance(initial_state, (list, tuple)) else [initial_state]
        if len(given) != len(self.state_size):
            raise ValueError(f"{type(self).__name__} has {len(self.state_size)} states, the "
                             f"initial_state {len(given)}")
        return list(given)

    def _at_once(self, x, states, mask):
        """The output and the states, by one op."""
        if self.go_backwards:
            x, mask = x.flip(1), None if mask is None else mask.flip(1)
        if mask is None:
            outputs, states = self.cell.run_at_once(x, states)
            return (outputs if self.return_sequences else outputs[:, -1]), states
        # Steps that are on go to the front, in their order: behind them nothing is looked at.
        on = mask.to(_core.bool)
        order = _core.argsort(_core.logical_not(on).to(_core.int32), 1, False, True)
        x = x.gather(1, order.unsqueeze(-1).expand(x.shape))
        outputs, _ = self.cell.run_at_once(x, states)
        # What a step shows is the output of the last one that was on: the count-th, zeros before.
        outputs = _core.pad(outputs, [0, 0, 1, 0])
        counts = _core.cumsum(on.to(_core.int64), 1)
        shown = outputs.gather(1, counts.unsqueeze(-1).expand((*counts.shape, outputs.shape[-1])))
        last = shown[:, -1]
        is_any = counts[:, -1:] > 0
        states = [_core.where(is_any, last, states[0])]
        if not self.return_sequences:
            return last, states
        return (shown * on.unsqueeze(-1).to(shown.dtype) if self.zero_output_for_mask
                else shown), states

    def _stepped(self, sequences, states, mask, training):
        """The output and the states, step by step."""
        count = sequences.shape[1]
        if count == 0:
            raise ValueError(f"{type(self).__name__}: sequences of no steps have no last output")
        order = range(count - 1, -1, -1) if self.go_backwards else range(count)
        outputs, last = [], None
        begin_sequence(self.cell)
        try:
            for t in order:
                y, after = called_cell(self.cell, sequences[:, t], states, training)
                if mask is not None:
                    y, after = self._kept(mask[:, t], y, last, after, states)
                last, states = y, after
                if self.return_sequences:
                    outputs.append(self._shown(y, mask, t))
        finally:
            end_sequence(self.cell)
        return (_core.stack(outputs, 1) if self.return_sequences else last), states

    def _kept(self, on, y, last, after, states):
        """Outputs and states of a step, of before where the step is masked."""
        on = on.to(_core.bool)

        def choose(new, old):
            return _core.where(on.reshape((-1, *(1,) * (new.dim() - 1))), new, old)

        y = choose(y, _core.zeros_like(y) if last is None else last)
        return y, _tree.map_structure(choose, after, states)

    def _shown(self, y, mask, t):
        if mask is None or not self.zero_output_for_mask:
            return y
        return y * mask[:, t].to(y.dtype).reshape((-1, *(1,) * (y.dim() - 1)))

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        shown = mask if self.return_sequences else None
        return [shown, *(None for _ in self.state_size)] if self.return_state else shown

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[:2]
        size = output_size_of(self.cell)
        shape = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return shape
        return (shape, *_tree.map_structure(lambda one: (batch, one), self.state_size))

    def get_config(self):
        return {**super().get_config(), "cell": serialize(self.cell), **self._rnn_config()}

    def _rnn_config(self):
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll",
                 "zero_output_for_mask")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cell": deserialize(config["cell"])})
