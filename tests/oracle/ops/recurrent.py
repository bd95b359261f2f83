"""Recurrent networks, sequence by sequence and step by step."""
import numpy as np


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _products(x, hx, w_ih, w_hh, b_ih, b_hh):
    a, b = x @ w_ih.T, hx @ w_hh.T
    return (a if b_ih is None else a + b_ih), (b if b_hh is None else b + b_hh)


def rnn_tanh_cell(x, hx, w_ih, w_hh, b_ih, b_hh):
    return np.tanh(sum(_products(x, hx, w_ih, w_hh, b_ih, b_hh)))


def rnn_relu_cell(x, hx, w_ih, w_hh, b_ih, b_hh):
    return np.maximum(sum(_products(x, hx, w_ih, w_hh, b_ih, b_hh)), 0)


def gru_cell(x, hx, w_ih, w_hh, b_ih, b_hh):
    a, b = _products(x, hx, w_ih, w_hh, b_ih, b_hh)
    (ar, az, an), (br, bz, bn) = (np.split(v, 3, axis=-1) for v in (a, b))
    r, z = _sigmoid(ar + br), _sigmoid(az + bz)
    return (1 - z) * np.tanh(an + r * bn) + z * hx


def lstm_cell(x, hx, cx, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = np.split(sum(_products(x, hx, w_ih, w_hh, b_ih, b_hh)), 4, axis=-1)
    c = _sigmoid(f) * cx + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _run(cell, x, states, weights, has_biases, layers, bidirectional):
    """One sequence [length, in]; states are [layers directions, hidden] each."""
    each, directions = (4 if has_biases else 2), (2 if bidirectional else 1)
    last = [np.empty_like(s) for s in states]
    for layer in range(layers):
        outputs = []
        for direction in range(directions):
            number = layer * directions + direction
            own = list(weights[number * each:(number + 1) * each]) + [None] * (4 - each)
            state, steps = [s[number] for s in states], []
            for row in (x if direction == 0 else x[::-1]):
                state = cell(row, *state, *own)
                state = list(state) if isinstance(state, tuple) else [state]
                steps.append(state[0])
            outputs.append(np.stack(steps if direction == 0 else steps[::-1]))
            for s, value in zip(last, state):
                s[number] = value
        x = np.concatenate(outputs, axis=-1)
    return x, last


def _check(cell, result, x, states, weights, has_biases, layers, dropout, bidirectional,
           batch_first, batch_sizes):
    assert dropout == 0
    run = lambda rows, own: _run(cell, rows, own, weights, has_biases, layers, bidirectional)[0]
    if batch_sizes:
        want = np.empty((x.shape[0], result.shape[1]), x.dtype)
        starts = np.concatenate([[0], np.cumsum(batch_sizes)])
        for i in range(batch_sizes[0]):
            rows = [starts[t] + i for t, size in enumerate(batch_sizes) if i < size]
            want[rows] = run(x[rows], [s[:, i] for s in states])
    elif x.ndim == 2:
        want = run(x, [s if s.ndim == 2 else s[:, 0] for s in states])
    else:
        axis = 0 if batch_first else 1
        want = np.stack([run(np.take(x, i, axis), [s[:, i] for s in states])
                         for i in range(x.shape[axis])], axis)
    assert result.shape == want.shape, f"sizes {result.shape}, expected {want.shape}"
    assert np.allclose(result, want, rtol=1e-9, atol=1e-9), "another result"


# Dropout between layers draws; the first argument is the output of all steps.

def rnn_tanh(result, x, hx, weights, has_biases, num_layers, dropout, training, bidirectional,
             batch_first, batch_sizes, generator):
    _check(rnn_tanh_cell, result, x, [hx], weights, has_biases, num_layers, dropout, bidirectional,
           batch_first, batch_sizes)


def rnn_relu(result, x, hx, weights, has_biases, num_layers, dropout, training, bidirectional,
             batch_first, batch_sizes, generator):
    _check(rnn_relu_cell, result, x, [hx], weights, has_biases, num_layers, dropout, bidirectional,
           batch_first, batch_sizes)


def gru(result, x, hx, weights, has_biases, num_layers, dropout, training, bidirectional,
        batch_first, batch_sizes, generator):
    _check(gru_cell, result, x, [hx], weights, has_biases, num_layers, dropout, bidirectional,
           batch_first, batch_sizes)


def lstm(result, x, hx, cx, weights, has_biases, num_layers, dropout, training, bidirectional,
         batch_first, batch_sizes, generator):
    _check(lstm_cell, result, x, [hx, cx], weights, has_biases, num_layers, dropout, bidirectional,
           batch_first, batch_sizes)
