"""Checkpoints of objects that aren't built yet, of names, of iterators."""

import numpy as np
import pytest

import tenon.tf as tf


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = tf.keras.layers.Dense(4), tf.keras.layers.Dense(2)

    def call(self, x):
        return self.second(self.first(x))


def trained(optimizer):
    net, x = Net(), tf.ones([3, 5])
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net(x) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables),
                                      net.trainable_variables))
    return net


def test_layers_and_optimizers_are_restored_when_they_are_built(tmp_path):
    optimizer = tf.keras.optimizers.Adam(0.01)
    net = trained(optimizer)
    path = tf.train.Checkpoint(net=net, optimizer=optimizer).save(str(tmp_path / "ckpt"))
    again, other = Net(), tf.keras.optimizers.Adam(0.01)
    status = tf.train.Checkpoint(net=again, optimizer=other).restore(path)
    assert not again.built
    x = np.random.RandomState(0).rand(2, 5).astype(np.float32)
    np.testing.assert_array_equal(again(x).numpy(), net(x).numpy())
    for model, one in ((net, optimizer), (again, other)):
        one.apply_gradients(zip([tf.ones_like(v) for v in model.trainable_variables],
                                model.trainable_variables))
    for mine, theirs in zip(again.weights, net.weights):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    assert other.iterations.numpy() == 3
    status.assert_consumed()


def test_layers_alike_match_whatever_their_names(tmp_path):
    def make():
        return tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(2,)),
                                    tf.keras.layers.BatchNormalization()])

    model = make()
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "w"))
    other = make()
    tf.train.Checkpoint(model=other).read(path).assert_consumed()
    for mine, theirs in zip(other.weights, model.weights):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_parts_by_name(tmp_path):
    net = trained(tf.keras.optimizers.SGD(0.01))
    path = tf.train.Checkpoint(net=net).save(str(tmp_path / "ckpt"))
    bias = tf.Variable(tf.zeros([4]))
    part = tf.train.Checkpoint(bias=bias)
    status = tf.train.Checkpoint(net=tf.train.Checkpoint(first=part)).restore(path)
    np.testing.assert_array_equal(bias.numpy(), net.first.bias.numpy())
    status.assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="Unresolved"):
        status.assert_consumed()
    kernel = tf.Variable(tf.zeros([5, 4]))
    part.kernel = kernel  # restored now that it is there
    np.testing.assert_array_equal(kernel.numpy(), net.first.kernel.numpy())
    part.more = tf.Variable(1.0)
    with pytest.raises(AssertionError, match="net/first/more"):
        status.assert_existing_objects_matched()
    with pytest.raises(ValueError, match="shapes differ"):
        tf.train.Checkpoint(net=tf.train.Checkpoint(first=tf.train.Checkpoint(
            bias=tf.Variable(tf.zeros([7]))))).restore(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match="dtypes differ: .*float32.*float64"):
        tf.train.Checkpoint(net=tf.train.Checkpoint(first=tf.train.Checkpoint(
            bias=tf.Variable(tf.zeros([4], tf.float64))))).restore(path)


def test_a_variable_of_several_names(tmp_path):
    held = tf.train.Checkpoint()
    held.listed = [tf.Variable(1.0), tf.Variable(2.0)]
    held.mapped = {"two": held.listed[1]}
    path = held.save(str(tmp_path / "ckpt"))
    assert held.save_counter.numpy() == 1
    found = tf.train.Checkpoint(mapped={"two": tf.Variable(0.0)})
    found.restore(path)
    assert found.mapped["two"].numpy() == 2.0 and found.save_counter.numpy() == 1


def test_iterators_go_on_where_they_were(tmp_path):
    data = tf.data.Dataset.range(10)
    iterator = iter(data)
    assert [int(next(iterator)) for _ in range(4)] == [0, 1, 2, 3]
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "ckpt"))
    other = iter(data)
    tf.train.Checkpoint(iterator=other).restore(path)
    assert [int(n) for n in other] == [4, 5, 6, 7, 8, 9]


def test_moving_averages():
    plain, counted, zero = (tf.train.ExponentialMovingAverage(0.9, **options) for options in (
        {}, {"num_updates": 3}, {"zero_debias": True}))
    v = tf.Variable([1.0, 2.0])
    for value in ([1.0, 2.0], [3.0, 5.0], [4.0, 4.0]):
        v.assign(value)
        for one in (plain, counted, zero):
            one.apply([v])
    np.testing.assert_allclose(plain.average(v).numpy(), [1.48, 2.47], rtol=1e-5)
    np.testing.assert_allclose(counted.average(v).numpy(), [3.50296, 4.02367], rtol=1e-5)
    weights = np.array([0.81, 0.9, 1.0])
    expected = weights @ [[1, 2], [3, 5], [4, 4]] / weights.sum()
    np.testing.assert_allclose(zero.average(v).numpy(), expected, rtol=1e-5)
    assert plain.average(tf.Variable(1.0)) is None
    with pytest.raises(ValueError, match="var_list"):
        plain.apply()
    with pytest.raises(TypeError, match="half, float"):
        plain.apply([tf.Variable(1)])


def test_what_status_asserts(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(tmp_path / "v"))
    more = tf.train.Checkpoint(v=tf.Variable(0.0), w=tf.Variable(5.0)).read(path)
    more.assert_nontrivial_match()
    with pytest.raises(AssertionError, match="w"):
        more.assert_existing_objects_matched()
    other = tf.train.Checkpoint(other=tf.Variable(0.0)).read(path)
    with pytest.raises(AssertionError, match="Nothing to load"):
        other.assert_nontrivial_match()
    nothing = tf.train.Checkpoint(v=tf.Variable(0.0)).restore(None).expect_partial()
    for check in (nothing.assert_consumed, nothing.assert_existing_objects_matched,
                  nothing.assert_nontrivial_match):
        with pytest.raises(AssertionError, match="No checkpoint specified"):
            check()


def test_what_a_checkpoint_can_hold(tmp_path):
    for value in (3, "text", object(), None):
        with pytest.raises(ValueError, match="expecting v to be a trackable object"):
            tf.train.Checkpoint(v=value)
    generator = tf.random.Generator.from_seed(3)
    checkpoint = tf.train.Checkpoint(generator=generator, list=[tf.Variable(1.0)])
    path = checkpoint.save(str(tmp_path / "g"), options=tf.train.CheckpointOptions())
    first = generator.normal([3]).numpy()
    checkpoint.restore(path).assert_consumed()
    np.testing.assert_array_equal(generator.normal([3]).numpy(), first)


def test_managers_call_and_count(tmp_path):
    v, calls = tf.Variable(1.0), []
    checkpoint = tf.train.Checkpoint(v=v)
    manager = tf.train.CheckpointManager(checkpoint, str(tmp_path), 3,
                                         init_fn=lambda: calls.append(1))
    assert manager.restore_or_initialize() is None and calls == [1]
    assert manager.checkpoint_interval is None
    manager.save(checkpoint_number=20)
    v.assign(7.0)
    assert manager.restore_or_initialize().endswith("ckpt-20") and v.numpy() == 1.0
    assert calls == [1] and checkpoint.save_counter.numpy() == 1
    with pytest.raises(ValueError, match="step_counter"):
        tf.train.CheckpointManager(checkpoint, str(tmp_path), 3, checkpoint_interval=5)


def test_variables_by_tensorflows_names(tmp_path):
    tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).save(str(tmp_path / "ckpt"))
    reader, name = tf.train.load_checkpoint(str(tmp_path)), "v/.ATTRIBUTES/VARIABLE_VALUE"
    assert reader.has_tensor(name) and reader.get_tensor(name).tolist() == [1.0, 2.0]
    assert tf.train.load_variable(str(tmp_path), name).tolist() == [1.0, 2.0]
