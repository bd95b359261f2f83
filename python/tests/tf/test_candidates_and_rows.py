"""Classes drawn for sampled losses; rows that repeat; comparisons of single strings."""

import numpy as np
import pytest

import tenon.tf as tf

CLASSES = tf.constant([[0], [3]], tf.int64)


def test_classes_by_a_log_uniform_distribution():
    drawn, true, counts = tf.random.log_uniform_candidate_sampler(CLASSES, 1, 2000, False, 5,
                                                                  seed=3)
    chances = np.log((np.arange(5) + 2) / (np.arange(5) + 1)) / np.log(6)
    seen = np.bincount(drawn.numpy(), minlength=5) / 2000
    assert np.abs(seen - chances).max() < 0.05  # 4.5 standard errors
    np.testing.assert_allclose(true.numpy(), chances[[[0], [3]]] * 2000, rtol=1e-6)
    np.testing.assert_allclose(counts.numpy(), chances[drawn.numpy()] * 2000, rtol=1e-6)
    assert (drawn.dtype, true.dtype) == (tf.int64, tf.float32)


def test_different_classes():
    for sampler in (tf.random.log_uniform_candidate_sampler, tf.random.uniform_candidate_sampler):
        drawn = sampler(CLASSES, num_true=1, num_sampled=4, unique=True, range_max=4, seed=1)
        assert sorted(drawn.sampled_candidates.numpy()) == [0, 1, 2, 3]
        assert ((drawn.true_expected_count.numpy() > 0)
                & (drawn.true_expected_count.numpy() <= 1)).all()
        with pytest.raises(ValueError, match="5, which is more than the 4 classes"):
            sampler(CLASSES, 1, 5, True, 4)
    with pytest.raises(ValueError, match=r"shape \[batch, 2\], got \[2, 1\]"):
        tf.random.uniform_candidate_sampler(CLASSES, 2, 1, False, 4)


def test_classes_by_counts():
    drawn = tf.random.fixed_unigram_candidate_sampler(
        CLASSES, 1, 1000, False, 4, unigrams=[1.0, 4.0, 0.0], distortion=0.5, num_reserved_ids=1,
        seed=2)
    seen = np.bincount(drawn.sampled_candidates.numpy(), minlength=4)
    assert seen[0] == seen[3] == 0 and abs(seen[2] / 1000 - 2 / 3) < 0.07
    assert drawn.true_expected_count.numpy().tolist() == [[0.0], [0.0]]
    with pytest.raises(ValueError, match="range_max is 5"):
        tf.random.fixed_unigram_candidate_sampler(CLASSES, 1, 1, False, 5, unigrams=[1.0])


def test_rows_repeat():
    rows = tf.ragged.constant([[1, 2], [], [3]])
    assert tf.tile(rows, [2, 2]).to_list() == [[1, 2, 1, 2], [], [3, 3]] * 2
    with pytest.raises(ValueError, match="first two dims"):
        tf.tile(rows, [1, 0])


def test_softmax_of_rows():
    values = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        made = tf.nn.softmax(tf.RaggedTensor.from_row_splits(values, [0, 2, 2, 3]))
        loss = tf.reduce_sum(made * tf.RaggedTensor.from_row_splits([1.0, 0.0, 5.0], [0, 2, 2, 3]))
    p = 1 / (1 + np.e)
    np.testing.assert_allclose(made.flat_values.numpy(), [p, 1 - p, 1], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, values).numpy(),
                               [p * (1 - p), -p * (1 - p), 0], atol=1e-7)


def test_single_strings_compare_to_bools():
    for made, expected in ((tf.not_equal("a", "b"), True), (tf.constant("a") != "a", False),
                           (tf.equal("a", "a"), True)):
        assert made.dtype is tf.bool and bool(made) == expected
    assert str(tf.constant("a").shape) == "()" and tf.constant(["a"]).shape == [1]


def test_text_of_sparse_tensors():
    assert str(tf.SparseTensor([[0, 1]], [3], [3, 2])) == (
        "SparseTensor(indices=tf.Tensor([[0 1]], shape=(1, 2), dtype=int64), values=tf.Tensor([3], "
        "shape=(1,), dtype=int32), dense_shape=tf.Tensor([3 2], shape=(2,), dtype=int64))")


def test_files_of_a_directory_are_counted(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(4):
            (tmp_path / name / f"{i}.txt").write_text("text")
    tf.keras.utils.text_dataset_from_directory(str(tmp_path), validation_split=0.25,
                                               subset="training", seed=1)
    assert capsys.readouterr().out == ("Found 8 files belonging to 2 classes.\n"
                                       "Using 6 files for training.\n")


def test_counts_of_rows():
    rows = [[1, 1, 0], [2, 2, 2]]
    assert tf.math.bincount(rows, axis=-1).numpy().tolist() == [[1, 2, 0], [0, 0, 3]]
    assert tf.math.bincount(rows, axis=0).numpy().tolist() == [1, 2, 3]
    assert tf.math.bincount(rows, axis=-1, binary_output=True, minlength=4).numpy().tolist() == [
        [1, 1, 0, 0], [0, 0, 1, 0]]
    weighed = tf.math.bincount(rows, tf.constant([[1.0, 2.0, 4.0], [1.0, 1.0, 0.5]]), axis=-1)
    assert weighed.numpy().tolist() == [[4.0, 3.0, 0.0], [0.0, 0.0, 2.5]]
    with pytest.raises(ValueError, match="axis=1"):
        tf.math.bincount(rows, axis=1)
    with pytest.raises(ValueError, match="mutually exclusive"):
        tf.math.bincount([1], [1.0], binary_output=True)


def test_dropout_of_a_seed_alone():
    drop = tf.nn.experimental.stateless_dropout
    x = tf.ones([1000])
    made = drop(x, 0.25, seed=[1, 2]).numpy()
    assert set(np.round(made * 3)) == {0.0, 4.0} and 180 < (made == 0).sum() < 320
    assert (made == drop(x, 0.25, seed=[1, 2]).numpy()).all()
    assert (made != drop(x, 0.25, seed=[1, 3]).numpy()).any()


def test_statistics_of_files(tmp_path):
    (tmp_path / "file").write_text("four")
    found = tf.io.gfile.stat(str(tmp_path / "file"))
    assert found.length == 4 and not found.is_directory and found.mtime_nsec > 0
    assert tf.io.gfile.stat(str(tmp_path)).is_directory
    with pytest.raises(tf.errors.NotFoundError):
        tf.io.gfile.stat(str(tmp_path / "none"))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
def test_any_number_of_a_dtype(dtype):
    made = tf.random.Generator.from_seed(5).uniform_full_int([4000], dtype).numpy()
    assert made.dtype == dtype
    bits = np.unpackbits(made.view(np.uint8).reshape(4000, -1), axis=1)
    assert np.abs(bits.mean(0) - 0.5).max() < 0.04  # each bit is as often 1 as 0: 5 standard errors


def test_segments_without_slices():
    assert tf.math.segment_max([1, -2, 3], [0, 2, 2]).numpy().tolist() == [1, 0, 3]
    assert tf.math.segment_min([[1.0], [2.0]], [0, 2]).numpy().tolist() == [[1.0], [0.0], [2.0]]
    assert tf.math.unsorted_segment_max([1, 3], [0, 2], 3).numpy()[1] == -2**31
