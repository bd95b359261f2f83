"""What transforms are, and transforms made of others."""

import math

from .. import _core
from . import constraints


class Transform:
    """y = t(x), x = t.inv(y); `log_abs_det_jacobian(x, y)` is log |dy/dx|. `domain` and `codomain`
    are constraints. The results of the last call are kept where cache_size is 1."""

    bijective = False
    domain = codomain = constraints.real
    _sign = None

    def __init__(self, cache_size=0):
        if cache_size not in (0, 1):
            raise _core.ValueError("cache_size must be 0 or 1")
        self._cache_size, self._cached, self._inverse = cache_size, (None, None), None

    @property
    def sign(self):
        """1 or -1: whether it rises or falls."""
        if self._sign is None:
            raise NotImplementedError(f"{type(self).__name__} neither rises nor falls")
        return self._sign

    @property
    def inv(self):
        """The inverse, a transform."""
        if self._inverse is None:
            self._inverse = _Inverse(self)
        return self._inverse

    def with_cache(self, cache_size=1):
        """The same with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        Transform.__init__(made, cache_size)
        return made

    def __call__(self, x):
        if self._cache_size == 0:
            return self._call(x)
        if x is self._cached[0]:
            return self._cached[1]
        self._cached = (x, self._call(x))
        return self._cached[1]

    def _inv_call(self, y):
        if self._cache_size and y is self._cached[1]:
            return self._cached[0]
        x = self._inverted(y)
        if self._cache_size:
            self._cached = (x, y)
        return x

    def _lack(self, name):
        raise NotImplementedError(f"{type(self).__name__} has no {name}")

    def _call(self, x):
        self._lack("result")

    def _inverted(self, y):
        self._lack("inverse")

    def log_abs_det_jacobian(self, x, y):
        """log |dy/dx| of each event."""
        self._lack("log_abs_det_jacobian")

    def forward_shape(self, shape):
        """The sizes of results of these sizes."""
        return shape

    def inverse_shape(self, shape):
        """The sizes of what has results of these sizes."""
        return shape

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def __repr__(self):
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    """Another transform, the other way."""

    def __init__(self, transform):
        super().__init__()
        self._inverse = transform

    bijective = property(lambda self: self._inverse.bijective)
    domain = property(lambda self: self._inverse.codomain)
    codomain = property(lambda self: self._inverse.domain)
    sign = property(lambda self: self._inverse.sign)

    def __call__(self, x):
        return self._inverse._inv_call(x)

    def _inv_call(self, y):
        return self._inverse(y)

    def log_abs_det_jacobian(self, x, y):
        return -self._inverse.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape):
        return self._inverse.inverse_shape(shape)

    def inverse_shape(self, shape):
        return self._inverse.forward_shape(shape)

    def __eq__(self, other):
        return isinstance(other, _Inverse) and self._inverse == other._inverse

    __hash__ = object.__hash__


def sum_rightmost(value, count):
    """Summed over the last `count` dims."""
    return value.flatten(value.dim() - count).sum(-1) if count else value


class ComposeTransform(Transform):
    """Transforms one after the other, the first first."""

    def __init__(self, parts, cache_size=0):
        super().__init__(cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else list(parts)

    bijective = property(lambda self: all(part.bijective for part in self.parts))
    sign = property(lambda self: math.prod(part.sign for part in self.parts))

    @property
    def domain(self):
        if not self.parts:
            return constraints.real
        dims = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            dims = max(dims + part.domain.event_dim - part.codomain.event_dim,
                       part.domain.event_dim)
        return with_dims(self.parts[0].domain, dims)

    @property
    def codomain(self):
        if not self.parts:
            return constraints.real
        dims = self.parts[0].domain.event_dim
        for part in self.parts:
            dims = max(dims + part.codomain.event_dim - part.domain.event_dim,
                       part.codomain.event_dim)
        return with_dims(self.parts[-1].codomain, dims)

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def _inv_call(self, y):
        for part in reversed(self.parts):
            y = part.inv(y)
        return y

    def log_abs_det_jacobian(self, x, y):
        if not self.parts:
            return _core.zeros_like(x)
        total, dims = 0, self.domain.event_dim
        for i, part in enumerate(self.parts):
            result = y if i == len(self.parts) - 1 else part(x)
            total = total + sum_rightmost(part.log_abs_det_jacobian(x, result),
                                          dims - part.domain.event_dim)
            dims += part.codomain.event_dim - part.domain.event_dim
            x = result
        return total

    def forward_shape(self, shape):
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape):
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __eq__(self, other):
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = object.__hash__

    def __repr__(self):
        return "ComposeTransform([" + ", ".join(map(repr, self.parts)) + "])"


def with_dims(constraint, dims):
    more = dims - constraint.event_dim
    return constraints.independent(constraint, more) if more else constraint


class IndependentTransform(Transform):
    """Another transform, of which so many batch dims belong to the event."""

    def __init__(self, base_transform, reinterpreted_batch_ndims, cache_size=0):
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    bijective = property(lambda self: self.base_transform.bijective)
    sign = property(lambda self: self.base_transform.sign)
    domain = property(lambda self: constraints.independent(self.base_transform.domain,
                                                           self.reinterpreted_batch_ndims))
    codomain = property(lambda self: constraints.independent(self.base_transform.codomain,
                                                             self.reinterpreted_batch_ndims))

    def _call(self, x):
        return self.base_transform(x)

    def _inverted(self, y):
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x, y):
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y),
                             self.reinterpreted_batch_ndims)


class ReshapeTransform(Transform):
    """Events of other sizes."""

    bijective = True

    def __init__(self, in_shape, out_shape, cache_size=0):
        super().__init__(cache_size)
        self.in_shape, self.out_shape = tuple(in_shape), tuple(out_shape)
        if math.prod(self.in_shape) != math.prod(self.out_shape):
            raise _core.ValueError("in_shape, out_shape have different numbers of elements")
        self.domain = constraints.independent(constraints.real, len(self.in_shape))
        self.codomain = constraints.independent(constraints.real, len(self.out_shape))

    def _batch(self, shape, event):
        cut = len(shape) - len(event)
        if cut < 0 or tuple(shape[cut:]) != event:
            raise _core.ValueError(f"Shape mismatch: expected {event} but got {tuple(shape[cut:])}")
        return tuple(shape[:cut])

    def _call(self, x):
        return x.reshape((*self._batch(x.shape, self.in_shape), *self.out_shape))

    def _inverted(self, y):
        return y.reshape((*self._batch(y.shape, self.out_shape), *self.in_shape))

    def log_abs_det_jacobian(self, x, y):
        return _core.zeros(self._batch(x.shape, self.in_shape), dtype=x.dtype)

    def forward_shape(self, shape):
        return (*self._batch(shape, self.in_shape), *self.out_shape)

    def inverse_shape(self, shape):
        return (*self._batch(shape, self.out_shape), *self.in_shape)


class _Joined(Transform):
    """Transforms, each of its part of a tensor along `dim`."""

    def __init__(self, tseq, dim=0, cache_size=0):
        super().__init__(cache_size)
        self.transforms, self.dim = [part.with_cache(cache_size) for part in tseq], dim

    bijective = property(lambda self: all(part.bijective for part in self.transforms))

    def _call(self, x):
        return self._join([one(part) for one, part in zip(self.transforms, self._cut(x))], self.dim)

    def _inverted(self, y):
        return self._join([one.inv(part) for one, part in zip(self.transforms, self._cut(y))],
                          self.dim)


class CatTransform(_Joined):
    """Transforms of parts of these lengths (1 unless given) along `dim`, one after the other."""

    _join = staticmethod(_core.cat)

    def __init__(self, tseq, dim=0, lengths=None, cache_size=0):
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)

    event_dim = property(lambda self: max(part.domain.event_dim for part in self.transforms))
    length = property(lambda self: sum(self.lengths))
    domain = property(lambda self: constraints.cat([part.domain for part in self.transforms],
                                                   self.dim, self.lengths))
    codomain = property(lambda self: constraints.cat([part.codomain for part in self.transforms],
                                                     self.dim, self.lengths))

    def _cut(self, x):
        return _core.split_with_sizes(x, self.lengths, self.dim)

    def log_abs_det_jacobian(self, x, y):
        parts = [sum_rightmost(one.log_abs_det_jacobian(a, b),
                               self.event_dim - one.domain.event_dim)
                 for one, a, b in zip(self.transforms, self._cut(x), self._cut(y))]
        dim = (self.dim if self.dim < 0 else self.dim - x.dim()) + self.event_dim
        return _core.cat(parts, dim) if dim < 0 else sum(parts)


class StackTransform(_Joined):
    """Transforms of the slices along `dim`."""

    _join = staticmethod(_core.stack)

    domain = property(lambda self: constraints.stack([part.domain for part in self.transforms],
                                                     self.dim))
    codomain = property(lambda self: constraints.stack([part.codomain for part in self.transforms],
                                                       self.dim))

    def _cut(self, x):
        return x.unbind(self.dim)

    def log_abs_det_jacobian(self, x, y):
        return _core.stack([one.log_abs_det_jacobian(a, b) for one, a, b in
                            zip(self.transforms, self._cut(x), self._cut(y))], self.dim)


identity_transform = ComposeTransform([])
