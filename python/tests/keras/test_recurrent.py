"""Recurrent and attention layers, against their formulas in NumPy."""

import numpy as np
import pytest

import tenon
from tenon import keras, tf
from tenon.keras import layers

X = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("f")
MASK = np.array([[True, True, False, True], [False, True, True, False]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple(x, states, kernel, recurrent, bias):
    y = np.tanh(x @ kernel + states[0] @ recurrent + bias)
    return y, [y]


def lstm(x, states, kernel, recurrent, bias):
    i, f, g, o = np.split(x @ kernel + states[0] @ recurrent + bias, 4, -1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    y = sigmoid(o) * np.tanh(c)
    return y, [y, c]


def gru(x, states, kernel, recurrent, bias):
    h = states[0]
    (x_z, x_r, x_g), (h_z, h_r, h_g) = (np.split(x @ kernel + bias[0], 3, -1),
                                        np.split(h @ recurrent + bias[1], 3, -1))
    z = sigmoid(x_z + h_z)
    y = z * h + (1 - z) * np.tanh(x_g + sigmoid(x_r + h_r) * h_g)
    return y, [y]


def gru_before(x, states, kernel, recurrent, bias):
    h = states[0]
    x_z, x_r, x_g = np.split(x @ kernel + bias, 3, -1)
    u_z, u_r, u_g = np.split(recurrent, 3, -1)
    z, r = sigmoid(x_z + h @ u_z), sigmoid(x_r + h @ u_r)
    y = z * h + (1 - z) * np.tanh(x_g + (r * h) @ u_g)
    return y, [y]


def run(step, weights, states, order, mask=None):
    """Outputs of all steps and the last states."""
    outputs, last = [], np.zeros_like(states[0])
    for t in order:
        y, after = step(X[:, t], states, *weights)
        if mask is not None:
            on = mask[:, t, None]
            y = np.where(on, y, last)
            after = [np.where(on, new, old) for new, old in zip(after, states)]
        outputs.append(y)
        last, states = y, after
    return np.stack(outputs, 1), states


def randomized(layer):
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=w.shape) * 0.5 for w in layer.get_weights()])
    return [w.astype(np.float64) for w in layer.get_weights()]


def near(given, expected):
    return np.abs(given.detach().numpy() - expected).max() < 1e-5


KINDS = [(layers.SimpleRNN, simple, 1, {}), (layers.LSTM, lstm, 2, {}), (layers.GRU, gru, 1, {}),
         (layers.GRU, gru_before, 1, {"reset_after": False})]


@pytest.mark.parametrize("kind, step, states, options", KINDS)
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_formulas(kind, step, states, options, mask, go_backwards):
    layer = kind(5, return_sequences=True, return_state=True, go_backwards=go_backwards, **options)
    layer(X)
    weights = randomized(layer)
    order = range(3, -1, -1) if go_backwards else range(4)
    expected, ends = run(step, weights, [np.zeros((2, 5))] * states, order, mask)
    y, *after = layer(X, mask=mask)
    assert near(y, expected) and all(near(a, b) for a, b in zip(after, ends))
    last = kind(5, go_backwards=go_backwards, **options)
    last(X)
    last.set_weights(layer.get_weights())
    assert near(last(X, mask=mask), expected[:, -1])
    # One step at a time gives the same as all at once.
    cells = layers.RNN(layer.cell, return_sequences=True, go_backwards=go_backwards)
    stepped, _ = cells._stepped(tenon.tensor(X), cells.get_initial_state(2), None, False)
    assert near(stepped, layer(X)[0].detach().numpy())


@pytest.mark.parametrize("kind, step, states, options", KINDS)
def test_initial_states_and_stateful_layers(kind, step, states, options):
    start = [np.random.default_rng(i).normal(size=(2, 5)).astype("f") for i in range(states)]
    layer = kind(5, stateful=True, return_sequences=True, **options)
    layer(X)
    weights = randomized(layer)
    layer.reset_state()
    expected, ends = run(step, weights, [np.zeros((2, 5))] * states, range(4))
    assert near(layer(X), expected)
    assert near(layer(X), run(step, weights, ends, range(4))[0])
    assert near(layer(X, initial_state=[tenon.tensor(s) for s in start]),
                run(step, weights, start, range(4))[0])
    with pytest.raises(ValueError, match="was built for batches of 2 sequences"):
        layer(X[:1])


def test_gradients_of_stateful_layers():
    for kind in layers.SimpleRNN, layers.LSTM, layers.GRU:
        layer = kind(3, stateful=True)
        layer(X)
        layer(tenon.tensor(X), mask=tenon.tensor(MASK)).sum().backward()
        assert layer.weights[1].grad.abs().sum().item() > 0


def test_forget_gates_begin_open():
    layer = layers.LSTM(2)
    layer(X)
    assert layer.weights[2].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional(mode):
    layer = layers.Bidirectional(layers.GRU(3, return_sequences=True), mode)
    layer(X)
    weights = randomized(layer)
    one, _ = run(gru, weights[:3], [np.zeros((2, 3))], range(4))
    other, _ = run(gru, weights[3:], [np.zeros((2, 3))], range(3, -1, -1))
    other = other[:, ::-1]
    y = layer(X)
    if mode is None:
        assert near(y[0], one) and near(y[1], other)
    else:
        assert near(y, {"concat": np.concatenate([one, other], -1), "sum": one + other,
                        "mul": one * other, "ave": (one + other) / 2}[mode])
    assert layer.forward_layer.name.startswith("forward_gru")


def test_stacked_and_own_cells():
    class Summing(layers.Layer):
        state_size = 3

        def call(self, inputs, states):
            total = states[0] + inputs
            return total, [total]

    assert near(layers.RNN(Summing(), return_sequences=True)(X), X.cumsum(1))
    assert near(layers.RNN([Summing(), Summing()])(X), X.cumsum(1).cumsum(1)[:, -1])
    stacked = layers.RNN([layers.LSTMCell(4), layers.GRUCell(2)], return_state=True)
    y, first, second = stacked(X)
    assert y.shape == (2, 2) and first[1].shape == (2, 4) and second[0].shape == (2, 2)


def test_dropout_of_inputs_is_the_same_in_all_steps():
    layer = layers.SimpleRNN(50, activation="linear", use_bias=False, dropout=0.5, seed=1,
                             kernel_initializer="ones", recurrent_initializer="zeros",
                             return_sequences=True)
    ones = np.ones((40, 4, 1), "f")
    y = layer(ones, training=True).detach().numpy()
    assert set(np.unique(y)) == {0.0, 2.0} and (y == y[:, :1]).all()
    assert (layer(ones) == 1).all().item()


def test_gradients_reach_all_weights():
    x = tenon.tensor(X)  # arrays go by tapes
    for kind in layers.SimpleRNN, layers.LSTM, layers.GRU:
        layer = kind(3)
        loss = layer(x, mask=MASK).square().sum() + layer(x).square().sum()
        for gradient in tenon.autograd.grad(loss, layer.trainable_weights):
            assert gradient.abs().sum().item() > 0


def test_masks_go_on_where_sequences_do():
    embedded = layers.Embedding(5, 3, mask_zero=True)(np.array([[1, 2, 0, 0]]))
    whole = layers.LSTM(2, return_sequences=True)(embedded)
    assert whole._keras_mask.tolist() == [[True, True, False, False]]
    assert (whole[0, 3] == whole[0, 1]).all().item()
    assert getattr(layers.LSTM(2)(embedded), "_keras_mask", None) is None


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_attention():
    generator = np.random.default_rng(0)
    q, v = (generator.normal(size=(2, 3, 4)).astype("f"),
            generator.normal(size=(2, 5, 4)).astype("f"))
    layer = layers.Attention()
    assert near(layer([q, v]), softmax(q @ v.transpose(0, 2, 1)) @ v)
    kept = np.array([[True] * 3 + [False] * 2] * 2)
    y, weights = layer([q, v], mask=[None, kept], return_attention_scores=True)
    assert near(y, softmax(q @ v[:, :3].transpose(0, 2, 1)) @ v[:, :3])
    assert (weights[:, :, 3:] == 0).all().item()
    causal = layer([q, q], use_causal_mask=True)
    assert near(causal[:, 0], q[:, 0])
    additive = layers.AdditiveAttention(use_scale=False)
    assert near(additive([q, v]), softmax(np.tanh(q[:, :, None] + v[:, None]).sum(-1)) @ v)


def test_multi_head_attention():
    generator = np.random.default_rng(0)
    q, v = (generator.normal(size=(2, 3, 4)).astype("f"),
            generator.normal(size=(2, 5, 6)).astype("f"))
    layer = layers.MultiHeadAttention(2, 3)
    layer(q, v)
    weights = [generator.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)

    def expected(mask):
        heads = [np.einsum("abc,cde->adbe", x, w) + b[:, None] for x, w, b in
                 zip((q, v, v), weights[0:6:2], weights[1:6:2])]
        scores = heads[0] @ heads[1].transpose(0, 1, 3, 2) / np.sqrt(3)
        y = softmax(np.where(mask, scores, -1e30)) @ heads[2]
        return np.einsum("adbe,dec->abc", y, weights[6]) + weights[7]

    assert near(layer(q, v), expected(True))
    mask = np.tri(3, 5, dtype=bool)
    assert near(layer(q, v, attention_mask=mask[None]), expected(mask))
    assert near(layer(q, v, use_causal_mask=True), expected(mask))
    y, scores = layer(q, v, return_attention_scores=True)
    assert scores.shape == (2, 2, 3, 5) and near(y, expected(True))
    assert [w.path for w in layer.weights][0].startswith("query")
    with pytest.raises(ValueError, match="takes \\(batch, steps, features\\)"):
        layers.MultiHeadAttention(2, 3)(q[0], v[0])


@pytest.mark.parametrize("layer", [
    layers.LSTM(3, dropout=0.1, return_sequences=True), layers.GRU(3, reset_after=False),
    layers.SimpleRNN(3, "relu"), layers.Bidirectional(layers.LSTM(2), "sum"),
    layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)]),
    layers.RNN(layers.SimpleRNNCell(2), return_state=True)])
def test_configs_and_shapes(layer):
    y = layer(X)
    flat = y if isinstance(y, tuple) else (y,)
    shapes = layer.compute_output_shape((None, 4, 3))
    shapes = shapes if isinstance(y, tuple) else (shapes,)
    assert [(None, *one.shape[1:]) for one in flat] == list(shapes)
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is type(layer)
    again(X)
    again.set_weights(layer.get_weights())
    given = again(X)
    assert near((given if isinstance(given, tuple) else (given,))[0], flat[0].detach().numpy())


def test_mistakes():
    with pytest.raises(ValueError, match="expected ndim=3"):
        layers.LSTM(3)(X[0])
    with pytest.raises(ValueError, match="a `call` method and a `state_size`"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match="merge_mode is"):
        layers.Bidirectional(layers.LSTM(3), "both")
    with pytest.raises(ValueError, match="units is a positive"):
        layers.GRU(-1)
    with pytest.raises(ValueError, match="Unrecognized keyword"):
        layers.LSTM(3, unit=4)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", [
    {}, {"return_sequences": True}, {"return_sequences": True, "zero_output_for_mask": True},
    {"go_backwards": True, "return_sequences": True}, {"return_state": True}])
def test_masked_steps_at_once_are_those_one_by_one(kind, options):
    layer = getattr(keras.layers, kind)(3, **options)
    x = np.random.default_rng(1).normal(size=(4, 6, 2)).astype("f")
    mask = np.array([[1, 1, 1, 1, 0, 0], [0, 1, 0, 1, 1, 0], [0] * 6, [1] * 6], bool)
    layer(x)
    variables, results = layer.trainable_variables, []
    for at_once in True, False:
        if not at_once:
            layer.cell.can_run_at_once = lambda training: False
        with tf.GradientTape() as tape:
            parts = layer(x, mask=tf.constant(mask))
            parts = parts if isinstance(parts, (list, tuple)) else [parts]
            loss = tf.add_n([tf.reduce_sum(part * part) for part in parts])
        results.append([one.numpy() for one in [*parts, *tape.gradient(loss, variables)]])
    for mine, expected in zip(*results):
        np.testing.assert_allclose(mine, expected, atol=1e-6)
