"""keras.backend's functions, and strategies with one replica."""

import numpy as np
import pytest

import tenon.tf as tf
from tenon import keras

K = keras.backend


def test_reductions_and_shapes():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert K.sum(x, axis=0).numpy().tolist() == [4.0, 6.0] and K.mean(x).numpy() == 2.5
    assert K.max(x, axis=1, keepdims=True).numpy().tolist() == [[2.0], [4.0]]
    assert K.int_shape(x) == (2, 2) and K.shape(x).numpy().tolist() == [2, 2] and K.ndim(x) == 2
    assert K.int_shape(keras.Input((3,))) == (None, 3)
    assert K.reshape(x, (4,)).shape == [4] and K.batch_flatten(tf.ones([2, 3, 4])).shape == [2, 12]
    assert K.dot(tf.ones([2, 3, 4]), tf.ones([4, 5])).shape == [2, 3, 5]
    assert K.concatenate([x, x]).shape == [2, 4] and K.dtype(x) == "float32"
    np.testing.assert_allclose(K.clip(x, 2, 3).numpy(), [[2, 2], [3, 3]])


def test_variables_and_losses():
    v = K.variable([1.0, 2.0])
    K.set_value(v, [3.0, 4.0])
    assert K.get_value(v).tolist() == [3.0, 4.0]
    target, output = tf.constant([1.0, 0.0]), tf.constant([0.8, 0.4])
    np.testing.assert_allclose(K.binary_crossentropy(target, output).numpy(),
                               -np.log([0.8, 0.6]), rtol=1e-5)
    rows = tf.constant([[0.2, 0.8]])
    np.testing.assert_allclose(K.categorical_crossentropy(tf.constant([[0.0, 1.0]]), rows).numpy(),
                               [-np.log(0.8)], rtol=1e-5)


def test_a_strategy_of_one_replica():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        assert tf.distribute.get_strategy() is strategy and tf.distribute.has_strategy()
        w = tf.Variable(2.0)
    assert tf.distribute.get_strategy() is not strategy and strategy.num_replicas_in_sync == 1
    data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(4).batch(2))
    losses = [strategy.run(lambda x: tf.cast(x, tf.float32) * w, args=(x,)) for x in data]
    total = strategy.reduce(tf.distribute.ReduceOp.SUM, losses[1], axis=0)
    assert total.numpy() == 10.0
    assert strategy.reduce("MEAN", losses[0], axis=None) is losses[0]
    with pytest.raises(ValueError, match="2 devices"):
        tf.distribute.MirroredStrategy(["gpu:0", "gpu:1"])


def test_keras_random():
    random = keras.random
    for draw in (lambda seed: random.normal((4,), seed=seed),
                 lambda seed: random.uniform((4,), 2, 3, seed=seed),
                 lambda seed: random.truncated_normal((4,), seed=seed),
                 lambda seed: random.randint((4,), 0, 1000, seed=seed),
                 lambda seed: random.shuffle(tf.range(100), seed=seed),
                 lambda seed: random.dropout(tf.ones([100]), 0.5, seed=seed)):
        assert draw(3).numpy().tolist() == draw(3).numpy().tolist() != draw(4).numpy().tolist()
        seeds = random.SeedGenerator(3)
        first = draw(seeds).numpy().tolist()
        assert first != draw(seeds).numpy().tolist()
        again = random.SeedGenerator.from_config(seeds.get_config())
        assert draw(again).numpy().tolist() == first
    numbers = random.uniform((1000,), 2, 3, seed=1).numpy()
    assert numbers.min() >= 2 and numbers.max() < 3 and abs(numbers.mean() - 2.5) < 0.05
    assert random.randint((2, 3), 0, 5).dtype is tf.int32
    assert set(random.categorical(tf.math.log([[0.0, 1.0]]), 9).numpy().ravel()) == {1}


def test_gradients_by_differences():
    theoretical, numerical = tf.test.compute_gradient(
        lambda x, y: tf.sin(x) * y, [np.array([0.5, 1.0]), np.array([2.0, 3.0])])
    for one, other in zip(theoretical, numerical):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(theoretical[0], np.diag(np.cos([0.5, 1.0]) * [2.0, 3.0]), rtol=1e-6)


def test_checks_of_dtypes_and_iterables():
    assert tf.debugging.assert_same_float_dtype([tf.ones([1], tf.float64)]) is tf.float64
    assert tf.debugging.assert_same_float_dtype() is tf.float32
    tf.debugging.assert_proper_iterable([1, 2])
    for call, error in ((lambda: tf.debugging.assert_same_float_dtype([1]), ValueError),
                        (lambda: tf.debugging.assert_same_float_dtype([1.0], tf.float64),
                         ValueError),
                        (lambda: tf.debugging.assert_proper_iterable("ab"), TypeError),
                        (lambda: tf.debugging.assert_proper_iterable(tf.ones([2])), TypeError),
                        (lambda: tf.debugging.assert_proper_iterable(3), TypeError)):
        with pytest.raises(error):
            call()


def test_settings_of_several_devices_are_taken():
    strategy = tf.distribute.MirroredStrategy(
        cross_device_ops=tf.distribute.HierarchicalCopyAllReduce(2))
    assert strategy.num_replicas_in_sync == 1 and not tf.test.is_built_with_gpu_support()
    tf.config.experimental_run_functions_eagerly(True)
    try:
        assert tf.config.experimental_functions_run_eagerly()
    finally:
        tf.config.experimental_run_functions_eagerly(False)
