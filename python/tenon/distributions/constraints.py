"""Regions in which parameters and samples lie: `constraint.check(value)` says of each element, or
event, whether it is inside."""

from .. import _core

__all__ = ["Constraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
           "greater_than", "greater_than_eq", "half_open_interval", "independent",
           "integer_interval", "interval", "is_dependent", "less_than", "lower_cholesky",
           "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot",
           "positive", "positive_definite", "positive_integer", "positive_semidefinite", "real",
           "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval"]

_TOLERANCE = 1e-6  # of sums that are 1 but for rounding


class Constraint:
    """A region. `event_dim` dims of a value make one event; `is_discrete`: of whole numbers."""

    is_discrete = False
    event_dim = 0

    def check(self, value):
        """Of each event, whether it is inside."""
        raise NotImplementedError(f"{type(self).__name__} has no check")

    def __repr__(self):
        return f"{type(self).__name__.lstrip('_')}()"


class _Dependent(Constraint):
    """A region that depends on other parameters; a property of the distribution says which."""

    def __init__(self, *, is_discrete=False, event_dim=0):
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, *, is_discrete=None, event_dim=None):
        return _Dependent(is_discrete=self.is_discrete if is_discrete is None else is_discrete,
                          event_dim=self.event_dim if event_dim is None else event_dim)

    def check(self, value):
        raise _core.ValueError("[constraints] a dependent constraint is known of an instance only")


class dependent_property(property, _Dependent):
    """Stands before a method that makes a constraint of the distribution's parameters."""

    def __init__(self, function=None, *, is_discrete=False, event_dim=0):
        super().__init__(function)
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, function):
        return dependent_property(function, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint):
    """Whether only an instance knows the region."""
    return isinstance(constraint, _Dependent)


class independent(Constraint):
    """Another constraint, of which the last `reinterpreted_batch_ndims` batch dims belong to the
    event."""

    def __init__(self, base_constraint, reinterpreted_batch_ndims):
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value):
        result = self.base_constraint.check(value)
        if result.dim() < self.reinterpreted_batch_ndims:
            raise _core.ValueError(f"[constraints] expected at least {self.event_dim} dims, got "
                                   f"{value.dim()}")
        count = self.reinterpreted_batch_ndims
        return result.flatten(result.dim() - count).all(-1) if count else result

    def __repr__(self):
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class _Joined(Constraint):
    """Constraints, each of its part of a tensor along `dim`."""

    def __init__(self, cseq, dim=0):
        self.cseq, self.dim = list(cseq), dim

    is_discrete = property(lambda self: any(one.is_discrete for one in self.cseq))


class cat(_Joined):
    """Constraints of parts of these lengths (1 unless given) along `dim`, one after the other."""

    event_dim = property(lambda self: max(one.event_dim for one in self.cseq))

    def __init__(self, cseq, dim=0, lengths=None):
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)

    def check(self, value):
        parts = _core.split_with_sizes(value, self.lengths, self.dim)
        return _core.cat([one.check(part) for one, part in zip(self.cseq, parts)], self.dim)


class stack(_Joined):
    """Constraints of the slices along `dim`."""

    @property
    def event_dim(self):
        dims = max(one.event_dim for one in self.cseq)
        return dims + 1 if self.dim + dims < 0 else dims

    def check(self, value):
        return _core.stack([one.check(part) for one, part in
                            zip(self.cseq, value.unbind(self.dim))], self.dim)


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value):
        return (value == 0) | (value == 1)


class _Real(Constraint):
    def check(self, value):
        return value == value  # not NaN


class _Bounded(Constraint):
    """Numbers of which `_inside` says whether they are inside the bounds."""

    _names = ()

    def __init__(self, *bounds, **named):
        values = dict(zip(self._names, bounds), **named)
        if set(values) != set(self._names):
            raise TypeError(f"{type(self).__name__}() takes {', '.join(self._names)}")
        self.__dict__.update(values)

    def check(self, value):
        return self._inside(value, *(self.__dict__[name] for name in self._names))

    def __repr__(self):
        bounds = ", ".join(f"{name}={self.__dict__[name]}" for name in self._names)
        return f"{type(self).__name__.lstrip('_')}({bounds})"


class _GreaterThan(_Bounded):
    _names = ("lower_bound",)
    _inside = staticmethod(lambda value, low: value > low)


class _GreaterThanEq(_Bounded):
    _names = ("lower_bound",)
    _inside = staticmethod(lambda value, low: value >= low)


class _LessThan(_Bounded):
    _names = ("upper_bound",)
    _inside = staticmethod(lambda value, high: value < high)


class _Interval(_Bounded):
    _names = ("lower_bound", "upper_bound")
    _inside = staticmethod(lambda value, low, high: (value >= low) & (value <= high))


class _HalfOpenInterval(_Interval):
    _inside = staticmethod(lambda value, low, high: (value >= low) & (value < high))


class _IntegerInterval(_Interval):
    is_discrete = True
    _inside = staticmethod(
        lambda value, low, high: (value % 1 == 0) & (value >= low) & (value <= high))


class _IntegerGreaterThanEq(_GreaterThanEq):
    is_discrete = True
    _inside = staticmethod(lambda value, low: (value % 1 == 0) & (value >= low))


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value):
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < _TOLERANCE)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value):
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Multinomial(_Bounded):
    is_discrete = True
    event_dim = 1
    _names = ("upper_bound",)
    _inside = staticmethod(
        lambda value, high: (value >= 0).all(-1) & (value.sum(-1) <= high))


class _Matrix(Constraint):
    event_dim = 2


class _Square(_Matrix):
    def check(self, value):
        is_square = value.shape[-2] == value.shape[-1]
        return _core.full(value.shape[:-2], is_square, dtype=_core.bool)


class _LowerTriangular(_Matrix):
    def check(self, value):
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value):
        return super().check(value) & (value.diagonal(0, -2, -1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    def check(self, value):
        norms = (value * value).sum(-1).sqrt()
        return super().check(value) & ((norms - 1).abs() < 1e-4).all(-1)


class _Symmetric(_Square):
    def check(self, value):
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return _core.isclose(value, value.mT, 1e-5, 1e-6).flatten(-2).all(-1)


class _PositiveSemidefinite(_Symmetric):
    def check(self, value):
        symmetric = super().check(value)
        if not bool(symmetric.all()):
            return symmetric
        return (_core.linalg_eigvalsh(value) >= 0).all(-1)


class _PositiveDefinite(_Symmetric):
    def check(self, value):
        symmetric = super().check(value)
        if not bool(symmetric.all()):
            return symmetric
        return (_core.linalg_eigvalsh(value) > 0).all(-1)


dependent = _Dependent()
boolean = _Boolean()
nonnegative_integer = _IntegerGreaterThanEq(0)
positive_integer = _IntegerGreaterThanEq(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than, greater_than_eq, less_than = _GreaterThan, _GreaterThanEq, _LessThan
unit_interval = _Interval(0.0, 1.0)
interval, half_open_interval = _Interval, _HalfOpenInterval
simplex, one_hot, multinomial = _Simplex(), _OneHot(), _Multinomial
lower_triangular, lower_cholesky = _LowerTriangular(), _LowerCholesky()
corr_cholesky, square, symmetric = _CorrCholesky(), _Square(), _Symmetric()
positive_semidefinite, positive_definite = _PositiveSemidefinite(), _PositiveDefinite()
