"""state_dict and load_state_dict."""

import pickle

import pytest
import tenon as torch
import tenon.nn as nn


def make():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_names_and_sharing():
    net = make()
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                           "1.running_var", "1.num_batches_tracked"]
    state["0.bias"].fill_(7)
    assert net[0].bias.tolist() == [7, 7, 7] and not state["0.bias"].requires_grad
    assert net.state_dict(keep_vars=True)["0.bias"] is net[0].bias
    assert list(net[0].state_dict(prefix="x.")) == ["x.weight", "x.bias"]
    assert state._metadata["1"] == {"version": 2}


def test_round_trip(tmp_path):
    first, second = make(), make()
    torch.save(first.state_dict(), tmp_path / "state")
    assert (str(second.load_state_dict(torch.load(tmp_path / "state")))
            == "<All keys matched successfully>")
    again = pickle.loads(pickle.dumps(first.state_dict()))
    for name, tensor in second.state_dict().items():
        assert tensor.tolist() == first.state_dict()[name].tolist() == again[name].tolist()


def test_keys_that_do_not_match():
    net = make()
    state = net.state_dict()
    del state["0.bias"], state["1.running_var"]
    state["2.weight"] = torch.ones(1)
    state["0.nothing"] = torch.ones(1)
    state["0.weight"] = torch.ones(2, 2)
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "0.bias", "1.running_var". \n'
        '\tUnexpected key(s) in state_dict: "2.weight", "0.nothing". \n'
        "\tsize mismatch for 0.weight: copying a param with shape tenon.Size([2, 2]) from "
        "checkpoint, the shape in current model is tenon.Size([3, 2]).")
    del state["0.weight"]
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["0.weight", "0.bias", "1.running_var"]
    assert sorted(result.unexpected_keys) == ["0.nothing", "2.weight"]
    with pytest.raises(RuntimeError, match='"0.weight", expected a tensor from the checkpoint, got '
                                           'int'):
        net.load_state_dict({**make().state_dict(), "0.weight": 3})
    with pytest.raises(TypeError, match="takes a dict, not list"):
        net.load_state_dict([])


def test_loading_copies_or_assigns():
    net, source = make(), make()
    weight = net[0].weight
    net.load_state_dict(source.state_dict())
    assert net[0].weight is weight and weight.tolist() == source[0].weight.tolist()
    other = {name: tensor.double() if tensor.is_floating_point() else tensor
             for name, tensor in source.state_dict().items()}
    net.load_state_dict(other, assign=True)
    assert net[0].weight is not weight and net[0].weight.dtype is torch.float64
    assert type(net[0].weight) is nn.Parameter and net[0].weight.requires_grad
    scalar = nn.Module()
    scalar.x = nn.Parameter(torch.tensor(0.0))
    scalar.load_state_dict({"x": torch.tensor([3.0])})
    assert scalar.x.item() == 3


def test_hooks():
    net, seen = make(), []
    wrong = net.register_state_dict_post_hook(lambda module, state, *_: state.pop("0.bias"))
    with pytest.raises(RuntimeError, match="must return None"):
        net.state_dict()
    wrong.remove()
    net.register_state_dict_post_hook(lambda module, state, *_: state.update(extra=1))
    assert net.state_dict().pop("extra") == 1
    net._register_state_dict_hook(lambda module, state, *_: {**state, "more": 2})
    net.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append(prefix))
    net[0]._register_load_state_dict_pre_hook(
        lambda state, prefix, *_: state.update({prefix + "bias": torch.ones(3)}))
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    state = net.state_dict()
    assert seen == [""] and state.pop("extra") == 1 and state.pop("more") == 2
    del state["0.bias"], state["1.bias"]
    net.load_state_dict(state)
    assert net[0].bias.tolist() == [1, 1, 1]


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state():
    counted, other = Counted(), Counted()
    counted.count = 5
    assert counted.state_dict() == {"_extra_state": {"count": 5}}
    other.load_state_dict(counted.state_dict())
    assert other.count == 5
    with pytest.raises(RuntimeError, match='Missing key.*"_extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.*"_extra_state"'):
        nn.ReLU().load_state_dict(counted.state_dict())
