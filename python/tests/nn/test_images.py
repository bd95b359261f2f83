"""Transposed and 3-d convolutions, images at other sizes, distances, other norms, lazy modules."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
from nn_checks import check_gradients, check_round_trip

RANDOM = np.random.default_rng(17)


def normal(*sizes):
    return RANDOM.standard_normal(sizes)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_convolutions(dims):
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 1]
    straight = (F.conv1d, F.conv2d, F.conv3d)[dims - 1]
    layer = kind(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False).double()
    x = torch.tensor(normal(2, 4, *[3] * dims))
    # What the gradient of the convolution with the same weight is.
    image = torch.zeros((2, 6, *[6] * dims), dtype=torch.float64, requires_grad=True)
    straight(image, layer.weight.detach(), None, 2, 1, 1, 2).backward(x)
    np.testing.assert_allclose(layer(x).detach().numpy(), image.grad.numpy(), atol=1e-12)
    check_gradients(kind(2, 1, 2), normal(1, 2, *[2] * dims))
    check_round_trip(kind(2, 3, 3), torch.ones(1, 2, *[4] * dims))
    open_ended = kind(4, 2, 3, stride=2)
    assert open_ended(torch.ones(1, 4, *[5] * dims), [12] * dims).shape == (1, 2, *[12] * dims)
    with pytest.raises(ValueError, match="valid sizes range from"):
        open_ended(torch.ones(1, 4, *[5] * dims), [13] * dims)
    with pytest.raises(ValueError, match='Only "zeros" padding mode'):
        kind(4, 2, 3, padding_mode="reflect")


def test_convolution_in_3d():
    layer = nn.Conv3d(2, 3, (1, 2, 2), stride=(1, 2, 1), padding=(0, 1, 0)).double()
    x = normal(2, 2, 3, 4, 5)
    weight, padded = layer.weight.detach().numpy(), np.pad(x, ((0, 0),) * 3 + ((1, 1), (0, 0)))
    expected = np.zeros((2, 3, 3, 3, 4)) + layer.bias.detach().numpy()[:, None, None, None]
    for i in range(3):
        for j in range(4):
            part = padded[:, :, :, 2 * i:2 * i + 2, j:j + 2]
            expected[:, :, :, i, j] += np.einsum("ncdhw,ochw->nod", part, weight[:, :, 0])
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, atol=1e-12)
    assert repr(layer) == ("Conv3d(2, 3, kernel_size=(1, 2, 2), stride=(1, 2, 1), padding=(0, 1, "
                           "0))")
    assert repr(nn.ConvTranspose2d(1, 2, 3, output_padding=1, stride=2)) == (
        "ConvTranspose2d(1, 2, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))")
    assert nn.Conv3d(1, 1, 3, padding="same")(torch.ones(1, 1, 4, 4, 4)).shape == (1, 1, 4, 4, 4)


def test_other_sizes():
    x = np.arange(6.0).reshape(1, 1, 2, 3)
    t = torch.tensor(x)
    twice = x.repeat(2, 2).repeat(2, 3)
    np.testing.assert_array_equal(nn.Upsample(scale_factor=2)(t).numpy(), twice)
    np.testing.assert_array_equal(nn.UpsamplingNearest2d(size=(4, 6))(t).numpy(), twice)
    rows = np.array([0, 1 / 3, 2 / 3, 1])[:, None] * 3 + np.linspace(0, 2, 5)
    np.testing.assert_allclose(nn.UpsamplingBilinear2d(size=(4, 5))(t).numpy()[0, 0], rows)
    np.testing.assert_allclose(F.interpolate(t, size=(1, 1), mode="area").item(), x.mean())
    for mode in "nearest", "bilinear", "bicubic":
        check_gradients(nn.Upsample(scale_factor=(2, 1.5), mode=mode), normal(1, 2, 3, 4))
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2.0, mode='nearest')"
    assert repr(nn.Upsample(size=(2, 3), mode="area")) == "Upsample(size=(2, 3), mode='area')"
    with pytest.raises(ValueError, match="either size or scale_factor"):
        F.interpolate(t)
    with pytest.raises(ValueError, match="only one of size or scale_factor"):
        F.interpolate(t, 2, 2.0)
    with pytest.raises(ValueError, match="interpolating modes"):
        F.interpolate(t, 2, align_corners=True)


def test_pixels():
    x = normal(2, 8, 3, 4)
    expected = x.reshape(2, 2, 2, 2, 3, 4).transpose(0, 1, 4, 2, 5, 3).reshape(2, 2, 6, 8)
    shuffled = nn.PixelShuffle(2)(torch.tensor(x))
    np.testing.assert_array_equal(shuffled.numpy(), expected)
    np.testing.assert_array_equal(nn.PixelUnshuffle(2)(shuffled).numpy(), x)
    groups = x.reshape(2, 2, 4, 3, 4).swapaxes(1, 2).reshape(x.shape)
    np.testing.assert_array_equal(nn.ChannelShuffle(2)(torch.tensor(x)).numpy(), groups)
    assert repr(nn.PixelShuffle(2)) == "PixelShuffle(upscale_factor=2)"
    assert repr(nn.PixelUnshuffle(2)) == "PixelUnshuffle(downscale_factor=2)"
    assert repr(nn.ChannelShuffle(2)) == "ChannelShuffle(groups=2)"


def test_grids():
    x = torch.tensor(normal(1, 2, 3, 4))
    same = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]], dtype=torch.float64)
    grid = F.affine_grid(same, (1, 2, 3, 4), align_corners=False)
    result = F.grid_sample(x, grid, align_corners=False)
    np.testing.assert_allclose(result.numpy(), x.numpy(), atol=1e-12)
    mirrored = F.affine_grid(same * torch.tensor([[-1.0], [1.0]]), x.size(), align_corners=True)
    result = F.grid_sample(x, mirrored, mode="nearest", align_corners=True)
    np.testing.assert_allclose(result.numpy(), x.numpy()[..., ::-1])
    with pytest.warns(UserWarning, match="align_corners=False"):
        F.grid_sample(x, grid)


def test_distances():
    a, b = normal(3, 4), normal(3, 4)
    x, y = torch.tensor(a), torch.tensor(b)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(nn.CosineSimilarity()(x, y).numpy(), cosine)
    distance = np.linalg.norm(a - b + 1e-6, axis=1, keepdims=True)
    np.testing.assert_allclose(nn.PairwiseDistance(keepdim=True)(x, y).numpy(), distance)
    unit = a / np.linalg.norm(a, axis=0)
    np.testing.assert_allclose(F.normalize(x, dim=0).numpy(), unit)
    np.testing.assert_allclose(F.normalize(x, p=1).numpy(), a / np.abs(a).sum(1, keepdims=True))
    for module in nn.CosineSimilarity(0), nn.PairwiseDistance():
        check_gradients(module, a, b)


def test_instance_norm():
    layer = nn.InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.5).double()
    x = normal(2, 3, 4, 5)
    mean, variance = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.5 * x.mean((2, 3)).mean(0))
    np.testing.assert_allclose(layer.running_var.numpy(), 0.5 + 0.5 * x.var((2, 3), ddof=1).mean(0))
    m, v = (s.numpy()[:, None, None] for s in (layer.running_mean, layer.running_var))
    result = layer.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(result, (x - m) / np.sqrt(v + 1e-5), atol=1e-10)
    single = nn.InstanceNorm1d(3).double()(torch.tensor(x[0, :, 0]))
    row = x[0, :, 0]
    expected = (row - row.mean(1, keepdims=True)) / np.sqrt(row.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(single.numpy(), expected, atol=1e-10)
    check_gradients(nn.InstanceNorm2d(2, affine=True), normal(1, 2, 3, 3))
    with pytest.raises(ValueError, match=r"expected 3D or 4D input \(got 2D input\)"):
        nn.InstanceNorm2d(3)(torch.ones(2, 3))
    near = np.stack([(x[:, max(c - 1, 0):c + 2] ** 2).sum(1) for c in range(3)], 1)
    local = nn.LocalResponseNorm(3, alpha=0.5, k=2.0).double()(torch.tensor(x))
    np.testing.assert_allclose(local.numpy(), x / (2 + 0.5 / 3 * near) ** 0.75, atol=1e-10)
    assert repr(nn.LocalResponseNorm(3)) == "LocalResponseNorm(3, alpha=0.0001, beta=0.75, k=1.0)"


def test_alpha_dropout():
    torch.manual_seed(0)
    y = nn.AlphaDropout(0.3)(torch.randn(200, 500)).numpy()
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02
    assert nn.AlphaDropout(0.3).eval()(torch.ones(3)).tolist() == [1, 1, 1]
    maps = nn.FeatureAlphaDropout(0.5)(torch.ones(4, 3, 2, 2)).numpy()
    assert (maps == maps[:, :, :1, :1]).all() and len(np.unique(maps)) == 2


LAZY = [
    (lambda: nn.LazyLinear(4), nn.Linear, (2, 3), (4, 3), "in_features", 3),
    (lambda: nn.LazyConv2d(4, 3, 2, bias=False), nn.Conv2d, (2, 6, 5, 5), (4, 6, 3, 3),
     "in_channels", 6),
    (lambda: nn.LazyConv1d(4, 3, groups=2), nn.Conv1d, (2, 6, 5), (4, 3, 3), "in_channels", 6),
    (lambda: nn.LazyConvTranspose2d(4, 3, 2, 1, 1), nn.ConvTranspose2d, (2, 6, 5, 5), (6, 4, 3, 3),
     "in_channels", 6),
    (lambda: nn.LazyBatchNorm2d(), nn.BatchNorm2d, (2, 3, 4, 4), (3,), "num_features", 3),
    (lambda: nn.LazyInstanceNorm1d(), nn.InstanceNorm1d, (2, 3, 4), (3,),
     "num_features", 3),
]


@pytest.mark.parametrize("make, kind, sizes, weight, name, value", LAZY, ids=lambda x: str(x)[:16])
def test_lazy_modules(make, kind, sizes, weight, name, value):
    module = make()
    assert module.has_uninitialized_params() and type(module) is not kind
    assert type(module.weight) is nn.UninitializedParameter
    with pytest.raises(RuntimeError, match="no shape yet"):
        module.weight.shape
    twin, before = copy.deepcopy(module), pickle.loads(pickle.dumps(module)).double()
    x = torch.randn(sizes)
    module(x)
    assert type(module) is kind and module.weight.shape == weight and getattr(module, name) == value
    assert type(module.weight) is nn.Parameter and module.weight.requires_grad
    assert not module._forward_pre_hooks and before.weight.data.dtype is torch.float64
    assert type(twin.weight) is nn.UninitializedParameter
    twin.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(twin.eval()(x).detach().numpy(),
                                  module.eval()(x).detach().numpy())
    assert type(twin) is kind and getattr(twin, name) == value
    check_gradients(module, normal(*sizes))


def test_lazy_modules_mistakes():
    with pytest.raises(RuntimeError, match="Expected 3D .unbatched. or 4D"):
        nn.LazyConv2d(4, 3)(torch.ones(2, 2))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.LazyConv2d(4, 3, groups=2)(torch.ones(1, 3, 5, 5))
    net = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
    other = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
    other.load_state_dict(net.state_dict())
    assert other(torch.ones(1, 3)).shape == (1, 2)


def test_adaptive_pools_keep_sizes_that_are_none():
    x = torch.arange(40.0).reshape(1, 2, 5, 4)
    assert torch.nn.AdaptiveMaxPool2d((1, None))(x)[0, 0].tolist() == [[16, 17, 18, 19]]
    assert torch.nn.AdaptiveAvgPool2d((None, 1))(x)[0, 0].flatten().tolist() == [
        1.5, 5.5, 9.5, 13.5, 17.5]
    assert torch.nn.AdaptiveAvgPool3d((1, None, 1))(x)[0].flatten().tolist() == [
        11.5, 15.5, 19.5, 23.5, 27.5]
