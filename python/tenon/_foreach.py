"""PyTorch's ops over lists of tensors: `_foreach_add_(xs, ys)` is `x.add_(y)` for each pair."""

from . import _core

_Tensor = _core.Tensor
_BINARY = "add", "sub", "mul", "div", "pow"
_UNARY = ("abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "frac", "lgamma", "log", "log10",
          "log1p", "log2", "neg", "reciprocal", "round", "sigmoid", "sign", "sin", "sqrt", "tan",
          "tanh", "trunc")


def _others(name, tensors, other):
    """The other operand of each: a list has one for each, anything else is the same for all."""
    if not isinstance(other, (list, tuple)):
        return [other] * len(tensors)
    if len(other) != len(tensors):
        raise RuntimeError(f"{name}: Tensor lists must have the same number of tensors, got "
                           f"{len(tensors)} and {len(other)}")
    return other


def _binary(name, op):
    def each(self, other, *, alpha=1):
        pairs = zip(self, _others(name, self, other))
        return [op(x, y) if alpha == 1 else op(x, y * alpha) for x, y in pairs]

    return each


def _unary(name, op):
    def each(self):
        return [op(x) for x in self]

    return each


def _ternary(name, op):
    def each(self, tensor1, tensor2, value=1):
        scales = _others(name, self, value)
        return [op(x, a, b, value=scale) for x, a, b, scale in zip(
            self, _others(name, self, tensor1), _others(name, self, tensor2), scales)]

    return each


def _lerp(name, op):
    def each(self, tensors1, weight):
        return [op(x, end, part) for x, end, part in zip(self, _others(name, self, tensors1),
                                                         _others(name, self, weight))]

    return each


def _of_values(function):
    """The same without a result, as functions that write have it."""

    def each(*arguments, **keywords):
        function(*arguments, **keywords)

    return each


def _foreach_norm(self, ord=2, dtype=None):
    return [_core.norm(x if dtype is None else x.to(dtype), float(ord)) for x in self]


def _foreach_zero_(self):
    for x in self:
        x.zero_()


def _foreach_copy_(self, src, non_blocking=False):
    for x, y in zip(self, _others("_foreach_copy_", self, src)):
        x.copy_(y)


def functions():
    """All of them, by name."""
    made = {name: value for name, value in globals().items() if name.startswith("_foreach_")}
    kinds = [(_binary, _BINARY), (_unary, _UNARY), (_ternary, ("addcmul", "addcdiv")),
             (_lerp, ("lerp",))]
    for kind, names in kinds:
        for name in names:
            full = f"_foreach_{name}"
            made[full] = kind(full, getattr(_core, name))
            made[f"{full}_"] = _of_values(kind(f"{full}_", getattr(_Tensor, f"{name}_")))
    for name, function in made.items():
        function.__name__ = function.__qualname__ = name
    return made
