"""Layers that fewer programs use, each against a twin, and normalization under tapes."""

import numpy as np
import pytest

from tenon import keras, tf
from tenon.keras import layers

random = np.random.default_rng(8)


def same_config(layer, x):
    """A layer made of the config, with the same weights, gives the same."""
    again = type(layer).from_config(layer.get_config())
    expected = layer(x).numpy()
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x).numpy(), expected)


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True}])
def test_convolutions_of_one_pixel_are_an_lstm(options):
    x = random.normal(size=(2, 5, 3)).astype("f")
    lstm, convolved = layers.LSTM(4, **options), layers.ConvLSTM2D(4, 1, **options)
    expected = lstm(x).numpy()
    convolved(x[:, :, None, None])
    convolved.set_weights([w.reshape(v.shape) for w, v in zip(lstm.get_weights(),
                                                              convolved.weights)])
    made = convolved(x[:, :, None, None]).numpy()
    np.testing.assert_allclose(made.reshape(expected.shape), expected, atol=1e-6)


def test_convolutional_lstms_in_models():
    x = random.normal(size=(2, 3, 6, 5, 2)).astype("f")
    layer = layers.ConvLSTM2D(3, (3, 2), strides=2, padding="same", return_state=True)
    y, h, c = layer(x)
    assert tuple(y.shape) == tuple(h.shape) == tuple(c.shape) == (2, 3, 3, 3)
    inputs = keras.Input((None, 6, 5, 2))
    outputs = layers.ConvLSTM2D(3, 3, dropout=0.2, return_sequences=True)(inputs)
    model = keras.Model(inputs, layers.GlobalMaxPooling3D()(outputs))
    assert outputs.shape == (None, None, 4, 3, 3)
    model.compile("sgd", "mse")
    model.fit(x, np.ones((2, 3)), verbose=0)
    same_config(layers.ConvLSTM1D(3, 2, return_sequences=True), x[..., 0, :])
    stateful = layers.ConvLSTM2D(3, 3, stateful=True)
    first, second = stateful(x).numpy(), stateful(x).numpy()
    stateful.reset_state()
    assert not np.allclose(first, second) and np.array_equal(stateful(x).numpy(), first)


def test_heads_that_serve_several():
    x = random.normal(size=(2, 5, 6)).astype("f")
    grouped, plain = layers.GroupQueryAttention(3, 4, 2), layers.MultiHeadAttention(4, 3)
    grouped(x, x), plain(x, x)
    weights = [np.repeat(w, 2, -2) if 2 <= i < 6 else w
               for i, w in enumerate(grouped.get_weights())]
    plain.set_weights(weights)
    np.testing.assert_allclose(grouped(x, x, use_causal_mask=True).numpy(),
                               plain(x, x, use_causal_mask=True).numpy(), atol=1e-6)
    again = layers.GroupQueryAttention.from_config(grouped.get_config())
    again(x, x)
    again.set_weights(grouped.get_weights())
    np.testing.assert_array_equal(again(x, x).numpy(), grouped(x, x).numpy())
    with pytest.raises(ValueError, match="must be divisible by `num_key_value_heads`"):
        layers.GroupQueryAttention(3, 4, 3)


def test_spectral_normalization():
    x = random.normal(size=(2, 6, 6, 3)).astype("f")
    layer = layers.SpectralNormalization(layers.Conv2D(4, 3), power_iterations=50)
    layer(x)
    before = layer.layer.kernel.numpy()
    layer(x, training=True)
    size = np.linalg.norm(before.reshape(-1, 4), 2)
    np.testing.assert_allclose(layer.layer.kernel.numpy(), before / size, rtol=1e-4)
    same_config(layer, x)
    zeros = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    assert (zeros(np.ones((1, 3), "f"), training=True).numpy() == 0).all()
    with pytest.raises(ValueError, match="has no attribute 'kernel' nor 'embeddings'"):
        layers.SpectralNormalization(layers.ReLU())(x)


@pytest.mark.parametrize("kind, reduce", [("Average", np.mean), ("Max", np.max)])
@pytest.mark.parametrize("sizes, wanted", [((7,), 3), ((7, 4), (3, 5)), ((5, 6, 4), (2, 3, 4))])
def test_pooling_to_a_size(kind, reduce, sizes, wanted):
    x = np.random.default_rng(0).normal(size=(2, *sizes, 3)).astype("f")
    expected = x
    for axis, (size, count) in enumerate(zip(sizes, np.atleast_1d(wanted)), 1):
        windows = [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        expected = np.stack([reduce(expected.take(range(size)[one], axis), axis)
                             for one in windows], axis)
    layer = getattr(layers, f"Adaptive{kind}Pooling{len(sizes)}D")(wanted)
    assert np.abs(layer(x).numpy() - expected).max() < 1e-6
    assert layer.compute_output_shape((None, *sizes, 3)) == (None, *expected.shape[1:])
    first = type(layer)(wanted, data_format="channels_first")(np.moveaxis(x, -1, 1))
    assert np.abs(np.moveaxis(first.numpy(), 1, -1) - expected).max() < 1e-6
    with pytest.raises(ValueError, match="output_size is a positive whole number, not 0"):
        type(layer)(0)


def test_statistics_change_while_a_tape_needs_them():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("f")

    def model():
        return keras.Sequential([keras.Input((3,)), layers.Dense(4, kernel_initializer="ones"),
                                 layers.BatchNormalization(momentum=0.5), layers.Dense(1)])

    together, apart = model(), model()
    apart.set_weights(together.get_weights())
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(together(x, training=False) ** 2)
        loss += tf.reduce_mean(together(x, training=True) ** 2)
    grads = tape.gradient(loss, together.trainable_variables)
    sums = [0.0] * len(grads)
    for training in False, True:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(apart(x, training=training) ** 2)
        sums = [sum_ + one.numpy() for sum_, one in zip(sums, tape.gradient(
            loss, apart.trainable_variables))]
    for one, sum_ in zip(grads, sums):
        assert np.abs(one.numpy() - sum_).max() < 1e-5
    for one, other in zip(together.get_weights(), apart.get_weights()):
        assert (one == other).all()
    bn = together.layers[1]
    hidden = together.layers[0](x).numpy()
    assert np.abs(bn.moving_mean.numpy() - hidden.mean(0) / 2).max() < 1e-6


def test_weights_are_set_while_a_tape_needs_them():
    layer = layers.Dense(1, use_bias=False)
    x = tf.constant([[2.0, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x) ** 2
        kernel = layer.get_weights()[0]
        layer.set_weights([kernel * 0])
    expected = 2 * (x.numpy() @ kernel) * kernel.T
    assert np.abs(tape.gradient(y, x).numpy() - expected).max() < 1e-5
