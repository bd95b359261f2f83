"""Recurrent networks against loops in NumPy."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
from nn_checks import check_gradients, check_round_trip, losses
from tenon.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

RANDOM = np.random.default_rng(11)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(mode, x, h, c, weights):
    """One step by its formula: the new states."""
    w_ih, w_hh = weights["weight_ih"], weights["weight_hh"]
    from_x, from_h = x @ w_ih.T + weights.get("bias_ih", 0), h @ w_hh.T + weights.get("bias_hh", 0)
    if mode == "LSTM":
        i, f, g, o = np.split(from_x + from_h, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return (h @ weights["weight_hr"].T if "weight_hr" in weights else h), c
    if mode == "GRU":
        (r, z, n), (hr, hz, hn) = np.split(from_x, 3, -1), np.split(from_h, 3, -1)
        z = sigmoid(z + hz)
        return (1 - z) * np.tanh(n + sigmoid(r + hr) * hn) + z * h, c
    whole = from_x + from_h
    return (np.tanh(whole) if mode == "RNN_TANH" else np.maximum(whole, 0)), c


def run(layer, sequence, h0, c0):
    """Layers and directions over one sequence (steps, features): outputs and last states."""
    ends = []
    for number in range(layer.num_layers):
        outputs = []
        for direction in range(1 + layer.bidirectional):
            suffix = f"_l{number}" + ("_reverse" if direction else "")
            weights = {name[:-len(suffix)]: value.detach().numpy()
                       for name, value in layer.named_parameters() if name.endswith(suffix)}
            place = len(ends)
            h, c, rows = h0[place], c0[place], []
            for x in sequence[::-1] if direction else sequence:
                h, c = step(layer.mode, x, h, c, weights)
                rows.append(h)
            outputs.append(rows[::-1] if direction else rows)
            ends.append((h, c))
        sequence = np.concatenate([np.array(rows) for rows in outputs], -1)
    return sequence, np.array([h for h, _ in ends]), np.array([c for _, c in ends])


KINDS = {
    "lstm": lambda **options: nn.LSTM(3, 4, **options),
    "gru": lambda **options: nn.GRU(3, 4, **options),
    "tanh": lambda **options: nn.RNN(3, 4, **options),
    "relu": lambda **options: nn.RNN(3, 4, nonlinearity="relu", **options),
    "projected": lambda **options: nn.LSTM(3, 4, proj_size=2, **options),
}
OPTIONS = [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}, {"bias": False}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_sequences(kind, options):
    layer = KINDS[kind](**options).double()
    states, width = layer.num_layers * (1 + layer.bidirectional), layer.proj_size or 4
    x = RANDOM.standard_normal((5, 2, 3))
    h, c = RANDOM.standard_normal((states, 2, width)), RANDOM.standard_normal((states, 2, 4))
    given = torch.tensor(x.swapaxes(0, 1).copy() if layer.batch_first else x)
    hx = (torch.tensor(h), torch.tensor(c)) if layer.mode == "LSTM" else torch.tensor(h)
    output, last = layer(given, hx)
    output = output.detach().numpy()
    for sample in range(2):
        expected, last_h, last_c = run(layer, x[:, sample], h[:, sample], c[:, sample])
        got = output[sample] if layer.batch_first else output[:, sample]
        np.testing.assert_allclose(got, expected, atol=1e-10)
        ends = last if layer.mode == "LSTM" else (last,)
        for end, wanted in zip(ends, (last_h, last_c)):
            np.testing.assert_allclose(end.detach().numpy()[:, sample], wanted, atol=1e-10)
    single, _ = layer(torch.tensor(x[:, 0]))
    wanted, _, _ = run(layer, x[:, 0], 0 * h[:, 0], 0 * c[:, 0])
    np.testing.assert_allclose(single.detach().numpy(), wanted, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences(kind):
    layer = KINDS[kind](num_layers=2, bidirectional=True).double()
    x, lengths = RANDOM.standard_normal((5, 3, 3)), [2, 5, 3]
    packed = pack_padded_sequence(torch.tensor(x), lengths, enforce_sorted=False)
    output, last = layer(packed)
    padded, again = pad_packed_sequence(output)
    assert again.tolist() == lengths
    last = last[0] if layer.mode == "LSTM" else last
    zeros = np.zeros((4, layer.proj_size or 4)), np.zeros((4, 4))
    for sample, length in enumerate(lengths):
        expected, last_h, _ = run(layer, x[:length, sample], *zeros)
        got = padded[:, sample].detach().numpy()
        np.testing.assert_allclose(got[:length], expected, atol=1e-10)
        assert (got[length:] == 0).all()
        np.testing.assert_allclose(last[:, sample].detach().numpy(), last_h, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_and_state(kind):
    layer = KINDS[kind](num_layers=2)
    check_gradients(layer, RANDOM.standard_normal((3, 2, 3)))
    check_round_trip(KINDS[kind](bidirectional=True), torch.ones(3, 2, 3))


@pytest.mark.parametrize("make, mode", [
    (lambda bias: nn.LSTMCell(3, 4, bias), "LSTM"), (lambda bias: nn.GRUCell(3, 4, bias), "GRU"),
    (lambda bias: nn.RNNCell(3, 4, bias), "RNN_TANH"),
    (lambda bias: nn.RNNCell(3, 4, bias, "relu"), "RNN_RELU")], ids=["lstm", "gru", "tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells(make, mode, bias):
    cell = make(bias).double()
    x, h, c = (RANDOM.standard_normal((2, size)) for size in (3, 4, 4))
    weights = {name: value.detach().numpy() for name, value in cell.named_parameters()}
    expected = step(mode, x, h, c, weights)
    hx = (torch.tensor(h), torch.tensor(c)) if mode == "LSTM" else torch.tensor(h)
    result = cell(torch.tensor(x), hx)
    for got, wanted in zip(result if mode == "LSTM" else (result,), expected):
        np.testing.assert_allclose(got.detach().numpy(), wanted, atol=1e-10)
    single = cell(torch.tensor(x[0]))
    zero = step(mode, x[0], 0 * h[0], 0 * c[0], weights)[0]
    single = single[0] if mode == "LSTM" else single
    np.testing.assert_allclose(single.detach().numpy(), zero, atol=1e-10)
    check_gradients(cell, x)


def test_dropout_between_layers():
    torch.manual_seed(1)
    layer = nn.GRU(3, 4, num_layers=2, dropout=0.5)
    x = torch.randn(5, 2, 3)
    assert layer(x)[0].tolist() != layer(x)[0].tolist()
    layer.eval()
    assert layer(x)[0].tolist() == layer(x)[0].tolist()


def test_names_texts_and_initial_values():
    layer = nn.LSTM(3, 100, 2, bidirectional=True)
    assert list(layer.state_dict())[:8] == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
        "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse"]
    assert layer.weight_ih_l1.shape == (400, 200) and len(layer.all_weights) == 4
    assert (0.099 < layer.weight_hh_l0.abs().max().item() <= 0.1
            and layer.flatten_parameters() is None)
    assert repr(layer) == "LSTM(3, 100, num_layers=2, bidirectional=True)"
    assert (repr(nn.GRU(3, 4, bias=False, batch_first=True))
            == "GRU(3, 4, bias=False, batch_first=True)")
    assert repr(nn.LSTM(3, 4, proj_size=2)) == "LSTM(3, 4, proj_size=2)"
    assert repr(nn.RNNCell(3, 4, nonlinearity="relu")) == "RNNCell(3, 4, nonlinearity=relu)"
    assert repr(nn.LSTMCell(3, 4, bias=False)) == "LSTMCell(3, 4, bias=False)"


def test_mistakes():
    with pytest.raises(RuntimeError, match="input.size.-1. must be equal to input_size. Expected "
                                           "3, got 2"):
        nn.LSTM(3, 4)(torch.ones(5, 1, 2))
    with pytest.raises(RuntimeError, match=r"Expected hidden size \(1, 2, 4\), got \[1, 1, 4\]"):
        nn.GRU(3, 4)(torch.ones(5, 2, 3), torch.zeros(1, 1, 4))
    with pytest.raises(RuntimeError, match="pair of tensors"):
        nn.LSTM(3, 4)(torch.ones(5, 2, 3), torch.zeros(1, 2, 4))
    with pytest.raises(ValueError, match="Expected input to be 2D or 3D, got 1D"):
        nn.RNN(3, 4)(torch.ones(3))
    with pytest.raises(ValueError, match="Unknown nonlinearity 'sine'"):
        nn.RNN(3, 4, nonlinearity="sine")
    with pytest.raises(ValueError, match="dropout should be a number in range"):
        nn.GRU(3, 4, dropout=1.5)
    with pytest.raises(ValueError, match="hidden_size must be greater than zero"):
        nn.GRU(3, 0)
    with pytest.raises(ValueError, match="smaller than hidden_size"):
        nn.LSTM(3, 4, proj_size=4)
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.GRU(3, 4, dropout=0.5)


def test_compiled_steps_are_the_same():
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = nn.LSTM(3, 4, 2), nn.Linear(4, 1)

        def forward(self, x):
            return self.out(self.lstm(x)[0])

    results = []
    for compiled in False, True:
        torch.manual_seed(4)
        results.append(losses(Tagger(), [torch.randn(5, 2, 3)], torch.tensor(0.5), compiled))
    assert results[0] == results[1] and results[0][-1] < results[0][0]
