"""nn.init, and what nn.utils does with parameters."""

import math

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
from tenon.nn import init
from tenon.nn.utils import (clip_grad_norm_, clip_grad_value_, parameters_to_vector,
                            vector_to_parameters)


def test_constants():
    w = torch.empty(3, 4, requires_grad=True)
    assert init.ones_(w) is w and w.tolist() == [[1.0] * 4] * 3
    assert init.constant_(w, 0.25)[0, 0].item() == 0.25 and init.zeros_(w).abs().max().item() == 0
    np.testing.assert_array_equal(init.eye_(w).detach().numpy(), np.eye(3, 4))
    assert w.requires_grad and w.is_leaf


@pytest.mark.parametrize("fill, std, bound", [
    (lambda w: init.uniform_(w, -1, 3), 4 / math.sqrt(12), None),
    (lambda w: init.normal_(w, 1.0, 0.5), 0.5, None),
    (lambda w: init.xavier_uniform_(w, gain=2), 2 * math.sqrt(2 / 500), 2 * math.sqrt(6 / 500)),
    (lambda w: init.xavier_normal_(w), math.sqrt(2 / 500), None),
    (lambda w: init.kaiming_uniform_(w, nonlinearity="relu"), math.sqrt(2 / 200),
     math.sqrt(6 / 200)),
    (lambda w: init.kaiming_normal_(w, mode="fan_out"), math.sqrt(2 / 1.0001 / 300), None),
    (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), math.sqrt(1 / 600), math.sqrt(1 / 200)),
])
def test_distributions(fill, std, bound):
    torch.manual_seed(5)
    values = fill(torch.empty(300, 200)).numpy()
    assert abs(values.std() / std - 1) < 0.02
    if bound is not None:
        assert 0.99 * bound < np.abs(values).max() <= bound


def test_fans_and_gains():
    assert init._calculate_fan_in_and_fan_out(torch.empty(8, 4, 3, 3)) == (36, 72)
    assert init.calculate_gain("conv2d") == 1 and init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("tanh") == 5 / 3 and init.calculate_gain("selu") == 0.75
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2 / 1.04)
    with pytest.raises(ValueError, match="Unsupported nonlinearity swish"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", "a")
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_uniform_(torch.empty(3))
    with pytest.raises(ValueError, match="Mode fan_avg not supported"):
        init.kaiming_normal_(torch.empty(3, 3), mode="fan_avg")


def test_dirac_and_sparse():
    conv = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
    init.dirac_(conv.weight, groups=2)
    x = torch.randn(2, 4, 5, 5)
    np.testing.assert_allclose(conv(x).detach().numpy(), x.numpy())
    values = init.sparse_(torch.empty(10, 50), 0.3, std=2.0).numpy()
    assert ((values == 0).sum(0) == 3).all() and abs(values[values != 0].std() - 2) < 0.3


def test_clipping():
    net = nn.Linear(3, 2)
    gradients = np.array([[3.0, 0, 0], [0, 4, 0]], dtype=np.float32)
    net.weight.grad = torch.tensor(gradients)
    norm = clip_grad_norm_(net.parameters(), 1.0)
    assert abs(norm.item() - 5) < 1e-6
    np.testing.assert_allclose(net.weight.grad.numpy(), gradients / 5, rtol=1e-5)
    assert abs(clip_grad_norm_(net.weight, 100.0).item() - 1) < 1e-5
    np.testing.assert_allclose(net.weight.grad.numpy(), gradients / 5, rtol=1e-5)
    assert abs(clip_grad_norm_(net.weight, 9.0, norm_type=math.inf).item() - 0.8) < 1e-5
    assert abs(clip_grad_norm_(net.weight, 9.0, norm_type=1).item() - 1.4) < 1e-5
    clip_grad_value_(net.parameters(), 0.7)
    np.testing.assert_allclose(net.weight.grad.numpy(), np.minimum(gradients / 5, 0.7), rtol=1e-5)
    net.weight.grad[0, 0] = math.nan
    with pytest.raises(RuntimeError, match="non-finite"):
        clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)
    assert clip_grad_norm_([nn.Parameter(torch.ones(1))], 1.0).item() == 0


def test_vectors():
    net = nn.Linear(2, 3)
    vector = parameters_to_vector(net.parameters())
    assert vector.shape == (9,) and vector[6:].tolist() == net.bias.tolist()
    vector_to_parameters(torch.arange(9.0), net.parameters())
    assert net.weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net.bias.tolist() == [6, 7, 8]
    with pytest.raises(TypeError, match="list"):
        vector_to_parameters([1.0], net.parameters())


def test_truncated_normal_numbers():
    torch.manual_seed(1)
    x = nn.init.trunc_normal_(torch.empty(20000), mean=1.0, std=2.0, a=-1.0, b=4.0)
    assert x.min().item() >= -1 and x.max().item() <= 4
    # The share below the mean: (F(0) - F(-1)) / (F(1.5) - F(-1)) of the normal distribution F.
    assert abs((x < 1).float().mean().item() - 0.3413 / (0.9332 - 0.1587)) < 0.02
    with pytest.warns(UserWarning, match="2 std"):
        nn.init.trunc_normal_(torch.empty(3), mean=10.0)


@pytest.mark.parametrize("sizes", [(3, 5), (5, 3), (4, 4), (6, 2, 3)])
def test_orthogonal_matrices(sizes):
    torch.manual_seed(1)
    x = nn.init.orthogonal_(torch.empty(sizes), gain=2.0).view(sizes[0], -1)
    product = x @ x.t() if x.size(0) <= x.size(1) else x.t() @ x
    assert (product - 4 * torch.eye(len(product))).abs().max().item() < 1e-5
    with pytest.raises(ValueError, match="2 or more dimensions"):
        nn.init.orthogonal_(torch.empty(3))


def test_batch_norms_fuse():
    torch.manual_seed(0)
    conv, bn, x = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), torch.randn(2, 3, 5, 5)
    up, linear, norm = nn.ConvTranspose2d(3, 4, 2), nn.Linear(5, 4), nn.BatchNorm1d(4)
    for one in bn, norm:
        one.running_mean.copy_(torch.randn(4))
        one.running_var.copy_(torch.rand(4) + 0.5)
        nn.init.normal_(one.weight)
    for one in conv, bn, up, linear, norm:
        one.eval()
    fused = nn.utils.fuse_conv_bn_eval(conv, bn)
    torch.testing.assert_close(fused(x), bn(conv(x)), rtol=1e-4, atol=1e-5)
    fused = nn.utils.fuse_conv_bn_eval(up, bn, transpose=True)
    torch.testing.assert_close(fused(x), bn(up(x)), rtol=1e-4, atol=1e-5)
    y = torch.randn(6, 5)
    torch.testing.assert_close(nn.utils.fuse_linear_bn_eval(linear, norm)(y), norm(linear(y)),
                               rtol=1e-4, atol=1e-5)
    with pytest.raises(AssertionError, match="only for eval"):
        nn.utils.fuse_conv_bn_eval(conv.train(), bn)
    assert nn.utils.skip_init(nn.Linear, 3, 2).weight.shape == (2, 3)
