"""x[...] of TensorFlow's kind of values, and sizes that the host knows."""

import operator

from .. import _core
from .tensor import CoreTensor, Tensor, failed, own


def _index(value):
    """A Python int of a tensor that stands for one; others as they are."""
    if isinstance(value, CoreTensor):
        known = getattr(value, "host", None)
        if known is not None and isinstance(known, int):
            return known
        return value.item() if value.dim() == 0 and value.dtype is not _core.bool else value
    return value


def _bound(value):
    return None if value is None else operator.index(_index(value))


def _reversed(tensor, dim, part):
    """A slice with a negative step: the same elements from the back."""
    size = tensor.shape[dim]
    start, stop, step = part.indices(size)
    count = max(0, (start - stop - step - 1) // -step)
    low = start + (count - 1) * step
    if count == 0:
        return _core.narrow(tensor, dim, 0, 0)
    return _core.flip(_core.slice(tensor, dim, low, start + 1, -step), dim)


def get(tensor, index):
    """The part that an index names; Python's slices, whole numbers, None, `...`, and tensors."""
    parts = index if isinstance(index, tuple) else (index,)
    plain, backwards = [], []
    skipped = (sum(part is None for part in parts)
               + (Ellipsis in [p for p in parts if p is Ellipsis]))
    for at, part in enumerate(parts):
        if isinstance(part, slice):
            part = slice(_bound(part.start), _bound(part.stop), _bound(part.step))
            if part.step is not None and part.step < 0:
                backwards.append((at, part))
                part = slice(None)
        plain.append(_index(part))
    try:
        for at, part in backwards:
            tensor = _reversed(tensor, _dim_of(parts, at, tensor.dim(), skipped), part)
        made = CoreTensor.__getitem__(tensor, tuple(plain) if len(plain) != 1 else plain[0])
    except _core.IndexError as error:
        raise failed(error, "StridedSlice") from error
    return own(made, (tensor,))


def _dim_of(parts, at, dims, skipped):
    """The dim that the part of an index at `at` is for."""
    before = sum(part is not None and part is not Ellipsis for part in parts[:at])
    if any(part is Ellipsis for part in parts[:at]):
        before += dims - (len(parts) - skipped)
    return before


class HostTensor(Tensor):
    """Sizes of tensors, as `tf.shape` gives them: int32 or int64, and known to the host, so that
    they can be used as sizes again without a plan being run for them. `host`: an int or a list."""

    __slots__ = ()

    def __getitem__(self, index):
        if isinstance(index, (int, slice)) and isinstance(self.host, list):
            try:
                return host(self.host[index], self.dtype)
            except IndexError as error:
                raise failed(error, "StridedSlice") from error
        return get(self, index)

    def __iter__(self):
        if isinstance(self.host, int):
            raise TypeError("Cannot iterate over a scalar tensor.")
        return iter([host(size, self.dtype) for size in self.host])

    def __int__(self):
        return int(self.host)

    def __index__(self):
        return operator.index(self.host)

    def __float__(self):
        return float(self.host)

    def __bool__(self):
        return bool(self.host) if isinstance(self.host, int) else Tensor.__bool__(self)


def host(value, dtype=_core.int32):
    """A tensor of whole numbers that the host keeps knowing."""
    made = _core.tensor_of_data(value, dtype)
    made.__class__ = HostTensor
    made.host = value
    return made


def known(value):
    """The int or list of ints that a value is; None where only its tensor knows."""
    if type(value) is int:
        return value
    if isinstance(value, HostTensor):
        return value.host
    if isinstance(value, (list, tuple)):
        parts = [known(one) for one in value]
        return parts if all(type(part) is int for part in parts) else None
    return None


def _counting(name, compute, is_reflected=False):
    on_tensors = getattr(Tensor, f"__{'r' if is_reflected else ''}{name}__")

    def operate(self, other):
        mine, others = self.host, known(other)
        if type(mine) is int and type(others) is int:
            if not isinstance(other, HostTensor) or other.dtype is self.dtype:
                if name not in ("floordiv", "mod") or (mine if is_reflected else others) != 0:
                    return host(compute(others, mine) if is_reflected else compute(mine, others),
                                self.dtype)
        return on_tensors(self, other)

    return operate


for _name, _compute in {"add": operator.add, "sub": operator.sub, "mul": operator.mul,
                        "floordiv": operator.floordiv, "mod": operator.mod}.items():
    setattr(HostTensor, f"__{_name}__", _counting(_name, _compute))
    setattr(HostTensor, f"__r{_name}__", _counting(_name, _compute, is_reflected=True))
