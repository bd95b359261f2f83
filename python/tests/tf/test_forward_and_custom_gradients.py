"""ForwardAccumulator, custom gradients of variables, and what tapes refuse."""

import math

import numpy as np
import pytest

import tenon.tf as tf


def test_products_with_tangents():
    x = tf.constant([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 10.0])) as accumulator:
        y = {"cubes": tf.reduce_sum(x ** 3), "squares": x * x}
        other = tf.constant(1.0)
    products = accumulator.jvp(y)
    assert products["cubes"].numpy() == 3.0 + 120.0
    assert products["squares"].numpy().tolist() == [2.0, 40.0]
    assert accumulator.jvp(other) is None
    assert accumulator.jvp(other, tf.UnconnectedGradients.ZERO).numpy() == 0.0


def test_products_of_several_primals():
    x, w = tf.constant(2.0), tf.Variable(3.0)
    with tf.autodiff.ForwardAccumulator([x, w], [tf.constant(1.0), tf.constant(10.0)]) as forward:
        y, z = x * w, tf.sin(x)
    first, second = forward.jvp([y, z])
    assert first.numpy() == 23.0
    np.testing.assert_allclose(second.numpy(), math.cos(2.0), rtol=1e-6)


def test_accumulators_in_one_another_and_around_tapes():
    x = tf.constant(2.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as outer:
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as inner:
            y = x ** 3
        first = inner.jvp(y)
    assert (first.numpy(), outer.jvp(first).numpy()) == (12.0, 12.0)
    v = tf.Variable([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(v, tf.constant([1.0, 1.0])) as forward:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(v ** 3)
        grad = tape.gradient(y, v)
    assert forward.jvp(grad).numpy().tolist() == [6.0, 12.0]  # the Hessian's product


def test_mistakes_with_accumulators():
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="shape"):
        tf.autodiff.ForwardAccumulator(x, tf.ones([3]))
    with pytest.raises(ValueError, match="primals"):
        tf.autodiff.ForwardAccumulator(1.0, tf.ones([]))
    with tf.autodiff.ForwardAccumulator(x, x) as accumulator:
        with pytest.raises(ValueError, match="already recording"):
            accumulator.__enter__()


def test_custom_gradients_of_variables():
    v = tf.Variable(3.0)

    @tf.custom_gradient
    def scaled(x):
        def grad(upstream, variables=None):
            assert [tuple(one.shape) for one in variables] == [()]
            return upstream * 10.0, [upstream * 100.0]

        return x * v, grad

    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = scaled(x)
    of_x, of_v = tape.gradient(y, [x, v])
    assert (y.numpy(), of_x.numpy(), of_v.numpy()) == (6.0, 10.0, 100.0)
    assert scaled(x).numpy() == 6.0


def test_as_many_gradients_as_variables():
    v = tf.Variable(3.0)

    @tf.custom_gradient
    def wrong(x):
        return x * v, lambda upstream, variables=None: (upstream, [])

    with tf.GradientTape() as tape:
        y = wrong(tf.constant(1.0))
    with pytest.raises(ValueError, match="1 variables, but returned 0"):
        tape.gradient(y, v)


def test_complex_variables_have_gradients():
    z = tf.Variable(1.0 + 2.0j, dtype=tf.complex64)
    with tf.GradientTape() as tape:
        y = tf.math.real(z * tf.math.conj(z))
    assert tape.gradient(y, z).numpy() == 2.0 + 4.0j


def test_gradients_while_a_tape_pauses_are_not_recorded():
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            grad = tape.gradient(y, x)
        z = y + grad
    assert tape.gradient(z, x).numpy() == 6.0
    for call in (tape.stop_recording, tape.reset):
        with pytest.raises(ValueError, match="not recording"):
            call()


def test_what_another_tape_watches_is_no_source():
    x = tf.constant(2.0)
    with tf.GradientTape() as first:
        first.watch(x)
        y = x * x
    with tf.GradientTape() as second:
        z = x * x
    assert first.gradient(y, x).numpy() == 4.0 and second.gradient(z, x) is None


def test_tensors_in_texts_are_their_elements():
    assert f"{tf.constant(3)} {tf.constant([1.5, 2.0])}" == "3 [1.5 2. ]"
    assert f"{tf.constant(2.5):.2f}" == "2.50"
    assert f"{tf.constant(1.5, tf.bfloat16)}".startswith("tf.Tensor")
