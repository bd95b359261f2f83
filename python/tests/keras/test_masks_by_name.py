"""Masks go with arguments that are given by name, as with those given by place."""

import numpy as np

from tenon import keras
from tenon.keras import layers


def test_attention_takes_the_masks_of_arguments_by_name():
    tokens = np.array([[1, 2, 3, 0, 0]])
    attention = layers.MultiHeadAttention(num_heads=1, key_dim=4)
    x = layers.Embedding(5, 4, mask_zero=True)(tokens)
    by_place, scores = attention(x, x, return_attention_scores=True)
    by_name, named = attention(query=x, value=x, key=x, return_attention_scores=True)
    np.testing.assert_array_equal(by_name.numpy(), by_place.numpy())
    np.testing.assert_array_equal(named.numpy(), scores.numpy())
    assert (named.numpy()[0, 0, :3, 3:] == 0).all() and (named.numpy()[0, 0, :3, :3] > 0).all()
    assert by_name._keras_mask.numpy().tolist() == [[True, True, True, False, False]]


def test_recurrent_layers_take_the_mask_of_an_argument_by_name():
    x = layers.Embedding(5, 4, mask_zero=True)(np.array([[1, 2, 0, 0]]))
    lstm = layers.LSTM(3)
    np.testing.assert_array_equal(lstm(sequences=x).numpy(), lstm(x).numpy())
    assert np.abs(lstm(x).numpy() - lstm(keras.ops.copy(x)).numpy()).max() > 1e-4


def test_states_of_layers_that_are_not_built():
    import tenon.tf as tf

    gru, lstm = layers.GRU(3, return_state=True), layers.LSTM(2)
    states = gru.get_initial_state(batch_size=tf.constant(4))
    assert [tuple(one.shape) for one in states] == [(4, 3)]
    assert [tuple(one.shape) for one in lstm.get_initial_state(2)] == [(2, 2), (2, 2)]
    x = np.ones((4, 2, 5), np.float32)
    np.testing.assert_array_equal(gru(x, initial_state=states)[0].numpy(), gru(x)[0].numpy())


def test_text_as_rows():
    import tenon.tf as tf

    texts = layers.TextVectorization(ragged=True, vocabulary=["a", "b"])
    rows = texts(["a b a", "c", ""])
    assert rows.to_list() == [[2, 3, 2], [1], []] and rows.dtype is tf.int64
    assert texts.compute_output_spec(keras.Input((), dtype="string")).shape == (None, None)
    lookup = layers.StringLookup(vocabulary=["a", "b"])
    assert lookup(tf.strings.split(["b", "a z"])).to_list() == [[2], [1, 0]]
