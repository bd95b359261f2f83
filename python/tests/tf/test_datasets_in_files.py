"""Datasets in groups, in files and of CSV: what values don't show."""

import json

import numpy as np
import pytest

import tenon.tf as tf

Dataset = tf.data.Dataset


def numbers(dataset):
    return [one.tolist() for one in dataset.as_numpy_iterator()]


def test_caches_in_files_outlive_the_program(tmp_path):
    calls = []
    name = str(tmp_path / "cache")

    def data(scale):
        return Dataset.range(4).map(lambda n: (calls.append(int(n)), n * scale)[1]).cache(name)

    assert list(data(2).take(2).as_numpy_iterator()) == [0, 2]  # ended early: nothing is kept
    assert numbers(data(2)) == [0, 2, 4, 6] and len(calls) == 6
    assert numbers(data(3)) == [0, 2, 4, 6] and len(calls) == 6  # of the files


def test_save_and_load(tmp_path):
    path = str(tmp_path / "saved")
    data = Dataset.from_tensor_slices({"x": np.arange(6.0).reshape(3, 2), "name": ["a", "b", "c"]})
    data.save(path)
    again = Dataset.load(path)
    assert again.element_spec == data.element_spec and len(again) == 3
    for one, other in zip(again.as_numpy_iterator(), data.as_numpy_iterator()):
        assert one["name"] == other["name"] and (one["x"] == other["x"]).all()
    pairs = Dataset.range(6).map(lambda n: (n, (n * 2, tf.zeros([0], tf.bfloat16))))
    pairs.save(path, shard_func=lambda n, _: n % 3)
    shards = []
    made = Dataset.load(path, reader_func=lambda found: (
        shards.extend(found), found.interleave(lambda one: one, cycle_length=3))[1])
    assert [int(n) for n, _ in made] == [0, 1, 2, 3, 4,
                                         5] and [len(one) for one in shards] == [2] * 3
    assert made.element_spec[1][1].dtype is tf.bfloat16
    Dataset.range(0).save(path)
    assert numbers(Dataset.load(path)) == []


def test_snapshots(tmp_path):
    calls = []
    data = Dataset.range(3).map(lambda n: (calls.append(1), n)[1]).snapshot(str(tmp_path / "s"))
    assert numbers(data) == numbers(data) == [0, 1, 2] and len(calls) == 3


@pytest.mark.parametrize("damage, error, text", [
    (lambda folder: (folder / "dataset.json").unlink(), tf.errors.NotFoundError, "dataset.json"),
    (lambda folder: (folder / "dataset.json").write_text("{"), tf.errors.DataLossError, "damaged"),
    (lambda folder: (folder / "dataset.json").write_text(json.dumps({"version": 9})),
     tf.errors.InvalidArgumentError, "version 9"),
    (lambda folder: (folder / "00000.tfrecord").write_bytes(
        (folder / "00000.tfrecord").read_bytes()[:-7]), tf.errors.DataLossError, "truncated"),
])
def test_damaged_files(tmp_path, damage, error, text):
    Dataset.range(3).save(str(tmp_path))
    damage(tmp_path)
    with pytest.raises(error, match=text):
        numbers(Dataset.load(str(tmp_path)))


def test_classes_come_as_often_as_wanted():
    data = Dataset.range(4000).map(lambda n: tf.cast(n % 10 == 0, tf.int32))
    for initial in ([0.9, 0.1], None):
        kept = data.rejection_resample(lambda n: n, [0.5, 0.5], initial, seed=3)
        classes = [int(kind) for kind, element in kept if int(kind) == int(element)]
        assert 600 < len(classes) < 1000 and 0.42 < np.mean(classes) < 0.58
        assert [int(kind) for kind, _ in kept] != classes  # anew in each pass


def test_ragged_batches_of_known_sizes_are_tensors():
    known = Dataset.from_tensor_slices(np.ones((4, 3), np.float32)).ragged_batch(2)
    assert isinstance(next(iter(known)), tf.Tensor)
    seen = Dataset.range(4).map(lambda n: tf.zeros([2, 3])).ragged_batch(2)
    assert isinstance(next(iter(seen)), tf.RaggedTensor)
    pairs = Dataset.range(3).map(lambda n: (tf.ones([n, 2]), n)).ragged_batch(3)
    rows, counts = next(iter(pairs))
    assert rows.to_tensor().shape == (3, 2, 2) and counts.numpy().tolist() == [0, 1, 2]
    assert rows.ragged_rank == 1


def test_csv(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n" + "".join(f"{i},{i / 2},w{i}\n" for i in range(5)))
    batches = list(tf.data.experimental.make_csv_dataset(
        str(path), 2, label_name="c", num_epochs=1, shuffle=True, shuffle_seed=3))
    assert [len(label) for _, label in batches] == [2, 2, 1]
    assert sorted(label for _, labels in batches for label in labels.numpy()) == [
        b"w0", b"w1", b"w2", b"w3", b"w4"]
    assert batches[0][0]["a"].dtype is tf.int32 and batches[0][0]["b"].dtype is tf.float32
    endless = tf.data.experimental.make_csv_dataset(str(path), 4)
    assert [len(one["a"]) for one in endless.take(3)] == [4, 4, 4]
    for call, error, text in [
            (lambda: tf.data.experimental.make_csv_dataset(str(path), 2, label_name="x"),
             ValueError,
             "label_name"),
            (lambda: tf.data.experimental.make_csv_dataset(str(path), 2, select_columns=["x"]),
             ValueError, "select_columns"),
            (lambda: list(tf.data.experimental.CsvDataset(str(path), [0, 0], header=True)),
             tf.errors.InvalidArgumentError, "Expect 2 fields")]:
        with pytest.raises(error, match=text):
            call()


def test_options_are_merged_and_checked():
    first, second = tf.data.Options(), tf.data.Options()
    first.deterministic = False
    second.threading.private_threadpool_size = 3
    data = Dataset.range(2).with_options(first).with_options(second)
    assert data.options().deterministic is False
    assert data.options().threading.private_threadpool_size == 3 and numbers(data) == [0, 1]
    with pytest.raises(AttributeError, match="determinstic"):
        first.determinstic = True


def test_what_groups_refuse():
    with pytest.raises(ValueError, match="not both"):
        Dataset.range(3).group_by_window(lambda n: n, lambda key, window: window)
    with pytest.raises(tf.errors.InvalidArgumentError, match="greater than zero"):
        list(Dataset.range(3).group_by_window(lambda n: n, lambda key, window: window,
                                              window_size_func=lambda key: 0))
    with pytest.raises(tf.errors.FailedPreconditionError, match="only 3"):
        list(Dataset.range(3).apply(tf.data.experimental.assert_cardinality(4)))
    with pytest.raises(tf.errors.OutOfRangeError):
        tf.data.experimental.at(Dataset.range(3), 3)
