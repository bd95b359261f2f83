"""Ragged tensors, tables, sets and windows: gradients, errors, what values don't show."""

import numpy as np
import pytest

import tenon.tf as tf
from tenon._eager.hashing import fingerprint64, siphash

ROWS = tf.ragged.constant([[1, 2], [3], []])


@pytest.mark.parametrize("call, error, text", [
    (lambda: tf.RaggedTensor.from_row_splits([1, 2], [0, 1]), tf.errors.InvalidArgumentError,
     "ascend"),
    (lambda: tf.RaggedTensor.from_row_splits([1, 2], [1, 2]), tf.errors.InvalidArgumentError,
     "begin"),
    (lambda: tf.RaggedTensor.from_value_rowids([1, 2], [1, 0]), tf.errors.InvalidArgumentError,
     "ascend"),
    (lambda: tf.RaggedTensor.from_uniform_row_length([1, 2, 3], 2), tf.errors.InvalidArgumentError,
     "divide"),
    (lambda: ROWS[5], IndexError, "Row key 5"),
    (lambda: ROWS[:, 0], ValueError, "inner ragged"),
    (lambda: ROWS + tf.ragged.constant([[1], [3], []]), tf.errors.InvalidArgumentError, "splits"),
    (lambda: tf.matmul(ROWS, ROWS), TypeError, "matmul.*RaggedTensor"),
    (lambda: tf.convert_to_tensor(ROWS), ValueError, "to_tensor"),
    (lambda: bool(ROWS), TypeError, "boolean"),
    (lambda: tf.ragged.constant([[1, [2]]]), ValueError, "nesting"),
    (lambda: tf.strings.unicode_decode(b"\xff", "UTF-8", errors="strict"),
     tf.errors.InvalidArgumentError, "formatting"),
    (lambda: tf.strings.to_hash_bucket_fast(["a"], 0), tf.errors.InvalidArgumentError, "at least"),
    (lambda: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "a"], [1, 2]), 0),
     tf.errors.FailedPreconditionError, "different value"),
    (lambda: tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0).lookup([1]), TypeError,
     "string"),
    (lambda: tf.signal.fft([1.0]), tf.errors.InvalidArgumentError, "complex64"),
    (lambda: tf.signal.rfft([1]), tf.errors.InvalidArgumentError, "float"),
    (lambda: tf.signal.dct([1.0], type=5), ValueError, "type"),
    (lambda: tf.signal.mdct(tf.ones([8]), 6), ValueError, "multiple of 4"),
    (lambda: tf.signal.linear_to_mel_weight_matrix(upper_edge_hertz=9000.0), ValueError, "edge"),
    (lambda: tf.sets.union([1], [2]), ValueError, "rank"),
])
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_gradients_flow_through_rows():
    values = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        rows = tf.RaggedTensor.from_row_lengths(tf.square(values), [2, 1])
        loss = tf.reduce_sum(tf.reduce_mean(rows, axis=1) * [1.0, 10.0]) + \
            tf.reduce_sum(rows.to_tensor()[:, 1])
    np.testing.assert_allclose(tape.gradient(loss, values).numpy(), [1, 6, 60])


def test_gradients_flow_through_transforms():
    x = tf.Variable(tf.sin(tf.range(16.0)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.abs(tf.signal.stft(x, 8, 4)) ** 2)
    window = tf.signal.hann_window(8).numpy()
    # Parseval: the sum over all 8 frequencies is 8 sum (w x)^2; those given count 0 and 4 once.
    def value(x):
        frames = np.stack([np.fft.rfft(window * x[i:i + 8]) for i in (0, 4, 8)])
        return (np.abs(frames) ** 2).sum()
    numeric = np.zeros(16)
    for i in range(16):
        step = np.zeros(16)
        step[i] = 1e-4
        numeric[i] = (value(x.numpy() + step) - value(x.numpy() - step)) / 2e-4
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), numeric, rtol=2e-3, atol=2e-3)


def test_transforms_over_any_axes():
    x = np.random.RandomState(0).rand(3, 4, 5).astype(np.float32)
    np.testing.assert_allclose(tf.signal.fftnd(x + 0j, axes=[0, 2]).numpy(),
                               np.fft.fftn(x, axes=(0, 2)),
                               rtol=1e-4, atol=1e-5)
    spectrum = tf.signal.rfftnd(x, [4, 6], [0, 2])
    np.testing.assert_allclose(spectrum.numpy(), np.fft.rfftn(x, (4, 6), (0, 2)), rtol=1e-4,
                               atol=1e-5)
    np.testing.assert_allclose(tf.signal.irfftnd(spectrum, [4, 6], [0, 2]).numpy()[:3, :, :5], x,
                               rtol=1e-4, atol=1e-5)


def test_hashes():
    # SipHash's published vector: key 00..0f, text 00..0e; FarmHash's of no text is its constant k2.
    key = [int.from_bytes(bytes(range(8)), "little"), int.from_bytes(bytes(range(8, 16)), "little")]
    assert siphash(key, bytes(range(15))) == 0xA129CA6149BE45E5
    assert fingerprint64(b"") == 0x9AE16A3B2F90404F


def test_mutable_tables():
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, [0.0, 0.0])
    table.insert(tf.constant(["a", "b"]), [[1.0, 2.0], [3.0, 4.0]])
    assert table.lookup(tf.constant([["b"], ["x"]])).numpy().tolist() == [[[3, 4]], [[0, 0]]]
    table.remove(tf.constant(["a"]))
    keys, values = table.export()
    assert keys.numpy().tolist() == [b"b"] and values.numpy().tolist() == [[3, 4]]
    dense = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0,
                                                  deleted_key=-1)
    dense.insert(tf.constant([5], tf.int64), tf.constant([6], tf.int64))
    assert dense[tf.constant([5, 7], tf.int64)].numpy().tolist() == [6, -1] and dense.size() == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty_key"):
        dense.lookup(tf.constant([0], tf.int64))


def test_tables_of_files(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("one\t1\ntwo\t2\n")
    table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
        str(path), tf.string, 0, tf.int64, 1), -1)
    assert table.lookup(tf.constant(["two", "x"])).numpy().tolist() == [2, -1]
    lines = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
        str(path), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER), 1)
    assert lines.lookup(tf.constant(["two\t2", "x"])).numpy().tolist() == [1, 2]
    with pytest.raises(tf.errors.NotFoundError):
        tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            "/nowhere/words", tf.string, 0, tf.int64, 1), -1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="columns"):
        tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            str(path), tf.string, 0, tf.int64, 4), -1)


def test_rows_through_other_functions():
    assert tf.map_fn(tf.square, ROWS).to_list() == [[1, 4], [9], []]
    assert tf.reduce_mean(ROWS, axis=1).dtype is tf.float64
    words = tf.ragged.constant([["thanks", "for"], ["fish"]])
    assert tf.strings.substr(words, 0, 2).to_list() == [[b"th", b"fo"], [b"fi"]]
    marks = tf.fill([words.nrows(), 1], "#")
    assert tf.concat([marks, words], axis=1).to_list() == [[b"#", b"thanks", b"for"],
                                                           [b"#", b"fish"]]
    long = repr(tf.ragged.constant([["a" * 40], ["b" * 40, "c"]]))
    assert long == f"<tf.RaggedTensor [[b'{'a' * 40}'],\n [b'{'b' * 40}', b'c']]>"
    with pytest.raises(TypeError, match="to_tensor"):
        tf.linalg.det(ROWS)
    with pytest.raises(ValueError, match="mixed types"):
        tf.ragged.constant([["one"], [3]])


def test_strings_fill_shapes():
    assert tf.constant("a", shape=[2, 1]).numpy().tolist() == [[b"a"], [b"a"]]
    assert tf.zeros([2], tf.string).numpy().tolist() == [b"", b""]
    assert tf.constant(["a", "b"], shape=[2, 1]).shape == (2, 1)
