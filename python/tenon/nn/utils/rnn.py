"""Sequences of different lengths in one tensor: padded, or packed step by step."""

from collections import namedtuple

from ... import _core
from .. import functional as F


def _order(lengths):
    """The places of the lengths from the longest on."""
    return sorted(range(len(lengths)), key=lambda place: -lengths[place])


def invert_permutation(permutation):
    """The permutation that undoes this one; None of None."""
    if permutation is None:
        return None
    inverse = [0] * len(permutation)
    for place, target in enumerate(permutation.tolist()):
        inverse[target] = place
    return _core.tensor_of_data(inverse, _core.int64)


class PackedSequence(namedtuple("PackedSequence", ["data", "batch_sizes", "sorted_indices",
                                                   "unsorted_indices"])):
    """The elements of sequences step by step, the longest sequence first: `batch_sizes[t]` rows of
    `data` belong to step t. Made by `pack_padded_sequence` and `pack_sequence`."""

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None and isinstance(data, (tuple, list)):
            data, batch_sizes = data
        if not isinstance(batch_sizes, _core.Tensor):
            raise ValueError("PackedSequence() takes data and a tensor of batch sizes; see "
                             "pack_padded_sequence()")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same with converted data."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def _replace(self, data):
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self):
        return self.to("cpu")

    def cuda(self, *args, **kwargs):
        return self._replace(data=self.data.cuda(*args, **kwargs))

    def double(self):
        return self.to(_core.float64)

    def float(self):
        return self.to(_core.float32)

    def half(self):
        return self.to(_core.float16)

    def long(self):
        return self.to(_core.int64)

    def int(self):
        return self.to(_core.int32)

    @property
    def is_cuda(self):
        return self.data.is_cuda


def _checked_lengths(lengths, batch, steps):
    lengths = lengths.tolist() if isinstance(lengths, _core.Tensor) else list(map(int, lengths))
    if len(lengths) != batch:
        raise RuntimeError("Expected `len(lengths)` to be equal to batch_size, but got "
                           f"{len(lengths)} (batch_size={batch})")
    if any(length <= 0 for length in lengths):
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element "
                           "in 'lengths' that is <= 0")
    if max(lengths) > steps:
        raise RuntimeError(f"Expected lengths of at most {steps}, the steps of the input, but got "
                           f"{max(lengths)}")
    return lengths


def _places(lengths, batch_sizes, batch_first, steps):
    """For each row of packed data the row of the padded input, (steps * batch) rows long."""
    batch = len(lengths)
    if batch_first:
        return [row * steps + step for step, size in enumerate(batch_sizes) for row in range(size)]
    return [step * batch + row for step, size in enumerate(batch_sizes) for row in range(size)]


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Packs (steps, batch, ...), or (batch, steps, ...), leaving out what lies behind each length.
    With `enforce_sorted`, the lengths must go down."""
    steps, batch = input.shape[:2] if not batch_first else (input.shape[1], input.shape[0])
    lengths = _checked_lengths(lengths, batch, steps)
    sorted_indices = None
    if enforce_sorted:
        if any(before < after for before, after in zip(lengths, lengths[1:])):
            raise RuntimeError("`lengths` array must be sorted in decreasing order when "
                               "`enforce_sorted` is True. You can pass `enforce_sorted=False` to "
                               "pack_padded_sequence and/or pack_sequence to sidestep this "
                               "requirement if you do not need ONNX exportability.")
    else:
        order = _order(lengths)
        lengths = [lengths[place] for place in order]
        sorted_indices = _core.tensor_of_data(order, _core.int64)
        input = _core.index_select(input, 0 if batch_first else 1, sorted_indices)
    batch_sizes = [sum(length > step for length in lengths) for step in range(lengths[0])]
    places = _places(lengths, batch_sizes, batch_first, steps)
    rows = input.reshape((steps * batch, *input.shape[2:]))
    data = _core.index_select(rows, 0, _core.tensor_of_data(places, _core.int64))
    return PackedSequence(data, _core.tensor_of_data(batch_sizes, _core.int64), sorted_indices)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """The padded tensor, (steps, batch, ...) or (batch, steps, ...), and the lengths."""
    sizes = sequence.batch_sizes.tolist()
    steps, batch, count = len(sizes), sizes[0], sequence.data.shape[0]
    if total_length is not None:
        if total_length < steps:
            raise ValueError("Expected total_length to be at least the length of the longest "
                             f"sequence in input, but got total_length={total_length} and max "
                             f"sequence length being {steps}")
        sizes += [0] * (total_length - steps)
        steps = total_length
    order = (range(batch) if sequence.unsorted_indices is None
             else sequence.unsorted_indices.tolist())
    starts = [sum(sizes[:step]) for step in range(steps)]

    def place(step, row):
        return starts[step] + row if row < sizes[step] else count

    if batch_first:
        places = [place(step, row) for row in order for step in range(steps)]
    else:
        places = [place(step, row) for step in range(steps) for row in order]
    rest = sequence.data.shape[1:]
    padding = _core.full((1, *rest), padding_value, dtype=sequence.data.dtype)
    padded = _core.index_select(_core.cat([sequence.data, padding]), 0,
                                _core.tensor_of_data(places, _core.int64))
    lengths = [sum(row < size for size in sizes) for row in order]
    first = (batch, steps) if batch_first else (steps, batch)
    return padded.view((*first, *rest)), _core.tensor_of_data(lengths, _core.int64)


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Tensors of different lengths, (length, ...) each, as one that is padded to the longest:
    (steps, batch, ...) or (batch, steps, ...)."""
    if padding_side not in ("left", "right"):
        raise ValueError(f"padding_side is 'left' or 'right', not {padding_side!r}")
    if isinstance(sequences, _core.Tensor):
        sequences = sequences.unbind(0)
    elif not hasattr(sequences, "__iter__"):
        raise RuntimeError("pad_sequence: Expected iterable for input sequences, but got arg of "
                           f"type: {type(sequences)}")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(sequence.shape[0] for sequence in sequences)
    padded = []
    for sequence in sequences:
        amount = [0, 0] * (sequence.dim() - 1)
        missing = longest - sequence.shape[0]
        amount += [missing, 0] if padding_side == "left" else [0, missing]
        padded.append(F.pad(sequence, amount, "constant", padding_value) if missing else sequence)
    return _core.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The list of tensors that `pad_sequence` was given."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [sequence[:int(length)] for sequence, length in zip(padded_sequences, lengths)]


def pack_sequence(sequences, enforce_sorted=True):
    """Packs a list of tensors, (length, ...) each."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The list of tensors that `pack_sequence` was given."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
