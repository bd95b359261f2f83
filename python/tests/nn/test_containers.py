"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from collections import OrderedDict

import pytest
import tenon as torch
import tenon.nn as nn


class Plus(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        return x + self.number

    def extra_repr(self):
        return str(self.number)


def numbers(modules):
    return [module.number for module in modules]


def test_sequential():
    net = nn.Sequential(Plus(1), Plus(2), Plus(3))
    assert net(0) == 6 and len(net) == 3 and net[-1].number == 3
    assert net[1:](0) == 5 and list(net[1:]._modules) == ["1", "2"]
    net[0] = Plus(10)
    assert net.append(Plus(4)) is net and net(0) == 19
    assert net.insert(1, Plus(7)) is net and numbers(net) == [10, 7, 2, 3, 4]
    del net[1]
    assert numbers(net) == [10, 2, 3, 4] and list(net._modules) == ["0", "1", "2", "3"]
    del net[1:3]
    assert numbers(net) == [10, 4] and list(net._modules) == ["0", "1"]
    assert net.pop(0).number == 10 and numbers(net) == [4]
    assert numbers(net + nn.Sequential(Plus(5))) == [4, 5] and numbers(net * 3) == [4, 4, 4]
    net += nn.Sequential(Plus(6))
    assert numbers(net) == [4, 6] and numbers(2 * net) == [4, 6, 4, 6]
    net *= 2
    assert numbers(net) == [4, 6, 4, 6] and numbers(net.extend([Plus(8)]))[-1] == 8
    named = nn.Sequential(OrderedDict(first=Plus(1), second=Plus(2)))
    assert named.first.number == 1 and named[1].number == 2
    assert repr(named) == "Sequential(\n  (first): Plus(1)\n  (second): Plus(2)\n)"


def test_mistakes():
    net = nn.Sequential(Plus(1))
    with pytest.raises(IndexError, match="index 1 is out of range"):
        net[1]
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        nn.Sequential(1)
    with pytest.raises(TypeError, match="takes a module, not int"):
        net.insert(0, 1)
    with pytest.raises(ValueError, match="Sequential"):
        net + [1]
    with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
        net * 0
    with pytest.raises(IndexError, match="index 3 is out of range"):
        nn.ModuleList([Plus(1)])[3]
    with pytest.raises(TypeError, match="ModuleList.extend should be called with an iterable"):
        nn.ModuleList().extend(3)
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList()(1)
    with pytest.raises(TypeError, match="iterable of key/value pairs"):
        nn.ModuleDict(3)
    with pytest.raises(ValueError, match="element #1 is no pair"):
        nn.ModuleDict([("a", Plus(1)), ("b",)])
    with pytest.raises(RuntimeError, match="should not be called"):
        nn.ParameterList()(1)
    with pytest.raises(KeyError, match="b"):
        nn.ParameterDict()["b"]
    with pytest.raises(TypeError, match="not a string"):
        nn.ParameterDict({1: torch.ones(1)})


def test_module_list():
    modules = nn.ModuleList(Plus(i) for i in range(4))
    assert numbers(modules[1:3]) == [1, 2] and type(modules[1:3]) is nn.ModuleList
    assert numbers(modules + [Plus(9)]) == [0, 1, 2, 3, 9]
    modules += [Plus(5)]
    modules.insert(0, Plus(-1))
    modules.insert(-1, Plus(8))
    assert numbers(modules) == [-1, 0, 1, 2, 3, 8, 5] and modules.pop(0).number == -1
    del modules[0], modules[-1]
    assert numbers(modules) == [1, 2, 3, 8] and numbers(reversed(list(modules))) == [8, 3, 2, 1]
    modules[0] = Plus(2)
    assert repr(modules) == "ModuleList(\n  (0-1): 2 x Plus(2)\n  (2): Plus(3)\n  (3): Plus(8)\n)"
    assert modules[1] in modules and len(list(nn.ModuleList([nn.Linear(1, 1)]).parameters())) == 2


def test_module_dict():
    modules = nn.ModuleDict({"a": Plus(1), "b": Plus(2)})
    modules["c"] = Plus(3)
    modules.update([("d", Plus(4))])
    modules.update(nn.ModuleDict({"e": Plus(5)}))
    assert list(modules) == list(modules.keys()) == ["a", "b", "c", "d", "e"] and "a" in modules
    assert numbers(modules.values()) == [1, 2, 3, 4, 5] and modules.pop("a").number == 1
    del modules["b"]
    assert [key for key, _ in modules.items()] == ["c", "d", "e"] and len(modules) == 3
    assert repr(nn.ModuleDict({"a": Plus(1)})) == "ModuleDict(\n  (a): Plus(1)\n)"
    modules.clear()
    assert len(modules) == 0 and repr(modules) == "ModuleDict()"


def test_parameter_list():
    held = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1))])
    held.append(torch.ones(3)).extend([torch.ones(4), "text"])
    assert len(held) == 5 and [p.shape[0] for p in held[:4]] == [2, 1, 3, 4] and held[4] == "text"
    assert len(list(held.parameters())) == 4 and type(held[0]) is nn.Parameter
    held[-2] = torch.ones(7)
    held += [torch.ones(1)]
    assert held[3].shape == (7,) and list(held.state_dict()) == ["0", "1", "2", "3", "5"]
    assert repr(nn.ParameterList([torch.ones(2, 3)])) == (
        "ParameterList(  (0): Parameter containing: [tenon.float32 of size 2x3])")


def test_parameter_dict():
    held = nn.ParameterDict({"a": torch.ones(1), "b": torch.ones(2)})
    held["c"] = nn.Parameter(torch.ones(3))
    assert list(held) == ["a", "b", "c"] and "b" in held and type(held["a"]) is nn.Parameter
    assert held.get("x") is None and held.setdefault("d", torch.ones(4)).shape == (4,)
    assert held.pop("a").shape == (1,) and held.popitem()[0] == "d" and len(held) == 2
    assert [p.shape[0] for p in held.values()] == [2, 3] and list(reversed(held)) == ["c", "b"]
    joined = held | {"z": torch.ones(5)}
    assert list(joined.keys()) == ["b", "c", "z"] and joined["b"] is held["b"]
    joined |= {"y": torch.ones(1)}
    assert list(joined.fromkeys("ab", 1).items()) == [("a", 1), ("b", 1)]
    assert list(held.copy().state_dict()) == ["b", "c"]
    joined.clear()
    assert len(joined) == 0 and list(joined.parameters()) == []
    assert repr(nn.ParameterDict({"a": torch.ones(1), "b": 3})) == (
        "ParameterDict(\n    (a): Parameter containing: [tenon.float32 of size 1]\n"
        "    (b): Object of type: int\n)")
