"""tf.data: order, threads, seeds; what values don't show."""

import threading

import numpy as np
import pytest

import tenon.tf as tf
from tenon import keras


def values(dataset):
    return [one.tolist() for one in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("buffer", [100, 7])
def test_shuffles_follow_the_seed(buffer):
    def order(seed=3, **options):
        tf.random.set_seed(seed)
        data = tf.data.Dataset.range(20).shuffle(buffer, **options).batch(5)
        return values(data), values(data)

    first, again = order()
    assert first != again and sorted(sum(first, [])) == list(range(20))
    assert order() == (first, again) and order(seed=4) != (first, again)
    kept = order(reshuffle_each_iteration=False)
    assert kept[0] == kept[1]
    assert order(seed=3, **{}) == (first, again)
    own = [order(seed, reshuffle_each_iteration=False)[0] for seed in (5, 5)]
    assert own[0] == own[1]


def test_whole_shuffles_gather_batches_like_single_elements():
    x, y = np.arange(40.0).reshape(10, 4), np.array([f"{i}" for i in range(10)])
    tf.random.set_seed(1)
    batched = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10, seed=2).batch(3)
    tf.random.set_seed(1)
    single = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10, seed=2)
    parts = list(batched.as_numpy_iterator())
    one = np.concatenate([a for a, _ in parts])
    other = np.stack([a for a, _ in single.as_numpy_iterator()])
    np.testing.assert_array_equal(one, other)
    names = np.concatenate([b for _, b in parts])
    assert [int(name) for name in names] == [int(row[0]) // 4 for row in one]


def test_maps_in_threads_keep_order_and_random_numbers():
    def noisy(n):
        return tf.cast(n, tf.float32) + tf.random.uniform([])

    def run(workers):
        tf.random.set_seed(5)
        return values(tf.data.Dataset.range(50).map(noisy, num_parallel_calls=workers))

    assert run(2) == run(4) and [int(one) for one in run(4)] == list(range(50))


def test_prefetch():
    seen = []

    def remember(n):
        seen.append(threading.current_thread())
        return n

    data = tf.data.Dataset.range(10).map(remember).prefetch(3)
    assert values(data) == list(range(10)) and threading.main_thread() not in seen
    before = threading.active_count()
    for _ in data:  # ended early: the thread ends, too
        break
    del _
    assert threading.active_count() <= before + 1

    def broken(n):
        raise KeyError("in the map")

    with pytest.raises(KeyError, match="in the map"):
        list(tf.data.Dataset.range(3).map(broken).prefetch(1))


def test_cache_and_repeat():
    calls = []
    data = tf.data.Dataset.range(3).map(lambda n: (calls.append(int(n)), n)[1]).cache().repeat(3)
    assert values(data) == [0, 1, 2] * 3 and calls == [0, 1, 2]


def test_generators():
    def rows():
        for i in range(3):
            yield np.full(i + 1, i, np.int32), f"row {i}"

    signature = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.string))
    data = tf.data.Dataset.from_generator(rows, output_signature=signature)
    assert data.element_spec == signature
    found = list(data.as_numpy_iterator())
    assert found[2][0].tolist() == [2, 2, 2] and found[1][1] == b"row 1"
    older = tf.data.Dataset.from_generator(lambda: iter([1, 2]), output_types=tf.int64)
    assert values(older) == [1, 2]
    wrong = tf.data.Dataset.from_generator(lambda: iter([[1, 2]]),
                                           output_signature=tf.TensorSpec([3], tf.int32))
    with pytest.raises(TypeError, match="shape"):
        list(wrong)


def test_specs_and_sizes():
    data = tf.data.Dataset.from_tensor_slices({"x": np.zeros((7, 2), np.float32)})
    assert data.batch(3).element_spec["x"] == tf.TensorSpec([None, 2], tf.float32)
    assert data.batch(3, drop_remainder=True).element_spec["x"].shape == [3, 2]
    assert len(data.batch(3)) == 3 and len(data.repeat(2)) == 14
    with pytest.raises(TypeError, match="infinite"):
        len(data.repeat())
    with pytest.raises(TypeError, match="unknown"):
        len(data.filter(lambda row: True))


@pytest.mark.parametrize("call, error", [
    (lambda: tf.data.Dataset.from_tensor_slices((np.zeros(2), np.zeros(3))), ValueError),
    (lambda: tf.data.Dataset.from_tensor_slices(1.0), ValueError),
    (lambda: tf.data.Dataset.range(3).batch(0), tf.errors.InvalidArgumentError),
    (lambda: list(tf.data.Dataset.range(1, 3).map(lambda n: tf.zeros([n])).batch(2)),
     tf.errors.InvalidArgumentError),
    (lambda: list(tf.data.Dataset.range(1, 3).map(lambda n: tf.zeros([n])).padded_batch(2, [1])),
     tf.errors.DataLossError),
    (lambda: tf.data.Dataset.range(3).shard(2, 2), tf.errors.InvalidArgumentError),
    (lambda: tf.data.Dataset.list_files("/nowhere/*.txt"), tf.errors.InvalidArgumentError),
    (lambda: tf.data.Dataset.range(2).get_single_element(), tf.errors.InvalidArgumentError),
])
def test_mistakes(call, error):
    with pytest.raises(error):
        call()


def test_iterators():
    iterator = iter(tf.data.Dataset.range(1))
    assert iterator.get_next().numpy() == 0
    with pytest.raises(tf.errors.OutOfRangeError):
        iterator.get_next()


def test_text_lines_and_files(tmp_path):
    for name, text in (("a.txt", "one\ntwo\r\n"), ("b.txt", "three")):
        (tmp_path / name).write_bytes(text.encode())
    names = tf.data.Dataset.list_files(f"{tmp_path}/*.txt", shuffle=False)
    lines = tf.data.TextLineDataset(names)
    assert [one.decode() for one in lines.as_numpy_iterator()] == ["one", "two", "three"]
    each = names.interleave(tf.data.TextLineDataset, cycle_length=2)
    assert [one.decode() for one in each.as_numpy_iterator()] == ["one", "three", "two"]


def test_models_train_on_datasets():
    x = np.random.RandomState(0).rand(32, 3).astype(np.float32)
    y = x @ np.array([[1.0], [2.0], [3.0]], np.float32)
    data = tf.data.Dataset.from_tensor_slices((x,
                                               y)).shuffle(32).batch(8).prefetch(tf.data.AUTOTUNE)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.3), loss="mse")
    losses = model.fit(data, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.02 * losses[0]
    assert model.predict(data.map(lambda a, b: a), verbose=0).shape == (32, 1)


def test_lists_that_maps_give_are_tuples():
    data = tf.data.Dataset.from_tensor_slices(["1,2.5"]).map(
        lambda line: tf.io.decode_csv(line, [0, 0.0]))
    (number, part), = data.as_numpy_iterator()
    assert isinstance(next(iter(data)), tuple) and (number, part) == (1, 2.5)
