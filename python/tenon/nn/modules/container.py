"""Modules that hold modules or parameters by number or by name."""

import operator
from collections import OrderedDict
from collections.abc import Mapping

from ... import _core
from ..parameter import Parameter
from .module import Module, _indented


def _runs_of_equal(texts):
    """(first, last, text) of texts that follow one another and are equal."""
    runs = []
    for number, text in enumerate(texts):
        if runs and runs[-1][2] == text:
            runs[-1][1] = number
        else:
            runs.append([number, number, text])
    return runs


class _Numbered(Module):
    """What Sequential and ModuleList have in common: children with the names "0", "1", ..."""

    def _name_at(self, index):
        """The name of the child at a place, which may count from the end."""
        index, count = operator.index(index), len(self)
        if not -count <= index < count:
            raise IndexError(f"index {index} is out of range")
        return list(self._modules)[index]

    def _renumber(self, modules):
        self._modules = {str(number): module for number, module in enumerate(modules)}

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._part(list(self._modules.items())[index])
        return self._modules[self._name_at(index)]

    def __setitem__(self, index, module):
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index):
        if isinstance(index, slice):
            for name in list(self._modules)[index]:
                delattr(self, name)
        else:
            delattr(self, self._name_at(index))
        self._renumber(self._modules.values())

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def insert(self, index, module):
        """Puts a module before the one at `index`."""
        if not isinstance(module, Module):
            raise TypeError(f"insert() takes a module, not {type(module).__name__}")
        count = len(self)
        if not -count <= index <= count:
            raise IndexError(f"index {index} is out of range")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def append(self, module):
        """Adds a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Adds modules at the end."""
        if not hasattr(modules, "__iter__"):
            raise TypeError(f"{type(self).__name__}.extend should be called with an iterable, but "
                            f"got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key):
        """Takes a module out and returns it."""
        module = self[key]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules called one after another, each with what the one before gave: `Sequential(a, b)`, or
    with names `Sequential(OrderedDict([("a", a), ("b", b)]))`."""

    def __init__(self, *args):
        super().__init__()
        named = (args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict)
                 else ((str(number), module) for number, module in enumerate(args)))
        for name, module in named:
            self.add_module(name, module)

    def _part(self, items):
        return type(self)(OrderedDict(items))

    def __add__(self, other):
        if not isinstance(other, Sequential):
            raise ValueError("add operator supports only objects of Sequential class, but "
                             f"{type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other):
        if not isinstance(other, Sequential):
            raise ValueError("add operator supports only objects of Sequential class, but "
                             f"{type(other)} is given.")
        return self.extend(other)

    def __mul__(self, times):
        if not isinstance(times, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ValueError(f"Non-positive multiplication factor {times} for {type(self)}")
        return Sequential(*(module for _ in range(times) for module in self))

    __rmul__ = __mul__

    def __imul__(self, times):
        return self.extend(list(self * times)[len(self):])

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(_Numbered):
    """A list of modules, all of them children."""

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _part(self, items):
        return type(self)(module for _, module in items)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def __iadd__(self, modules):
        return self.extend(modules)

    def __repr__(self):
        texts = [repr(module) for module in self]
        if not texts:
            return f"{self._get_name()}()"
        lines = []
        for first, last, text in _runs_of_equal(texts):
            name = f"({first})" if first == last else f"({first}-{last})"
            count = "" if first == last else f"{last - first + 1} x "
            lines.append(_indented(f"{name}: {count}{text}", 2))
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules by name, all of them children, in the order in which they were added."""

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Takes all modules out."""
        self._modules.clear()

    def pop(self, key):
        """Takes a module out and returns it."""
        return self._modules.pop(key)

    def keys(self):
        return self._modules.keys()

    def items(self):
        return self._modules.items()

    def values(self):
        return self._modules.values()

    def update(self, modules):
        """Adds the modules of a dict, or of (name, module) pairs."""
        _check_pairs(self, modules)
        for key, module in _pairs(modules):
            self[key] = module


def _check_pairs(container, pairs):
    name = f"{type(container).__name__}.update"
    if not hasattr(pairs, "__iter__"):
        raise TypeError(f"{name} should be called with an iterable of key/value pairs, but got "
                        f"{type(pairs).__name__}")
    if isinstance(pairs, (Mapping, ModuleDict, ParameterDict)):
        return
    for number, pair in enumerate(pairs):
        if not hasattr(pair, "__len__") or len(pair) != 2:
            raise ValueError(f"{name} sequence element #{number} is no pair of a key and a value")


def _pairs(pairs):
    return list(pairs.items() if hasattr(pairs, "items") else pairs)


def _described(value):
    """A line about what a list or dict of parameters holds."""
    if isinstance(value, _core.Tensor):
        kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
        sizes = "x".join(str(size) for size in value.shape)
        return f"{kind} containing: [{str(value.dtype)} of size {sizes}]"
    return f"Object of type: {type(value).__name__}"


class ParameterList(Module):
    """A list of parameters. Tensors that are put in become parameters; other values are kept."""

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name_at(self, index):
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return str(index % len(self))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(getattr(self, str(i)) for i in range(*index.indices(len(self))))
        return getattr(self, self._name_at(index))

    def __setitem__(self, index, value):
        if isinstance(value, _core.Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, self._name_at(index), value)

    def __len__(self):
        return self._size

    def __iter__(self):
        return iter(self[i] for i in range(len(self)))

    def __iadd__(self, values):
        return self.extend(values)

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, value):
        """Adds a parameter at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values):
        """Adds parameters at the end."""
        if not hasattr(values, "__iter__") or isinstance(values, _core.Tensor):
            raise TypeError("ParameterList.extend should be called with an iterable, but got "
                            f"{type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self):
        return "\n".join(f"  ({number}): {_described(value)}" for number, value in enumerate(self))

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters by name, in the order in which they were added. Tensors that are put in become
    parameters; other values are kept."""

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def _name_of(self, key):
        if not isinstance(key, str):
            raise TypeError("Index given to ParameterDict cannot be used as a key as it is not a "
                            f"string (type is '{type(key).__name__}').")
        return key

    def __getitem__(self, key):
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, self._name_of(key))

    def __setitem__(self, key, value):
        key = self._name_of(key)
        if isinstance(value, _core.Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        if key not in self._keys and hasattr(type(self), key):
            raise KeyError(f"attribute '{key}' already exists")
        self._keys[key] = None
        setattr(self, key, value)

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, self._name_of(key))

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(list(self._keys))

    def __contains__(self, key):
        return key in self._keys

    def __or__(self, other):
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other):
        made = ParameterDict(other)
        made.update(self)
        return made

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """Another dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key, default=None):
        """The parameter with that name, which is `default` from now on where there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self):
        """Takes all parameters out."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key):
        """Takes a parameter out and returns it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Takes the last parameter out and returns its name and itself."""
        key = next(reversed(list(self._keys)))
        return key, self.pop(key)

    def get(self, key, default=None):
        """The parameter with that name, `default` where there is none."""
        return self[key] if key in self else default

    def fromkeys(self, keys, default=None):
        """A dict that has `default` under all these names."""
        return ParameterDict((key, default) for key in keys)

    def keys(self):
        return self._keys.keys()

    def items(self):
        return ((key, self[key]) for key in self._keys)

    def values(self):
        return (self[key] for key in self._keys)

    def update(self, parameters):
        """Adds the parameters of a dict, or of (name, parameter) pairs."""
        parameters = (parameters if hasattr(parameters, "items") or
                      not hasattr(parameters, "__iter__") else list(parameters))
        _check_pairs(self, parameters)
        for key, value in _pairs(parameters):
            self[key] = value

    def extra_repr(self):
        return "\n".join(f"  ({key}): {_described(value)}" for key, value in self.items())

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterDict should not be called.")
