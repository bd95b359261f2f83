"""ctc_beam_search_decoder, against all alignments there are."""

import itertools

import numpy as np
import pytest

import tenon.tf as tf


def readings(logits):
    """The probabilities of all label sequences: sums over all alignments; the last class is the
    blank."""
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    found = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        kept = tuple(label for i, label in enumerate(path)
                     if label != logits.shape[1] - 1 and (i == 0 or path[i - 1] != label))
        found[kept] = found.get(kept, 0) + chances[np.arange(len(path)), path].prod()
    return sorted(found.items(), key=lambda one: -one[1])


def test_the_likeliest_sequences():
    logits = np.random.RandomState(2).randn(5, 3, 3).astype(np.float32) * 2
    lengths = [5, 3, 4]
    decoded, chances = tf.nn.ctc_beam_search_decoder(logits, lengths, beam_width=100, top_paths=3)
    assert chances.shape == [3, 3] and chances.dtype is tf.float32 and len(decoded) == 3
    for i, length in enumerate(lengths):
        best = readings(logits[:length, i].astype(np.float64))[:3]
        np.testing.assert_allclose(chances[i].numpy(), np.log([one for _, one in best]), rtol=1e-5)
        for path, (labels, _) in zip(decoded, best):
            of_row = path.indices.numpy()[:, 0] == i
            assert tuple(path.values.numpy()[of_row]) == labels
    longest = max(len(readings(logits[:n, i])[0][0]) for i, n in enumerate(lengths))
    assert decoded[0].dense_shape.numpy().tolist() == [3, longest]
    assert decoded[0].values.dtype is tf.int64


def test_narrow_beams_as_tensorflow():
    logits = np.random.RandomState(0).randn(6, 2, 5).astype("f")
    decoded, chances = tf.nn.ctc_beam_search_decoder(logits, [6, 4], beam_width=10, top_paths=3)
    # TensorFlow 2.21.
    assert decoded[0].values.numpy().tolist() == [3, 1, 3, 1, 1, 2]
    np.testing.assert_allclose(chances.numpy()[:, 0], [-3.77268, -2.55878], atol=2e-5)


@pytest.mark.parametrize("arguments, text", [
    ((np.zeros((5, 1, 4)), [5], 2, 4), "4 paths are requested of beams of 2"),
    ((np.zeros((5, 1, 4)), [6]), "at most 5"),
    ((np.zeros((5, 1, 4)), [5, 5]), r"sequence_length is \[1\]"),
    ((np.zeros((5, 4)), [5]), r"\[max_time, batch, classes\]"),
    ((np.zeros((5, 1, 4)), [0], 10, 2), "0 steps has 1 paths, 2 are requested"),
])
def test_mistakes(arguments, text):
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        tf.nn.ctc_beam_search_decoder(*arguments)
