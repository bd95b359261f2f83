"""Parameters with masks."""

import numpy as np
import pytest
import tenon as torch
import tenon.nn as nn
from tenon.nn.utils import prune


def layer():
    made = nn.Linear(4, 3)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([[1.0, -8, 3, 4], [-5, 6, -7, 2], [9, 10, 11, 12]]))
    return made


def test_by_magnitude():
    linear = prune.l1_unstructured(layer(), "weight", amount=0.25)
    mask = np.array([[0, 1, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1]])
    np.testing.assert_array_equal(linear.weight_mask.numpy(), mask)
    np.testing.assert_array_equal(linear.weight.detach().numpy(), layer().weight.detach().numpy() *
                                  mask)
    assert sorted(linear.state_dict()) == ["bias", "weight_mask", "weight_orig"]
    linear(torch.ones(1, 4)).sum().backward()
    np.testing.assert_array_equal(linear.weight_orig.grad.numpy(), mask)
    prune.l1_unstructured(linear, "weight", amount=2)
    assert linear.weight_mask.sum().item() == 7 and linear.weight_mask[0, 3].item() == 0
    assert prune.is_pruned(nn.Sequential(linear)) and not prune.is_pruned(layer())
    original = linear.weight_orig
    prune.remove(linear, "weight")
    assert linear.weight is original and (linear.weight == 0).sum().item() == 5
    assert sorted(linear.state_dict()) == ["bias", "weight"] and not prune.is_pruned(linear)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(linear, "weight")


def test_slices_and_random_ones():
    linear = prune.ln_structured(layer(), "weight", amount=1, n=2, dim=0)
    assert linear.weight_mask.tolist() == [[0.0] * 4, [1.0] * 4, [1.0] * 4]
    prune.ln_structured(linear, "weight", amount=0.5, n=1, dim=0)
    assert linear.weight_mask.tolist() == [[0.0] * 4, [0.0] * 4, [1.0] * 4]
    columns = prune.random_structured(layer(), "weight", amount=2, dim=1)
    assert sorted(columns.weight_mask.sum(0).tolist()) == [0, 0, 3, 3]
    assert prune.random_unstructured(layer(), "weight", 5).weight_mask.sum().item() == 7
    assert prune.identity(layer(), "weight").weight_mask.sum().item() == 12
    masked = prune.custom_from_mask(layer(), "bias", torch.tensor([1, 0, 1]))
    assert masked.bias[1].item() == 0 and masked.bias_mask.tolist() == [1, 0, 1]


def test_several_together_and_mistakes():
    one, two = layer(), layer()
    with torch.no_grad():
        two.weight *= 100
    prune.global_l1_unstructured([(one, "weight"), (two, "weight")], amount=0.5)
    assert one.weight_mask.sum().item() == 0 and two.weight_mask.sum().item() == 12
    for amount in -1, 1.5, 13, True:
        with pytest.raises(ValueError, match="amount"):
            prune.l1_unstructured(layer(), "weight", amount)


def test_methods_of_one_s_own():
    class EverySecond(prune.BasePruningMethod):
        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    layer = torch.nn.Linear(3, 2)
    method = EverySecond.apply(layer, "weight")
    assert isinstance(method, EverySecond) and prune.is_pruned(layer)
    assert layer.weight_mask.tolist() == [[0, 1, 0], [1, 0, 1]]
    EverySecond.apply(layer, "weight")  # of what is left
    assert layer.weight_mask.tolist() == [[0, 0, 0], [1, 0, 0]]
    x = torch.tensor([[1.0, 2.0, -3.0, 4.0]])
    assert prune.L1Unstructured(2).prune(x).tolist() == [[0, 0, -3, 4]]
    assert prune.LnStructured(1, 1, 1).prune(x).tolist() == [[0, 2, -3, 4]]
    layers = [torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)]
    with torch.no_grad():
        for i, one in enumerate(layers):
            one.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]) + 10 * i)
    prune.global_unstructured([(one, "weight") for one in layers], prune.L1Unstructured, amount=0.5)
    assert layers[0].weight.count_nonzero() == 0 and layers[1].weight.count_nonzero() == 4
    with pytest.raises(TypeError, match="PRUNING_TYPE"):
        prune.global_unstructured([(layers[0], "weight")], prune.LnStructured, amount=1, n=2)
    with pytest.raises(ValueError, match="should be a float"):
        prune.L1Unstructured(-1)
