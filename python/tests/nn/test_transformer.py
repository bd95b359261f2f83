"""Attention and transformers against NumPy."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
from nn_checks import check_gradients, check_round_trip, losses

RANDOM = np.random.default_rng(13)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(layer, query, key, value, mask=None):
    """Of one sample, (steps, features): the result, and each head's weights."""
    w, b = layer.in_proj_weight.detach().numpy(), layer.in_proj_bias.detach().numpy()
    size = layer.embed_dim
    q, k, v = (x @ w[i * size:(i + 1) * size].T + b[i * size:(i + 1) * size]
               for i, x in enumerate((query, key, value)))
    heads, weights = [], []
    for part in np.split(np.arange(size), layer.num_heads):
        scores = q[:, part] @ k[:, part].T / np.sqrt(len(part))
        weights.append(softmax(scores if mask is None else scores + mask))
        heads.append(weights[-1] @ v[:, part])
    joined = np.concatenate(heads, -1)
    out = layer.out_proj
    return joined @ out.weight.detach().numpy().T + out.bias.detach().numpy(), np.array(weights)


def made(**options):
    layer = nn.MultiheadAttention(4, 2, **options).double()
    with torch.no_grad():
        layer.in_proj_bias.uniform_(-1, 1)
    return layer


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_attention(batch_first, need_weights):
    layer = made(batch_first=batch_first)
    query, key, value = (RANDOM.standard_normal((2, steps, 4)) for steps in (3, 5, 5))
    padding = np.array([[False] * 5, [False, True, False, False, True]])
    mask = np.triu(np.ones((3, 5), dtype=bool), 3)
    given = [torch.tensor(x if batch_first else x.swapaxes(0, 1).copy())
             for x in (query, key, value)]
    result, weights = layer(*given, torch.tensor(padding), need_weights, torch.tensor(mask))
    result = result.detach().numpy()
    for sample in range(2):
        hidden = np.where(mask | padding[sample], -np.inf, 0)
        expected, each = attention(layer, query[sample], key[sample], value[sample], hidden)
        got = result[sample] if batch_first else result[:, sample]
        np.testing.assert_allclose(got, expected, atol=1e-10)
        if need_weights:
            np.testing.assert_allclose(weights[sample].detach().numpy(), each.mean(0), atol=1e-10)
    assert need_weights or weights is None


def test_attention_of_one_sample_and_each_heads_weights():
    layer = made()
    query, key = RANDOM.standard_normal((3, 4)), RANDOM.standard_normal((5, 4))
    expected, each = attention(layer, query, key, key)
    keys = torch.tensor(key)
    result, weights = layer(torch.tensor(query), keys, keys, average_attn_weights=False)
    np.testing.assert_allclose(result.detach().numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(weights.detach().numpy(), each, atol=1e-10)
    numbers = RANDOM.standard_normal((2, 3, 5))
    per_head, _ = layer(torch.tensor(query), keys, keys, attn_mask=torch.tensor(numbers))
    w = layer.in_proj_weight.detach().numpy()
    assert per_head.shape == (3, 4) and w.shape == (12, 4)
    first, _ = attention(layer, query, key, key, numbers[0])
    only_first, _ = layer(torch.tensor(query), keys, keys,
                          attn_mask=torch.tensor(np.stack([numbers[0]] * 2)))
    np.testing.assert_allclose(only_first.detach().numpy(), first, atol=1e-10)


def test_kinds_of_attention():
    x = RANDOM.standard_normal((3, 2, 4))
    check_gradients(made(), *(RANDOM.standard_normal((steps, 2, 4)) for steps in (3, 4, 4)))
    check_gradients(made(add_bias_kv=True, add_zero_attn=True), x, x, x)
    other = nn.MultiheadAttention(4, 2, kdim=3, vdim=5)
    assert other.in_proj_weight is None and other.k_proj_weight.shape == (4, 3)
    check_gradients(other, x, RANDOM.standard_normal((5, 2, 3)), RANDOM.standard_normal((5, 2, 5)))
    both = made(add_bias_kv=True, add_zero_attn=True)
    result, weights = both(*[torch.tensor(x)] * 3, torch.zeros(2, 3, dtype=torch.bool))
    assert weights.shape == (2, 3, 5)
    np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1)
    assert list(made().state_dict()) == ["in_proj_weight", "in_proj_bias", "out_proj.weight",
                                         "out_proj.bias"]
    layer = nn.MultiheadAttention(4, 2, dropout=0.5)
    y = torch.ones(3, 1, 4)
    assert layer(y, y, y)[1].tolist() != layer(y, y, y)[1].tolist()
    assert layer.eval()(y, y, y)[1].tolist() == layer(y, y, y)[1].tolist()


def test_mistakes():
    layer, x = nn.MultiheadAttention(4, 2), torch.ones(3, 1, 4)
    with pytest.raises(ValueError, match="must be divisible by num_heads"):
        nn.MultiheadAttention(4, 3)
    with pytest.raises(RuntimeError, match=r"2D attn_mask is \(2, 3\), but should be \(3, 3\)"):
        layer(x, x, x, attn_mask=torch.zeros(2, 3))
    with pytest.raises(RuntimeError, match="Need attn_mask"):
        layer(x, x, x, is_causal=True)
    with pytest.raises(ValueError, match="embedding dimension of 4, but got 5"):
        layer(torch.ones(3, 1, 5), x, x)
    with pytest.raises(RuntimeError, match="relu/gelu, not swish"):
        nn.TransformerEncoderLayer(4, 2, activation="swish")
    with pytest.raises(RuntimeError, match="batch number"):
        nn.Transformer(4, 2, 1, 1, 8)(torch.ones(3, 2, 4), torch.ones(3, 1, 4))


def layer_norm(x, norm):
    normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + norm.eps)
    return normed * norm.weight.detach().numpy() + norm.bias.detach().numpy()


def fed_forward(layer, x):
    (w1, b1), (w2, b2) = (((linear.weight.detach().numpy(), linear.bias.detach().numpy()))
                          for linear in (layer.linear1, layer.linear2))
    return np.maximum(x @ w1.T + b1, 0) @ w2.T + b2


@pytest.mark.parametrize("norm_first", [False, True])
def test_layers(norm_first):
    encoder = nn.TransformerEncoderLayer(4, 2, 8, 0.0, norm_first=norm_first).double()
    decoder = nn.TransformerDecoderLayer(4, 2, 8, 0.0, norm_first=norm_first).double()
    x, memory = RANDOM.standard_normal((3, 4)), RANDOM.standard_normal((5, 4))

    def through(value, part, norm):
        if norm_first:
            return value + part(layer_norm(value, norm))
        return layer_norm(value + part(value), norm)

    y = through(x, lambda z: attention(encoder.self_attn, z, z, z)[0], encoder.norm1)
    y = through(y, lambda z: fed_forward(encoder, z), encoder.norm2)
    np.testing.assert_allclose(encoder(torch.tensor(x)).detach().numpy(), y, atol=1e-10)
    causal = np.triu(np.full((3, 3), -np.inf), 1)
    y = through(x, lambda z: attention(decoder.self_attn, z, z, z, causal)[0], decoder.norm1)
    y = through(y, lambda z: attention(decoder.multihead_attn, z, memory, memory)[0], decoder.norm2)
    y = through(y, lambda z: fed_forward(decoder, z), decoder.norm3)
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=torch.float64)
    np.testing.assert_array_equal(mask.numpy(), causal)
    result = decoder(torch.tensor(x), torch.tensor(memory), mask, tgt_is_causal=True)
    np.testing.assert_allclose(result.detach().numpy(), y, atol=1e-10)


def test_stacks():
    torch.manual_seed(0)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, F.gelu), 2,
                                    nn.LayerNorm(4))
    x = torch.randn(3, 2, 4)
    once = encoder.layers[1](encoder.layers[0](x))
    np.testing.assert_array_equal(encoder(x).detach().numpy(), encoder.norm(once).detach().numpy())
    assert encoder.layers[0].linear1.weight is not encoder.layers[1].linear1.weight
    assert encoder.layers[0].linear1.weight.tolist() == encoder.layers[1].linear1.weight.tolist()
    model = nn.Transformer(4, 2, 1, 1, 8, 0.0, batch_first=True)
    source, target = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    expected = model.decoder(target, model.encoder(source))
    np.testing.assert_array_equal(model(source, target).detach().numpy(), expected.detach().numpy())
    check_round_trip(model, source, target)
    check_gradients(nn.TransformerEncoderLayer(4, 2, 4, 0.0), RANDOM.standard_normal((2, 1, 4)))
    assert list(encoder.layers[0].state_dict())[4:] == [
        "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight",
        "norm1.bias", "norm2.weight", "norm2.bias"]


def test_compiled_steps_are_the_same():
    results = []
    for compiled in False, True:
        torch.manual_seed(4)
        model = nn.TransformerEncoderLayer(4, 2, 8, 0.1, batch_first=True, norm_first=True)
        x = torch.randn(2, 3, 4)
        results.append(losses(model, [x], torch.tensor(0.5), compiled))
    assert results[0] == results[1] and results[0][-1] < results[0][0]
