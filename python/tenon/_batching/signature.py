"""The parameters of ops, read from their signatures."""

import functools
import re

from .. import _core

_SYNONYMS = {"x": "input", "b": "other", "sizes": "size", "dims": "dim", "value": "fill_value"}


class Parameter:
    """One: its name, its other names, its type and the default as it is written."""

    def __init__(self, text, number):
        kind, _, rest = text.partition(" ")
        self.kind, (self.name, _, self.default) = kind, rest.partition("=")
        self.names = {self.name, _SYNONYMS.get(self.name, self.name)}
        if self.name == "a" and number == 0:
            self.names.add("input")
        if self.name in ("dim", "dims"):
            self.names.add("axis")
        if self.name == "keepdim":
            self.names.add("keepdims")

    @property
    def is_tensor(self):
        return self.kind.startswith("Tensor")


def _may_spread(parameter, all_parameters):
    numbers = ("int", "Dim", "Scalar")
    several = [one for one in all_parameters if one.kind.rstrip("?").rstrip("[]s") in numbers]
    return parameter.kind in ("int[]", "Dims") and len(several) == 1


@functools.cache
def signature_of(op):
    """(name, parameters, whether one takes ints one by one) of an op."""
    line = op.__doc__.split("\n")[0]
    name, inside = re.match(r"(\w+)\((.*)\) -> ", line).groups()
    parts = re.split(r", (?![^{]*\})", inside) if inside else []
    parameters = [Parameter(part, i) for i, part in enumerate(parts)]
    return name, parameters, [_may_spread(one, parameters) for one in parameters]


def bound(op, args, kwargs):
    """The arguments by the parameters' names, of those given. None where they don't fit."""
    _, parameters, spreads = signature_of(op)
    values, at, rest = {}, 0, dict(kwargs)
    for parameter, spreads_here in zip(parameters, spreads):
        if at < len(args):
            value = args[at]
            at += 1
            if spreads_here and isinstance(value, int):
                value = [value]
                while at < len(args) and isinstance(args[at], int):
                    value.append(args[at])
                    at += 1
            values[parameter.name] = value
            continue
        name = next((name for name in rest if name in parameter.names), None)
        if name is not None:
            values[parameter.name] = rest.pop(name)
    return None if rest or at < len(args) else values


def run(op, values):
    """A call of the op with arguments by name."""
    return op(**values)


def function_of(op):
    """The function of an op that was called as a method."""
    return getattr(_core, signature_of(op)[0], op)
