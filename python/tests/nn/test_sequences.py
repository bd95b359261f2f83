"""Padded and packed sequences."""

import numpy as np
import pytest
import tenon as torch
from tenon.nn.utils import rnn

ROWS = [np.arange(2 * n, dtype=np.float64).reshape(n, 2) + 100 * n for n in (2, 4, 1)]
LENGTHS = [2, 4, 1]


def tensors():
    return [torch.tensor(rows, requires_grad=True) for rows in ROWS]


def padded(side="right", value=0.0):
    result = np.full((3, 4, 2), value)
    for place, rows in enumerate(ROWS):
        result[place, slice(0, len(rows)) if side == "right" else slice(4 - len(rows), 4)] = rows
    return result


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding(side):
    result = rnn.pad_sequence(tensors(), batch_first=True, padding_value=-1.0, padding_side=side)
    np.testing.assert_array_equal(result.detach().numpy(), padded(side, -1.0))
    steps_first = rnn.pad_sequence(tensors(), padding_side=side)
    np.testing.assert_array_equal(steps_first.detach().numpy(), padded(side).swapaxes(0, 1))
    if side == "right":
        for rows, again in zip(ROWS, rnn.unpad_sequence(steps_first, torch.tensor(LENGTHS))):
            np.testing.assert_array_equal(again.detach().numpy(), rows)


@pytest.mark.parametrize("batch_first", [False, True])
def test_packing(batch_first):
    sequences = tensors()
    whole = rnn.pad_sequence(sequences, batch_first)
    packed = rnn.pack_padded_sequence(whole, torch.tensor(LENGTHS), batch_first,
                                      enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 2]
    expected = [ROWS[1][0], ROWS[0][0], ROWS[2][0], ROWS[1][1], ROWS[0][1], ROWS[1][2], ROWS[1][3]]
    np.testing.assert_array_equal(packed.data.detach().numpy(), expected)
    again, lengths = rnn.pad_packed_sequence(packed, batch_first, padding_value=7.0, total_length=5)
    assert lengths.tolist() == LENGTHS
    wanted = np.pad(padded("right", 7.0), ((0, 0), (0, 1), (0, 0)), constant_values=7.0)
    result = again.detach().numpy()
    np.testing.assert_array_equal(result if batch_first else result.swapaxes(0, 1), wanted)
    (again * again).sum().backward()
    for rows, sequence in zip(ROWS, sequences):
        np.testing.assert_array_equal(sequence.grad.numpy(), 2 * rows)


def test_lists():
    longest_first = [tensors()[place] for place in (1, 0, 2)]
    packed = rnn.pack_sequence(longest_first)
    assert packed.sorted_indices is None and packed.to(torch.float32).data.dtype is torch.float32
    assert packed.double() is packed and packed.float().batch_sizes is packed.batch_sizes
    for sequence, again in zip(longest_first, rnn.unpack_sequence(packed)):
        np.testing.assert_array_equal(again.detach().numpy(), sequence.detach().numpy())
    data, batch_sizes, *_ = packed
    np.testing.assert_array_equal(rnn.PackedSequence(data, batch_sizes).data.detach().numpy(),
                                  packed.data.detach().numpy())


def test_mistakes():
    with pytest.raises(RuntimeError, match="sorted in decreasing order"):
        rnn.pack_sequence(tensors())
    with pytest.raises(RuntimeError, match="greater than 0"):
        rnn.pack_padded_sequence(torch.ones(3, 2, 1), [3, 0])
    with pytest.raises(RuntimeError, match="equal to batch_size"):
        rnn.pack_padded_sequence(torch.ones(3, 2, 1), [3])
    with pytest.raises(RuntimeError, match="at most 3"):
        rnn.pack_padded_sequence(torch.ones(3, 2, 1), [4, 1])
    with pytest.raises(ValueError, match="total_length"):
        rnn.pad_packed_sequence(rnn.pack_sequence([torch.ones(3, 1)]), total_length=2)
    with pytest.raises(RuntimeError, match="empty list"):
        rnn.pad_sequence([])
    with pytest.raises(ValueError, match="padding_side"):
        rnn.pad_sequence([torch.ones(1)], padding_side="top")
