"""A tensor that stands for one of many: inside `vmap`'s function it looks like the part for one
index, and ops on it compute all parts at once.

There is a level for each `vmap` that is running, the inner ones higher. A Batched of a level holds
a tensor, or a Batched of a lower level, whose first dim is gone through. Ops find it by
`__torch_function__`: a rule says what the op means for the whole; an op without one is called for
each index. What needs the elements themselves (`item`, branches on data) can't be had:
`Unbatchable` tells `vmap` to call its function once per index.
"""

import types

from .. import _core
from .signature import bound, function_of, signature_of

_Tensor = _core.Tensor
_OpFunction = type(_core.add)

#: What ops mean: name -> rule(batch, values), where `batch` is a `Batch` and `values` are the op's
#: arguments by name.
rules = {}

#: The levels of running `vmap`s.
levels = []


class Unbatchable(Exception):
    """The function needs to be called for each index."""


def active_levels():
    """The levels of running `vmap`s, the outermost first: (number, size)."""
    return list(levels)


class Batch:
    """A call of an op for a level: how many indices there are."""

    def __init__(self, op, level, size):
        self.op, self.level, self.size = op, level, size

    def holds(self, value):
        """Whether it is batched at this level."""
        return is_batched(value) and value._level == self.level

    def rank(self, value):
        """The number of dims that the function sees."""
        return value.dim() if isinstance(value, _Tensor) else 0

    def whole(self, value, rank=None):
        """What it holds, with dims of size 1 behind the batch's up to `rank`; other values as they
        are."""
        if not self.holds(value):
            return value
        inner = value._value
        missing = 0 if rank is None else rank - (inner.dim() - 1)
        if missing <= 0:
            return inner
        return inner.reshape((inner.shape[0], *(1,) * missing, *inner.shape[1:]))

    def expanded(self, value):
        """As `whole`; where it is not batched, the same for all indices."""
        if self.holds(value):
            return value._value
        return value.unsqueeze(0).expand((self.size, *value.shape))

    def wrapped(self, result):
        """Results whose first dim is the batch's."""
        if isinstance(result, _Tensor):
            return Batched(result, self.level, self.size)
        if hasattr(result, "n_sequence_fields"):  # results with names
            return type(result)(tuple(map(self.wrapped, result)))
        return tuple(map(self.wrapped, result))

    def each(self, values):
        """The op for each index."""
        def part(value, i):
            if self.holds(value):
                return value._value.select(0, i)
            if isinstance(value, (list, tuple)):
                return type(value)(part(one, i) for one in value)
            return value

        results = [self.op(**{name: part(value, i) for name, value in values.items()})
                   for i in range(self.size)]
        if isinstance(results[0], _Tensor):
            return self.wrapped(_core.stack(results, 0))
        if not isinstance(results[0], tuple):
            raise Unbatchable("a result that is no tensor")
        return self.wrapped(_like(results[0], [_core.stack(list(one), 0)
                                               for one in zip(*results)]))


def _like(results, others):
    return type(results)(others)


def is_batched(value):
    """Whether it is a Batched; `isinstance` says that of all tensors' classes."""
    return type(value) is Batched


def _flat(args):
    for value in args:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def call(op, args, kwargs):
    """An op some of whose arguments are batched."""
    top = max((value for value in _flat((*args, *kwargs.values())) if is_batched(value)),
              key=lambda value: value._level)
    if isinstance(op, _OpFunction) and op.__name__.endswith("_"):
        return _write(op, args, kwargs, top)
    if op is _Tensor.__getitem__:
        values = {"x": args[0], "index": args[1]}
        return rules["getitem"](Batch(op, top._level, top._size), values)
    if not isinstance(op, _OpFunction):
        raise Unbatchable(f"no op: {op}")
    op = function_of(op)
    name, parameters, _ = signature_of(op)
    values = bound(op, args, kwargs)
    rule = rules.get(name)
    is_random = any(one.kind == "Generator?" for one in parameters)
    if values is None or (is_random and rule is None):
        raise Unbatchable(name)
    batch = Batch(op, top._level, top._size)
    result = NotImplemented if rule is None else rule(batch, values)
    return batch.each(values) if result is NotImplemented else result


def _write(op, args, kwargs, top):
    """An op that writes into its first argument."""
    target, name = args[0], op.__name__[:-1]
    if not is_batched(target) or target._level != top._level:
        raise Unbatchable("a result for each index, written into one tensor")
    batch = Batch(op, top._level, top._size)
    if name in ("fill", "zero"):
        result = batch.whole(args[1]) if len(args) > 1 else 0
        target._value.fill_(result)
        return target
    if name == "copy":
        source = args[1]
    else:
        source = call(getattr(_core, name), args, kwargs)
    target._value.copy_(batch.whole(source, target.dim()))
    return target


def base_of(value):
    """The tensor that a Batched holds in the end."""
    while is_batched(value):
        value = value._value
    return value


def batched_like(value, all_levels):
    """A tensor batched at all of these levels: where it isn't, the same for all indices."""
    if not all_levels:
        return value
    *outer, (level, size) = all_levels
    if is_batched(value) and value._level == level:
        return Batched(batched_like(value._value, outer), level, size)
    inner = batched_like(value, outer)
    return Batched(inner.unsqueeze(0).expand((size, *inner.shape)), level, size)


def rewrapped(base, all_levels):
    """A Batched of these levels over a tensor with a dim in front for each."""
    made = base
    for level, size in all_levels:
        made = Batched(made, level, size)
    return made


class Batched:
    """The part of a tensor for one index of a level; see the module."""

    __slots__ = ("_value", "_level", "_size")
    __class__ = property(lambda self: _Tensor)

    def __init__(self, value, level, size):
        self._value, self._level, self._size = value, level, size

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return call(func, args, kwargs or {})

    shape = property(lambda self: self._value.shape[1:])
    ndim = property(lambda self: self._value.ndim - 1)
    dtype = property(lambda self: self._value.dtype)
    device = property(lambda self: self._value.device)
    requires_grad = property(lambda self: self._value.requires_grad)
    is_leaf = property(lambda self: self._value.is_leaf)
    T = property(lambda self: self.permute(tuple(reversed(range(self.ndim)))))
    mT = property(lambda self: self.transpose(-2, -1))
    data = property(lambda self: Batched(self._value.detach(), self._level, self._size))

    def dim(self):
        return self.ndim

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    def numel(self):
        return self.shape.numel()

    nelement = numel

    def is_floating_point(self):
        return self._value.is_floating_point()

    def is_complex(self):
        return self._value.is_complex()

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("a 0-d tensor has no length")
        return self.shape[0]

    def __iter__(self):
        return iter(call(_core.unbind, (self, 0), {}))

    def __getitem__(self, index):
        return call(_Tensor.__getitem__, (self, index), {})

    def __setitem__(self, index, value):
        rules["setitem"](Batch(None, self._level, self._size), {"x": self, "index": index,
                                                                "value": value})

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(_Tensor, name)  # AttributeError where tensors have no such
        if isinstance(found, _OpFunction):
            return lambda *args, **kwargs: call(found, (self, *args), kwargs)
        if isinstance(found, types.FunctionType):
            return types.MethodType(found, self)
        if isinstance(found, property):
            return found.fget(self)
        raise Unbatchable(f"Tensor.{name}")

    def _elements(self, *_):
        raise Unbatchable("the elements are asked for")

    __bool__ = __int__ = __float__ = __index__ = __complex__ = __repr__ = __format__ = _elements
    __contains__ = __reduce_ex__ = __deepcopy__ = _elements
    __hash__ = object.__hash__


def _operator(op, is_reflected=False):
    if is_reflected:
        return lambda self, other: call(op, (other, self), {})
    return lambda self, other: call(op, (self, other), {})


for _name, _op in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div",
                   "floordiv": "floor_divide", "mod": "remainder", "pow": "pow",
                   "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
                   "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
                   "rshift": "bitwise_right_shift"}.items():
    setattr(Batched, f"__{_name}__", _operator(getattr(_core, _op)))
    setattr(Batched, f"__r{_name}__", _operator(getattr(_core, _op), True))
    if hasattr(_Tensor, f"{_op}_"):
        setattr(Batched, f"__i{_name}__", _operator(getattr(_Tensor, f"{_op}_")))
for _name in "lt", "le", "gt", "ge", "eq", "ne":
    setattr(Batched, f"__{_name}__", _operator(getattr(_core, _name)))
for _name, _op in {"neg": "neg", "abs": "abs"}.items():
    setattr(Batched, f"__{_name}__",
            lambda self, op=getattr(_core, _op): call(op, (self,), {}))
Batched.__pos__ = lambda self: self
Batched.__invert__ = lambda self: call(
    _core.logical_not if self.dtype == _core.bool else _core.bitwise_not, (self,), {})
