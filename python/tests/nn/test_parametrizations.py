"""Weight and spectral normalisation, and parametrizations in general."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
from nn_checks import check_gradients
from tenon.nn.utils import parametrizations, parametrize

RANDOM = np.random.default_rng(7)


def linear(rows=4, columns=3):
    return nn.Linear(columns, rows).double()


@pytest.mark.parametrize("dim, axes", [(0, 1), (1, 0), (None, None)])
def test_weight_norm(dim, axes):
    layer = linear()
    weight = layer.weight.detach().numpy().copy()
    lengths = np.linalg.norm(weight, axis=axes, keepdims=axes is not None)
    assert nn.utils.weight_norm(layer, dim=dim) is layer
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    np.testing.assert_allclose(layer.weight_g.detach().numpy(), lengths)
    x = torch.ones(1, 3, dtype=torch.float64)
    before = layer(x).detach().numpy()
    np.testing.assert_allclose(before, weight.sum(1) [None] + layer.bias.detach().numpy())
    with torch.no_grad():
        layer.weight_g *= 2
        layer.weight_v *= 5
    np.testing.assert_allclose((layer(x) - layer.bias).detach().numpy()[0], 2 * weight.sum(1))
    check_gradients(layer, RANDOM.standard_normal((2, 3)))
    nn.utils.remove_weight_norm(layer)
    np.testing.assert_allclose(layer.weight.detach().numpy(), 2 * weight)
    assert list(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
        nn.utils.remove_weight_norm(layer)


def test_spectral_norm():
    layer = linear()
    weight = layer.weight.detach().numpy().copy()
    largest = np.linalg.svd(weight)[1][0]
    nn.utils.spectral_norm(layer, n_power_iterations=40)
    layer(torch.ones(1, 3, dtype=torch.float64))
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight / largest, rtol=1e-6)
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    check_gradients(layer.eval(), RANDOM.standard_normal((2, 3)))
    with pytest.raises(RuntimeError, match="two spectral_norm hooks"):
        nn.utils.spectral_norm(layer)
    nn.utils.remove_spectral_norm(layer)
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight / largest, rtol=1e-6)
    assert type(layer.weight) is nn.Parameter
    with pytest.raises(ValueError, match="to be positive"):
        nn.utils.spectral_norm(layer, n_power_iterations=0)


def test_norms_as_parametrizations():
    layer = linear()
    weight = layer.weight.detach().numpy().copy()
    parametrizations.weight_norm(layer)
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original0",
                                        "parametrizations.weight.original1"]
    with torch.no_grad():
        layer.parametrizations.weight.original0 *= 3
    np.testing.assert_allclose(layer.weight.detach().numpy(), 3 * weight)
    check_gradients(layer, RANDOM.standard_normal((2, 3)))
    spectral = parametrizations.spectral_norm(linear())
    whole = spectral.parametrizations.weight.original.detach().numpy()
    np.testing.assert_allclose(spectral.weight.detach().numpy(), whole / np.linalg.svd(whole)[1][0],
                               rtol=1e-3)
    check_gradients(spectral.eval(), RANDOM.standard_normal((2, 3)))


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


def test_parametrizations():
    layer = linear(3, 3)
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    weight = layer.weight.detach().numpy()
    np.testing.assert_array_equal(weight, weight.T)
    assert layer.parametrizations.weight.original is original and isinstance(layer, nn.Linear)
    parametrize.register_parametrization(layer, "weight", Doubled())
    np.testing.assert_array_equal(layer.weight.detach().numpy(), 2 * weight)
    layer.weight = torch.eye(3, dtype=torch.float64)
    np.testing.assert_array_equal(layer.weight.detach().numpy(), np.eye(3))
    np.testing.assert_array_equal(original.detach().numpy(), np.eye(3) / 2)
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight
    assert parametrize.is_parametrized(layer) and not parametrize.is_parametrized(layer, "bias")
    assert type(layer).__name__ == "ParametrizedLinear"
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    again = copy.deepcopy(layer)
    assert again.weight.tolist() == layer.weight.tolist()
    assert again.parametrizations.weight.original is not original
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and list(layer.state_dict()) == ["bias", "weight"]
    assert layer.weight is original
    np.testing.assert_array_equal(layer.weight.detach().numpy(), np.eye(3))
    parametrize.register_parametrization(layer, "weight", Doubled())
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_array_equal(layer.weight.detach().numpy(), np.eye(3) / 2)


@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("rows, columns", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights(orthogonal_map, rows, columns):
    layer = linear(rows, columns)
    parametrizations.orthogonal(layer, orthogonal_map=orthogonal_map)

    def short_product():
        weight = layer.weight.detach().numpy()
        return weight @ weight.T if rows <= columns else weight.T @ weight

    identity = np.eye(min(rows, columns))
    np.testing.assert_allclose(short_product(), identity, atol=1e-12)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach().numpy()
    for _ in range(3):  # away from where the maps are the identity
        optimizer.zero_grad()
        (layer.weight * torch.arange(rows * columns).view(rows, columns)).sum().backward()
        optimizer.step()
    assert np.abs(layer.weight.detach().numpy() - before).max() > 0.1
    np.testing.assert_allclose(short_product(), identity, atol=1e-12)
    check_gradients(layer, RANDOM.standard_normal((2, columns)))
    given = np.linalg.qr(RANDOM.standard_normal((max(rows, columns),) * 2))[0][:rows, :columns]
    layer.weight = torch.tensor(given)
    if rows == columns:  # for others, columns are added before they are made orthogonal
        np.testing.assert_allclose(layer.weight.detach().numpy(), given, atol=1e-12)
    np.testing.assert_allclose(short_product(), identity, atol=1e-12)


def test_orthogonal_weights_by_their_formulas():
    layer = linear(3, 3)
    x = layer.weight.detach().numpy()
    skew = np.tril(x) - np.tril(x).T
    parametrizations.orthogonal(layer, orthogonal_map="cayley", use_trivialization=False)
    np.testing.assert_allclose(layer.weight.detach().numpy(),
                               np.linalg.solve(np.eye(3) - skew / 2, np.eye(3) + skew / 2))
    assert layer.parametrizations.weight.original.tolist() == x.tolist()
    with pytest.raises(NotImplementedError, match="without use_trivialization"):
        layer.weight = torch.eye(3, dtype=torch.float64)
    batch = nn.Bilinear(3, 3, 2).double()
    parametrizations.orthogonal(batch)
    weight = batch.weight.detach().numpy()
    np.testing.assert_allclose(weight @ weight.transpose(0, 2, 1), [np.eye(3)] * 2, atol=1e-12)
    for mistake, message in ((dict(name="nothing"), "no parameter or buffer"),
                             (dict(name="bias"), "matrix or batch of matrices"),
                             (dict(orthogonal_map="qr"), "has to be one of"),
                             (dict(orthogonal_map="householder", use_trivialization=False),
                              "needs use_trivialization")):
        with pytest.raises(ValueError, match=message):
            parametrizations.orthogonal(linear(), **mistake)


def test_mistakes():
    class Smaller(nn.Module):
        def forward(self, x):
            return x[0]

    layer = linear()
    with pytest.raises(ValueError, match="may not change the shape"):
        parametrize.register_parametrization(layer, "weight", Smaller())
    with pytest.raises(ValueError, match="does not have a parameter, a buffer"):
        parametrize.register_parametrization(linear(), "nothing", Doubled())
    with pytest.raises(ValueError, match="does not have a parametrization on bias"):
        parametrize.remove_parametrizations(linear(), "bias")


def test_compiled_modules():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    x = torch.randn(5, 3)
    compiled = torch.compile(net)
    assert isinstance(compiled, nn.Module) and compiled._orig_mod is net
    for _ in range(3):
        np.testing.assert_array_equal(compiled(x).detach().numpy(), net(x).detach().numpy())
    assert compiled.counters()["calls"] == 3 and "plan of" in compiled.explain()
    assert list(compiled.state_dict()) == ["_orig_mod.0.weight", "_orig_mod.0.bias"]
    assert len(list(compiled.parameters())) == 2 and len(compiled.graphs()) == 1
    linear_one = torch.compile(nn.Linear(3, 4))
    assert linear_one.in_features == 3 and not compiled.eval()._orig_mod.training
    again = pickle.loads(pickle.dumps(compiled))
    np.testing.assert_array_equal(again(x).detach().numpy(), net(x).detach().numpy())
    net.compile()
    np.testing.assert_array_equal(net(x).detach().numpy(), net.forward(x).detach().numpy())
    copy.deepcopy(net)(x)


def test_compiled_modules_have_the_attributes_of_the_module_within():
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
    net.head = nn.Linear(4, 2)
    compiled, x = torch.compile(net), torch.randn(5, 3)
    compiled(x)
    compiled.head = nn.Linear(4, 7)
    assert compiled(x).shape == (5, 7) and net.head.out_features == 7
    assert list(compiled.state_dict())[-1] == "_orig_mod.head.bias"
    compiled.head.bias = nn.Parameter(torch.ones(7))
    compiled.scale = 2
    assert net.scale == 2 and net.head.bias.tolist() == [1] * 7
    del compiled.scale
    assert not hasattr(net, "scale")
    net.eval()
    assert not compiled.training
    compiled.training = True
    assert net.training and not net[1].training
    assert compiled.train(False) is compiled and not net.training


def test_data_parallel():
    net = nn.DataParallel(nn.Linear(3, 4), device_ids=[0])
    x = torch.ones(2, 3)
    assert net(x).tolist() == net.module(x).tolist()
    assert list(net.state_dict()) == ["module.weight", "module.bias"]
