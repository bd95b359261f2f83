"""Layers against NumPy, their gradients against differences, their texts."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
from nn_checks import check_gradients, check_round_trip, losses

RANDOM = np.random.default_rng(1)


def normal(*sizes):
    return RANDOM.standard_normal(sizes)


def erf(x):
    return np.vectorize(__import__("math").erf)(x)


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


X = np.array([-3.2, -0.75, -0.1, 0.2, 0.9, 2.5, 7.0])

ACTIVATIONS = [
    (nn.ReLU(), np.maximum(X, 0), "ReLU()"),
    (nn.ReLU6(), np.clip(X, 0, 6), "ReLU6()"),
    (nn.Sigmoid(), 1 / (1 + np.exp(-X)), "Sigmoid()"),
    (nn.Tanh(), np.tanh(X), "Tanh()"),
    (nn.SiLU(), X / (1 + np.exp(-X)), "SiLU()"),
    (nn.GELU(), X * (1 + erf(X / np.sqrt(2))) / 2, "GELU(approximate='none')"),
    (nn.GELU("tanh"), X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))) / 2,
     "GELU(approximate='tanh')"),
    (nn.LeakyReLU(0.2), np.where(X > 0, X, 0.2 * X), "LeakyReLU(negative_slope=0.2)"),
    (nn.ELU(1.5), np.where(X > 0, X, 1.5 * np.expm1(X)), "ELU(alpha=1.5)"),
    (nn.Hardtanh(-2, 1), np.clip(X, -2, 1), "Hardtanh(min_val=-2, max_val=1)"),
    (nn.Softplus(2.0), np.log1p(np.exp(2 * X)) / 2, "Softplus(beta=2.0, threshold=20.0)"),
    (nn.Softmax(0), softmax(X, 0), "Softmax(dim=0)"),
    (nn.Softmin(0), softmax(-X, 0), "Softmin(dim=0)"),
    (nn.LogSoftmax(0), np.log(softmax(X, 0)), "LogSoftmax(dim=0)"),
    (nn.Hardsigmoid(), np.clip(X / 6 + 0.5, 0, 1), "Hardsigmoid()"),
    (nn.Hardswish(), X * np.clip(X / 6 + 0.5, 0, 1), "Hardswish()"),
    (nn.Mish(), X * np.tanh(np.log1p(np.exp(X))), "Mish()"),
    (nn.SELU(), 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X)),
     "SELU()"),
    (nn.CELU(2.0), np.where(X > 0, X, 2 * np.expm1(X / 2)), "CELU(alpha=2.0)"),
    (nn.LogSigmoid(), -np.log1p(np.exp(-X)), "LogSigmoid()"),
    (nn.Softsign(), X / (1 + np.abs(X)), "Softsign()"),
    (nn.Tanhshrink(), X - np.tanh(X), "Tanhshrink()"),
    (nn.Hardshrink(0.8), np.where(np.abs(X) > 0.8, X, 0), "Hardshrink(0.8)"),
    (nn.Softshrink(0.8), np.sign(X) * np.maximum(np.abs(X) - 0.8, 0), "Softshrink(0.8)"),
    (nn.Threshold(0.5, 20.0), np.where(X > 0.5, X, 20.0), "Threshold(threshold=0.5, value=20.0)"),
    (nn.RReLU(0.1, 0.3).eval(), np.where(X > 0, X, 0.2 * X), "RReLU(lower=0.1, upper=0.3)"),
    (nn.PReLU(), np.where(X > 0, X, 0.25 * X), "PReLU(num_parameters=1)"),
]


@pytest.mark.parametrize("module, expected, text", ACTIVATIONS, ids=lambda value: str(value)[:20])
def test_activations(module, expected, text):
    result = module.double()(torch.tensor(X)).detach()
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-10, atol=1e-12)
    check_gradients(module, X)
    assert repr(module) == text


@pytest.mark.parametrize("module", [
    nn.ReLU(True), nn.SiLU(True), nn.LeakyReLU(0.1, True), nn.ELU(inplace=True),
    nn.Hardtanh(inplace=True), nn.ReLU6(True), nn.Dropout(0.0, True), nn.Hardswish(True),
    nn.Mish(True), nn.SELU(True), nn.CELU(inplace=True), nn.Threshold(0, 1, True),
    nn.Hardsigmoid(True), nn.RReLU(inplace=True).eval()], ids=str)
def test_in_place(module):
    x = torch.tensor(X)
    assert module(x) is x and "inplace=True" in repr(module)
    leaf = torch.tensor(X, requires_grad=True)
    module(leaf * 1).sum().backward()
    module.inplace = False
    np.testing.assert_array_equal(x.numpy(), module(torch.tensor(X)).numpy())
    plain = torch.tensor(X, requires_grad=True)
    module(plain).sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), plain.grad.numpy())


def test_activations_with_more_than_a_formula():
    x = normal(2, 3, 4)
    slopes = nn.PReLU(3).double()
    with torch.no_grad():
        slopes.weight.copy_(torch.tensor([0.1, 0.2, 0.3]))
    expected = np.where(x > 0, x, x * np.array([0.1, 0.2, 0.3])[:, None])
    np.testing.assert_allclose(slopes(torch.tensor(x)).detach().numpy(), expected)
    check_gradients(slopes, x)
    a, b = x[..., :2], x[..., 2:]
    np.testing.assert_allclose(nn.GLU()(torch.tensor(x)).numpy(), a / (1 + np.exp(-b)))
    check_gradients(nn.GLU(2), x)
    random = nn.RReLU(0.1, 0.3)(torch.full((1000,), -1.0)).numpy()
    assert -0.3 <= random.min() < -0.29 and -0.11 < random.max() <= -0.1
    torch.manual_seed(0)
    soft = torch.nn.functional.gumbel_softmax(torch.zeros(2000, 2) + torch.tensor([0.0, 1.0]),
                                              hard=True)
    assert set(np.unique(soft.numpy())) == {0, 1} and abs(soft[:, 1].mean().item() - 0.731) < 0.03

def test_linear():
    layer = nn.Linear(3, 2).double()
    x = normal(4, 5, 3)
    expected = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected)
    assert repr(nn.Linear(3, 2, bias=False)) == "Linear(in_features=3, out_features=2, bias=False)"
    assert (nn.Linear(3, 2, bias=False).bias is None
            and nn.Linear(1, 1, dtype=torch.float64).weight.dtype is torch.float64)
    check_gradients(nn.Linear(3, 2), normal(4, 3))
    check_round_trip(nn.Linear(3, 2), torch.ones(1, 3))
    assert nn.Identity(3, a=1)(5) == 5
    weights = nn.Linear(100, 400).weight
    assert (0.098 < weights.abs().max().item() <= 0.1
            and abs(weights.std().item() - 0.1 / 3**0.5) < 1e-3)


def test_bilinear():
    layer = nn.Bilinear(3, 4, 2).double()
    a, b = normal(5, 3), normal(5, 4)
    w = layer.weight.detach().numpy()
    expected = np.einsum("ni,kij,nj->nk", a, w, b) + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(torch.tensor(a), torch.tensor(b)).detach().numpy(), expected)
    check_gradients(layer, a, b)
    assert repr(layer) == "Bilinear(in1_features=3, in2_features=4, out_features=2, bias=True)"


def convolution(x, weight, bias, stride, padding, dilation, groups):
    """By its definition, one output element at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out, each, kh, kw = weight.shape
    height = (x.shape[2] - dilation * (kh - 1) - 1) // stride + 1
    width = (x.shape[3] - dilation * (kw - 1) - 1) // stride + 1
    y = np.zeros((len(x), out, height, width))
    for o in range(out):
        first = o // (out // groups) * each
        for i in range(height):
            for j in range(width):
                part = x[:, first:first + each, i * stride:i * stride + dilation * (kh - 1) +
                         1:dilation, j * stride:j * stride + dilation * (kw - 1) + 1:dilation]
                y[:, o, i, j] = (part * weight[o]).sum((1, 2, 3)) + bias[o]
    return y


@pytest.mark.parametrize("stride, padding, dilation, groups", [
    (1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 2, 1), (3, 1, 1, 1)])
def test_convolutions(stride, padding, dilation, groups):
    layer = nn.Conv2d(2, 4, 3, stride, padding, dilation, groups).double()
    x, weight, bias = normal(2, 2, 7, 6), layer.weight.detach().numpy(), layer.bias.detach().numpy()
    expected = convolution(x, weight, bias, stride, padding, dilation, groups)
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, atol=1e-12)
    single = layer(torch.tensor(x[0])).detach().numpy()
    np.testing.assert_allclose(single, expected[0], atol=1e-12)
    row = nn.Conv1d(2, 4, 3, stride, 0, dilation, groups).double()
    x1, w1, b1 = normal(2, 2, 9), row.weight.detach().numpy(), row.bias.detach().numpy()
    expected = convolution(x1[:, :, :, None], np.pad(w1[..., None], ((0, 0),) * 4), b1, stride, 0,
                           dilation, groups)[..., 0] if stride == 1 else None
    if expected is not None:
        np.testing.assert_allclose(row(torch.tensor(x1)).detach().numpy(), expected, atol=1e-12)
    check_gradients(layer, normal(1, 2, 5, 5))


def test_kinds_of_padding():
    x = normal(1, 2, 6, 5)
    for kernel in 3, (4, 3), (2, 5):
        layer = nn.Conv2d(2, 1, kernel, padding="same").double()
        y = layer(torch.tensor(x)).detach().numpy()
        kh, kw = layer.kernel_size
        padded = np.pad(x, ((0, 0), (0, 0), ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2)))
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        np.testing.assert_allclose(y, convolution(padded, weight, bias, 1, 0, 1, 1), atol=1e-12)
    for mode, numpys in ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap"):
        layer = nn.Conv2d(2, 1, 3, padding=1, padding_mode=mode).double()
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode=numpys)
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(),
                                   convolution(padded, weight, bias, 1, 0, 1, 1), atol=1e-12)
    assert nn.Conv2d(1, 1, 3, padding="valid")(torch.ones(1, 1, 5, 5)).shape == (1, 1, 3, 3)


def test_convolutions_text_and_mistakes():
    assert repr(nn.Conv2d(4, 8, (3, 2), 2, (1, 0), groups=4, bias=False,
                          padding_mode="reflect")) == (
        "Conv2d(4, 8, kernel_size=(3, 2), stride=(2, 2), padding=(1, 0), groups=4, bias=False, "
        "padding_mode=reflect)")
    assert repr(nn.Conv1d(1, 2, 3, dilation=2, padding="same")) == (
        "Conv1d(1, 2, kernel_size=(3,), stride=(1,), padding=same, dilation=(2,))")
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="out_channels must be divisible by groups"):
        nn.Conv2d(2, 3, 3, groups=2)
    with pytest.raises(ValueError, match="not supported for strided"):
        nn.Conv2d(3, 4, 3, stride=2, padding="same")
    with pytest.raises(ValueError, match="Invalid padding string"):
        nn.Conv2d(3, 4, 3, padding="all")
    with pytest.raises(ValueError, match="padding_mode must be one of"):
        nn.Conv2d(3, 4, 3, padding_mode="mirror")


def test_batch_norm():
    layer = nn.BatchNorm2d(3, momentum=0.25).double()
    x = normal(4, 3, 2, 5) * 3 + 1
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([1.0, 2, 3]))
        layer.bias.copy_(torch.tensor([0.0, 1, 2]))
    normed = (x - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-5)
    expected = normed * np.array([1, 2, 3])[:, None, None] + np.array([0, 1, 2])[:, None, None]
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, atol=1e-10)
    unbiased = x.var((0, 2, 3), ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.25 * mean)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.75 + 0.25 * unbiased)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    m, v = layer.running_mean.numpy()[:, None, None], layer.running_var.numpy()[:, None, None]
    scale, shift = np.array([1, 2, 3])[:, None, None], np.array([0, 1, 2])[:, None, None]
    expected = (x - m) / np.sqrt(v + 1e-5) * scale + shift
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, atol=1e-10)
    assert layer.num_batches_tracked.item() == 1
    check_gradients(nn.BatchNorm1d(2), normal(5, 2))
    check_gradients(nn.BatchNorm1d(2).eval(), normal(5, 2, 3))
    check_round_trip(layer, torch.tensor(x))


def test_batch_norm_without_momentum_or_figures():
    layer = nn.BatchNorm1d(2, momentum=None).double()
    a, b = normal(4, 2), normal(4, 2)
    layer(torch.tensor(a)), layer(torch.tensor(b))
    np.testing.assert_allclose(layer.running_mean.numpy(), (a.mean(0) + b.mean(0)) / 2)
    bare = nn.BatchNorm1d(2, affine=False, track_running_stats=False).double().eval()
    np.testing.assert_allclose(bare(torch.tensor(a)).numpy(), (a - a.mean(0)) /
                               np.sqrt(a.var(0) + 1e-5))
    assert list(bare.state_dict()) == [] and nn.BatchNorm1d(2, bias=False).bias is None
    assert repr(nn.BatchNorm2d(3)) == ("BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, "
                                       "bias=True, track_running_stats=True)")
    with pytest.raises(ValueError, match=r"expected 4D input \(got 2D input\)"):
        nn.BatchNorm2d(2)(torch.ones(2, 2))
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        nn.BatchNorm1d(2)(torch.ones(2))
    with pytest.raises(ValueError, match="more than one value"):
        nn.BatchNorm1d(2)(torch.ones(1, 2))


def test_sync_batch_norm_of_one_process():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3)))
    twin = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert type(twin[1][0]) is nn.SyncBatchNorm and len(list(twin.parameters())) == 4
    x = torch.randn(5, 2)
    np.testing.assert_array_equal(twin(x).detach().numpy(),
                                  nn.BatchNorm1d(3)(twin[0](x)).detach().numpy())


def test_other_norms():
    x = normal(2, 4, 3)
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    np.testing.assert_allclose(nn.LayerNorm((4, 3)).double()(torch.tensor(x)).detach().numpy(),
                               (x - mean) / np.sqrt(variance + 1e-5), atol=1e-10)
    np.testing.assert_allclose(nn.RMSNorm(3, eps=1e-3).double()(torch.tensor(x)).detach().numpy(),
                               x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3), atol=1e-10)
    groups = x.reshape(2, 2, 6)
    expected = (groups - groups.mean(-1, keepdims=True)) / np.sqrt(groups.var(-1, keepdims=True) +
                                                                   1e-5)
    np.testing.assert_allclose(nn.GroupNorm(2, 4).double()(torch.tensor(x)).detach().numpy(),
                               expected.reshape(x.shape), atol=1e-10)
    for module in nn.LayerNorm(3), nn.RMSNorm(3), nn.GroupNorm(2, 4):
        check_gradients(module, normal(2, 4, 3))
        check_round_trip(module, torch.tensor(x))
    assert nn.LayerNorm(3, bias=False).bias is None
    assert list(nn.LayerNorm(3, elementwise_affine=False).parameters()) == []
    assert repr(nn.LayerNorm(3)) == "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.RMSNorm(3)) == "RMSNorm((3,), eps=None, elementwise_affine=True)"
    assert repr(nn.GroupNorm(2, 4)) == "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"
    with pytest.raises(ValueError, match="must be divisible by num_groups"):
        nn.GroupNorm(2, 3)


def test_pooling():
    x = np.arange(24.0).reshape(1, 1, 4, 6) % 7
    t = torch.tensor(x)
    windows = x.reshape(1, 1, 2, 2, 3, 2)
    np.testing.assert_array_equal(nn.MaxPool2d(2)(t).numpy(), windows.max((3, 5)))
    np.testing.assert_array_equal(nn.AvgPool2d(2)(t).numpy(), windows.mean((3, 5)))
    np.testing.assert_allclose(nn.AvgPool2d(2, divisor_override=3)(t).numpy(), windows.sum((3, 5)) /
                               3)
    for options in dict(kernel_size=4, stride=3), dict(kernel_size=3, stride=2, padding=1), \
            dict(kernel_size=(2, 5), stride=(3, 2), padding=(1, 2)):
        ceil = dict(ceil_mode=True, count_include_pad=False)
        shares = nn.AvgPool2d(**options, **ceil)(t)  # of the elements that a window has
        parts = nn.AvgPool2d(**options, ceil_mode=True, divisor_override=1)(torch.ones_like(t))
        sums = nn.AvgPool2d(**options, **ceil, divisor_override=2)(t)
        np.testing.assert_allclose(sums.numpy(), (shares * parts / 2).numpy())
    volume = nn.AvgPool3d((1, 2, 2), divisor_override=3)(t.unsqueeze(2))
    np.testing.assert_allclose(volume.squeeze(2).numpy(), windows.sum((3, 5)) / 3)
    np.testing.assert_array_equal(nn.AdaptiveAvgPool2d((2, 3))(t).numpy(), windows.mean((3, 5)))
    assert nn.AdaptiveAvgPool2d((None, 1))(t).shape == (1, 1, 4, 1)
    values, places = nn.MaxPool2d(2, return_indices=True)(t)
    np.testing.assert_array_equal(x.reshape(-1)[places.numpy()], values.numpy())
    row = torch.tensor(x[0])
    np.testing.assert_array_equal(nn.MaxPool1d(3)(row).numpy(), x[0].reshape(1, 4, 2, 3).max(-1))
    values, places = nn.MaxPool1d(3, return_indices=True)(row)
    np.testing.assert_array_equal(np.take_along_axis(x[0], places.numpy(), -1), values.numpy())
    np.testing.assert_array_equal(nn.AvgPool1d(3)(row).numpy(), x[0].reshape(1, 4, 2, 3).mean(-1))
    np.testing.assert_array_equal(nn.AdaptiveAvgPool1d(2)(row).numpy(),
                                  x[0].reshape(1, 4, 2, 3).mean(-1))
    assert nn.MaxPool2d(3, 2, 1, ceil_mode=True)(t).shape == (1, 1, 3, 4)
    wide = dict(stride=2, dilation=2, ceil_mode=True)  # a window that begins within and ends beyond
    grid = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(3, **wide)(grid).tolist() == [[[[10]]]]
    assert torch.compile(nn.MaxPool2d(3, **wide))(grid).tolist() == [[[[10]]]]
    assert nn.MaxPool2d(3, **wide, return_indices=True)(grid)[1].tolist() == [[[[10]]]]
    row = torch.arange(6.0).reshape(1, 6)
    assert nn.MaxPool1d(3, 2, dilation=3, ceil_mode=True)(row).tolist() == [[3]]
    with pytest.raises(ValueError, match="a kernel of 3 .dilation 3. is larger than the padded"):
        nn.MaxPool1d(3, 1, dilation=3, ceil_mode=True)(row)
    for module in nn.MaxPool2d(2), nn.AvgPool2d(2, 1), nn.AdaptiveAvgPool2d(2):
        check_gradients(module, normal(1, 2, 4, 4))
    assert repr(nn.MaxPool2d(2)) == ("MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, "
                                     "ceil_mode=False)")
    assert repr(nn.AvgPool1d(2)) == "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))"
    assert repr(nn.AvgPool2d(2, 1)) == "AvgPool2d(kernel_size=2, stride=1, padding=0)"
    assert repr(nn.AdaptiveAvgPool2d((1, None))) == "AdaptiveAvgPool2d(output_size=(1, None))"


def test_dropout():
    torch.manual_seed(0)
    x = torch.ones(100, 100)
    y = nn.Dropout(0.25)(x).numpy()
    assert set(np.unique(y)) == {0, np.float32(4 / 3)} and abs((y == 0).mean() - 0.25) < 0.02
    assert nn.Dropout(0.25).eval()(x).tolist() == x.tolist()
    maps = nn.Dropout2d(0.5)(torch.ones(20, 10, 3, 3)).numpy()
    assert ((maps == maps[:, :, :1, :1]).all() and abs((maps == 0).mean() - 0.5) < 0.1
            and maps.max() == 2)
    assert (nn.Dropout1d(0.5)(torch.ones(8, 50)).numpy().std(1) == 0).all()
    assert nn.Dropout3d(1.0)(torch.ones(2, 3, 2, 2, 2)).numpy().max() == 0
    assert repr(nn.Dropout(0.1)) == "Dropout(p=0.1, inplace=False)"
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        nn.Dropout(1.5)


def test_embedding():
    layer = nn.Embedding(5, 3, padding_idx=-1)
    index = torch.tensor([[0, 4], [2, 0]])
    assert layer.weight[4].tolist() == [0, 0, 0] and repr(layer) == "Embedding(5, 3, padding_idx=4)"
    np.testing.assert_array_equal(layer(index).detach().numpy(),
                                  layer.weight.detach().numpy()[index.numpy()])
    layer(index).sum().backward()
    assert layer.weight.grad.sum(1).tolist() == [6, 0, 3, 0, 0]
    by_count = nn.Embedding(5, 3, scale_grad_by_freq=True)
    by_count(index).sum().backward()
    np.testing.assert_allclose(by_count.weight.grad.sum(1).numpy(), [3, 0, 3, 0, 3])
    limited = nn.Embedding.from_pretrained(torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]]),
                                           max_norm=1.0)
    np.testing.assert_allclose(limited(torch.tensor([0, 1])).numpy(), [[0.6, 0.8], [0.3, 0.4]],
                               rtol=1e-5)
    assert limited.weight[2].tolist() == [6, 8] and not limited.weight.requires_grad
    check_gradients(nn.Embedding(4, 2), torch.tensor([1, 3, 1]))
    with pytest.raises(ValueError, match="Padding_idx must be within"):
        nn.Embedding(5, 3, padding_idx=5)
    with pytest.raises(IndexError):
        layer(torch.tensor([5]))


def test_embedding_bag():
    bags, table = np.array([[0, 2, 2], [4, 1, 0]]), normal(5, 3)
    rows = {"mean": table[bags].mean(1), "sum": table[bags].sum(1), "max": table[bags].max(1)}
    for mode, expected in rows.items():
        bag = nn.EmbeddingBag.from_pretrained(torch.from_numpy(table), mode=mode)
        assert not bag.weight.requires_grad
        np.testing.assert_allclose(bag(torch.from_numpy(bags)).numpy(), expected, rtol=1e-6)
    run, starts = torch.tensor([0, 2, 2, 4, 1, 0]), torch.tensor([0, 2, 2])
    bag = nn.EmbeddingBag(5, 3, mode="sum", padding_idx=-3)
    assert bag.weight[2].tolist() == [0, 0, 0] and "mode='sum', padding_idx=2" in repr(bag)
    weight = bag.weight.detach().numpy()
    np.testing.assert_allclose(bag(run, starts).detach().numpy(),
                               [weight[0], 0 * weight[0], weight[[4, 1, 0]].sum(0)], rtol=1e-6)
    weights = torch.tensor([[1.0, 2.0, 0.0], [3.0, 1.0, 1.0]])
    weighted = nn.functional.embedding_bag(torch.from_numpy(bags), torch.from_numpy(table),
                                           mode="sum", per_sample_weights=weights)
    expected = (table[bags] * weights.numpy()[..., None]).sum(1)
    np.testing.assert_allclose(weighted.numpy(), expected, rtol=1e-6)
    by_count = nn.EmbeddingBag(5, 3, mode="sum", scale_grad_by_freq=True)
    by_count(torch.from_numpy(bags)).sum().backward()
    assert by_count.weight.grad[:, 0].tolist() == [1, 1, 1, 0, 1]
    with pytest.raises(ValueError, match="embedding_bag... padding_idx 5"):
        nn.functional.embedding_bag(run, torch.from_numpy(table), starts, padding_idx=5)
    check_gradients(nn.EmbeddingBag(5, 3), torch.from_numpy(bags))


PADS = [
    (nn.ConstantPad1d((1, 2), 3.5), ((0, 0), (0, 0), (1, 2)), {"constant_values": 3.5}),
    (nn.ConstantPad2d(1, 3.5), ((0, 0), (1, 1), (1, 1)), {"constant_values": 3.5}),
    (nn.ZeroPad2d((1, 0, 2, 1)), ((0, 0), (2, 1), (1, 0)), {}),
    (nn.ReflectionPad1d(2), ((0, 0), (0, 0), (2, 2)), {"mode": "reflect"}),
    (nn.ReplicationPad1d((0, 3)), ((0, 0), (0, 0), (0, 3)), {"mode": "edge"}),
    (nn.CircularPad1d(2), ((0, 0), (0, 0), (2, 2)), {"mode": "wrap"}),
    (nn.ReflectionPad2d((1, 2, 1, 0)), ((0, 0), (1, 0), (1, 2)), {"mode": "reflect"}),
    (nn.ReplicationPad2d(1), ((0, 0), (1, 1), (1, 1)), {"mode": "edge"}),
    (nn.CircularPad2d(1), ((0, 0), (1, 1), (1, 1)), {"mode": "wrap"}),
]


@pytest.mark.parametrize("module, widths, options", PADS, ids=lambda value: str(value)[:20])
def test_padding(module, widths, options):
    x = normal(2, 3, 4)
    np.testing.assert_array_equal(module(torch.tensor(x)).numpy(), np.pad(x, widths, **options))
    check_gradients(module, x)


def test_shapes():
    x = torch.ones(2, 3, 4, 5)
    assert nn.Flatten()(x).shape == (2, 60) and nn.Flatten(0, 1)(x).shape == (6, 4, 5)
    assert nn.Unflatten(3, (5, 1))(x).shape == (2, 3, 4, 5, 1)
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    assert repr(nn.Unflatten(1, (2, 2))) == "Unflatten(dim=1, unflattened_size=(2, 2))"
    assert repr(nn.ZeroPad2d(1)) == "ZeroPad2d((1, 1, 1, 1))"
    assert repr(nn.ConstantPad1d(1, 2)) == "ConstantPad1d(padding=(1, 1), value=2)"


MODELS = {
    "convolutions": lambda: (nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(16, 2)), torch.ones(3, 1, 4, 4)),
    "rows": lambda: (nn.Sequential(
        nn.Embedding(7, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 3), nn.Softmax(-1)),
        torch.tensor([1, 2, 6])),
}


@pytest.mark.parametrize("name", MODELS)
def test_compiled_steps_are_the_same(name):
    results = []
    for compiled in False, True:
        torch.manual_seed(2)
        model, x = MODELS[name]()
        results.append(losses(model, [x], torch.tensor(0.5), compiled, steps=6))
    assert results[0] == results[1] and results[0][-1] < results[0][0]


def test_lazy_modules_stay_lazy_when_they_are_converted():
    norm = nn.LazyBatchNorm1d().double()
    assert norm(torch.randn(4, 3, dtype=torch.float64)).dtype is torch.float64
    assert norm.running_mean.shape == (3,) and norm.running_mean.dtype is torch.float64
