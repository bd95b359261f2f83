"""Keras's layers and models with TensorFlow's values, and beside code in PyTorch's style."""

import numpy as np
import pytest

import tenon
import tenon.tf as tf
from tenon import keras


def dense(units=2, **options):
    return keras.layers.Dense(units, kernel_initializer="ones", **options)


def test_results_are_of_the_style_of_the_arguments():
    layer = dense()
    for given in (tf.ones([1, 3]), np.ones((1, 3), np.float32)):
        made = layer(given)
        assert made.numpy().tolist() == [[3.0, 3.0]] and not made.requires_grad
    plain = layer(tenon.ones(1, 3))
    assert type(plain) is tenon.Tensor and plain.requires_grad
    plain.sum().backward()
    assert layer.kernel.grad.tolist() == [[1.0, 1.0]] * 3


def test_a_layer_under_a_tape():
    layer = dense(1, use_bias=False)
    x = tf.constant([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        y = layer(x)
        assert y.numpy().tolist() == [[3.0]]
        loss = tf.reduce_sum(tf.square(y))
    grad, = tape.gradient(loss, layer.trainable_variables)
    assert grad.numpy().tolist() == [[6.0], [12.0]]


class Gathers(keras.layers.Layer):
    """Gradients only flow if tf's functions within are recorded."""

    def build(self, shape):
        self.table = self.add_weight(shape=(3,), initializer="ones")

    def call(self, x):
        return x * tf.gather(self.table, tf.range(2))


def test_a_layer_of_tf_functions_in_torch_style():
    layer = Gathers()
    layer(tenon.tensor([[1.0, 2.0]])).sum().backward()
    assert layer.table.grad.tolist() == [1.0, 2.0, 0.0]
    with tenon.no_grad():
        assert not layer(tenon.tensor([[1.0, 2.0]])).requires_grad


@pytest.mark.parametrize("as_input", [tf.constant, np.array])
def test_fit_with_tf_functions(as_input):
    model = keras.Sequential([Gathers()])
    model.compile(optimizer=keras.optimizers.SGD(0.5),
                  loss=lambda y, p: tf.reduce_mean(tf.square(tf.cast(y, tf.float32) - p)))
    x, y = as_input(np.ones((4, 2), np.float32)), as_input(np.full((4, 2), 3.0, np.float32))
    model.fit(x, y, epochs=1, batch_size=4, verbose=0)
    assert model.layers[0].table.numpy().tolist() == [2.0, 2.0, 1.0]


def test_symbolic_tensors_go_through_tf_functions():
    x = keras.Input((3,))
    model = keras.Model(x, tf.reduce_sum(tf.concat([x, tf.square(x)], axis=1), axis=1))
    made = model(np.array([[1.0, 2.0, 3.0]], np.float32))
    assert made.numpy().tolist() == [20.0]


def test_gradients_do_not_flow_through_what_was_computed_before():
    layer = dense(1, use_bias=False)
    x = tf.constant([[1.0]])
    target = layer(x) + 1.0
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((target - layer(x)) ** 2)
    assert tape.gradient(loss, layer.kernel).numpy().tolist() == [[-2.0]]


def test_optimizers_take_the_gradients_of_a_tape():
    w = tf.Variable([1.0, 2.0])
    optimizer = tf.optimizers.SGD(learning_rate=0.5)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * w)
        optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w]))
        return loss

    assert [step().numpy() for _ in range(2)] == [5.0, 0.0]
