"""Convolutional LSTMs, grouped attention and spectral normalization, each against a twin."""

import numpy as np
import pytest

from tenon import keras
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
